import type { Frame } from '../../bytes/framing.ts';
import type { ReplyEvent } from '../../conversation/event.ts';
import { Failure } from '../../conversation/failure.ts';
import { isArray, isObject, tryParseJson } from '../../json.ts';
import type { DecodeReplyContext, StreamDecoder } from '../dialect.ts';
import { decodeError } from './errors.ts';
import { members } from './members.ts';
import { replyReader } from './reply-reader.ts';

/** Reads streamGenerateContent, however it was framed. */
export function decodeStream(context: DecodeReplyContext): StreamDecoder {
  const reader = replyReader(context, { grounded: asksForSearch(context), whole: false });
  let over = false;

  function guarded(read: () => readonly ReplyEvent[]): readonly ReplyEvent[] {
    if (over) return [];
    try {
      return read();
    } catch (error) {
      over = true;
      return [{ type: 'failure', failure: asUpstreamFailure(error) }];
    }
  }

  function readFrame({ data }: Frame): readonly ReplyEvent[] {
    // Some gateways put the mark of another dialect behind the stream (X2).
    if (data === '' || data === '[DONE]') return [];
    const parsed = tryParseJson(data);
    const body = isArray(parsed) && parsed.length === 1 ? parsed[0] : parsed;
    if (!isObject(body)) throw new Failure('bad-upstream', 'The stream holds something that is not a JSON object.');
    const { error } = body;
    if (error === undefined || error === null) return reader.chunk(body);
    over = true;
    return [{ type: 'failure', failure: decodeError(errorStatus(error), body, {}) }];
  }

  return {
    push: (frame) => guarded(() => readFrame(frame)),
    end: () =>
      guarded(() => {
        const events = reader.end();
        over = true;
        return events;
      }),
  };
}

/** Text is kept open for citations when a tool that brings some was asked for; code execution, say, brings none. */
function asksForSearch({ conversation }: DecodeReplyContext): boolean {
  const searches = conversation?.tools.some((tool) => {
    if (tool.type === 'native') return Object.keys(tool.value).some((name) => searchTools.has(name));
    return tool.type === 'web-search';
  });
  return searches ?? false;
}

const searchTools = members('googleSearchRetrieval', 'enterpriseWebSearch', 'googleMaps', 'fileSearch', 'retrieval');

function errorStatus(error: unknown): number {
  const code = isObject(error) ? error['code'] : undefined;
  return typeof code === 'number' && code >= 400 && code <= 599 ? code : 500;
}

/** What an upstream wrote is no fault of the caller's. */
export function asUpstreamFailure(error: unknown): Failure {
  if (error instanceof Failure && error.kind !== 'bad-request') return error;
  const message = error instanceof Error ? error.message : 'The reply is not of this dialect.';
  return new Failure('bad-upstream', message, { cause: error });
}
