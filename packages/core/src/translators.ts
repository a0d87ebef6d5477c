import { topLevel } from './bytes/splice.ts';
import type { Notice } from './conversation/notice.ts';
import type { Dialect, HeaderMap } from './dialects/dialect.ts';
import type { JsonObject } from './json.ts';
import { factsOf } from './models/facts.ts';
import type { ModelFactsRow } from './models/model-facts.ts';
import { convert } from './translate/convert.ts';
import type { Inbound, StreamTranslator, Translation } from './translate/translation.ts';
import { parseReply } from './translate/parse-reply.ts';

export interface TranslateOptions {
  /** The dialect that the request is written in. */
  readonly from: Dialect;
  /** The dialect of the model that is to answer. */
  readonly to: Dialect;
  /** The name to send; absent: the request's own. Gemini requests name none, so there it is needed. */
  readonly model?: string;
  /** Absent: what the request says. Gemini requests do not say it. */
  readonly streaming?: boolean;
  /** The request's headers where they matter (anthropic-version, anthropic-beta). */
  readonly headers?: HeaderMap;
  /** Rows on top of the ones we ship. */
  readonly modelFacts?: readonly ModelFactsRow[];
  /** Seconds since 1970 for replies that must carry a time; absent: 0, so that the same input gives the same output. */
  readonly created?: number;
  /** Fresh ids for replies; absent: the prefix and a running number. */
  readonly newId?: (prefix: string) => string;
}

export interface TranslatedRequest {
  readonly body: JsonObject;
  /** Headers that the body depends on. */
  readonly headers: HeaderMap;
  /** What of the request could not be carried over as it was. */
  readonly notices: readonly Notice[];
  /** The whole reply to this very request, back in the caller's dialect. @throws Failure when it is an error or no reply. */
  reply(body: JsonObject): TranslatedReply;
  /** A streamed reply to this very request: bytes in, text out. */
  stream(): TranslatedStream;
}

export interface TranslatedReply {
  readonly body: JsonObject;
  /** What of the reply has no place in the caller's dialect: `reply.citations`. */
  readonly notices: readonly Notice[];
}

export interface TranslatedStream extends StreamTranslator {
  /** What of the reply had no place in the caller's dialect so far; all of it once the stream has ended. */
  readonly notices: readonly Notice[];
}

/**
 * A request of one dialect as a request of another, and the way back for its reply. No server, no network.
 * @throws Failure `bad-request` naming the field, when the request is not of its dialect.
 */
export function translateRequest(body: JsonObject, options: TranslateOptions): TranslatedRequest {
  const translation = translationOf(body, options);
  return {
    body: parseReply(new TextEncoder().encode(translation.body as string)), // convert always writes text
    headers: translation.headers,
    notices: [...translation.notices],
    reply: (reply) => wholeOf(translation, reply),
    stream: () => streamOf(translation),
  };
}

/** A reply in the dialect `to` as the answer to `request`, which is in the dialect `from`. @throws Failure */
export function translateReply(reply: JsonObject, request: JsonObject, options: TranslateOptions): TranslatedReply {
  return wholeOf(translationOf(request, options), reply);
}

/** A machine for one streamed reply in the dialect `to`, answering `request`, which is in the dialect `from`. @throws Failure */
export function translateStream(request: JsonObject, options: TranslateOptions): TranslatedStream {
  return streamOf(translationOf(request, { streaming: true, ...options }));
}

function wholeOf(translation: Translation, reply: JsonObject): TranslatedReply {
  const before = translation.notices.length;
  const { body } = translation.whole(new TextEncoder().encode(JSON.stringify(reply)), 'application/json');
  const written = JSON.parse(body as string) as JsonObject; // what encodeReply wrote is an object
  return { body: written, notices: translation.notices.slice(before) };
}

function streamOf(translation: Translation): TranslatedStream {
  const before = translation.notices.length;
  return {
    ...translation.stream('text/event-stream'),
    get notices() {
      return translation.notices.slice(before);
    },
  };
}

function translationOf(body: JsonObject, options: TranslateOptions): Translation {
  const { from, to, headers = {} } = options;
  const model = options.model ?? (typeof body.model === 'string' ? body.model : '');
  const streaming = options.streaming ?? body.stream === true;
  const notices: Notice[] = [];
  const report = (notice: Notice) => void notices.push(notice);
  const door = from.doors.find(
    ({ operation, streaming: said }) => operation === 'generate' && (said ?? streaming) === streaming,
  );
  if (!door) throw new Error(`The dialect ${from.name} has no door for replies.`);
  const glance = { model, streaming };
  const bytes = new TextEncoder().encode(JSON.stringify(body));
  const inbound: Inbound = {
    dialect: from,
    knock: { door, params: { model }, query: new URLSearchParams({ alt: 'sse' }), headers },
    glance,
    body: bytes,
    top: topLevel(bytes),
    decoded: () => ({ wire: body, conversation: from.decodeRequest(body, { glance, headers, report }), notices }),
  };
  const destination = { dialect: to, model, facts: factsOf(model, options.modelFacts), signer: to.name };
  return convert(inbound, destination, { created: options.created ?? 0, newId: options.newId ?? counter() });
}

function counter(): (prefix: string) => string {
  let count = 0;
  return (prefix) => `${prefix}${String((count += 1)).padStart(8, '0')}`;
}
