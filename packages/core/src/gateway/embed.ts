import { Failure } from '../conversation/failure.ts';
import type { Notice } from '../conversation/notice.ts';
import type { RelayDoor } from '../dialects/dialect.ts';
import type { EmbeddingInput } from '../embeddings/embedding.ts';
import type { EmbeddingCaller, EmbeddingForm } from '../embeddings/form.ts';
import * as callers from '../embeddings/registry.ts';
import { translateEmbeddings, type EmbeddingAnswer } from '../embeddings/translate.ts';
import type { JsonObject } from '../json.ts';
import { estimateTextTokens } from '../limits/estimate-text.ts';
import { parseBody } from '../translate/decode.ts';
import { convertedReplyHeaders } from '../translate/headers.ts';
import { parseReply } from '../translate/parse-reply.ts';
import { asFailure, failureOf } from '../translate/upstream-failure.ts';
import { toAbortSignal, type CancelSignal } from '../ports.ts';
import type { HttpRequest } from './http.ts';
import type { Incoming } from './incoming.ts';
import { readAll } from './read-all.ts';
import { refuseLosses } from './refuse-losses.ts';
import { askRelayed, redirected } from './relay-operation.ts';
import { relays } from './route-relayed.ts';
import type { Plan } from './plan.ts';
import type { Target } from './prospect.ts';
import type { Running } from './running.ts';
import { send, type Message } from './send.ts';
import { tryTargets, type Outcome, type Tried } from './try-targets.ts';

/** A split request is asked in so many calls at once: Titan takes one text a call, and a caller may bring 2048. */
const maxCallsAtOnce = 8;
/** A hundred vectors of 3072 numbers take 6 MB as JSON. */
const maxReplyBytes = 256 * 1024 * 1024;

/** Embeddings: relayed to a place that speaks the caller's dialect, translated for any other. Never throws. */
export async function embed(
  gateway: Running,
  plan: Plan,
  inbound: Incoming,
  door: RelayDoor,
  request: HttpRequest,
  strict: boolean,
): Promise<Outcome> {
  const { signal } = request;
  let notices: readonly Notice[] = [];
  let way: 'relay' | 'convert' = 'relay';
  const outcome = await tryTargets(gateway, plan, {
    signal,
    ask(target) {
      notices = [];
      way = relays(target.upstream, inbound.dialect, door) ? 'relay' : 'convert';
      if (way === 'relay') return askRelayed(gateway, target, inbound, door, signal);
      return askTranslated(gateway, target, inbound, door, signal, (told) => {
        notices = told;
        if (strict) refuseLosses(told, target);
      });
    },
  });
  return { ...outcome, notices: inbound.notices ? [...inbound.notices, ...notices] : notices, way };
}

async function askTranslated(
  gateway: Running,
  target: Target,
  inbound: Incoming,
  { path }: RelayDoor,
  signal: CancelSignal,
  /** Hears of the notices before anything is sent; they may grow after. */
  tell: (notices: readonly Notice[]) => void,
): Promise<Tried> {
  const { form, caller } = formsOf(target, inbound);
  const destination = { form, model: target.model };
  const settings = { path, model: inbound.glance.model, estimate: estimateInput };
  const translation = translateEmbeddings(caller, parseBody(inbound.body), destination, settings);
  tell(translation.notices);
  const asked = await askAll(translation.bodies, signal, (body, either) =>
    askOnce(gateway, target, form, body, either),
  );
  const { answers, failed } = asked;
  if (failed) {
    const inputTokens = translation.spent(answers);
    return { ...failed, ...(inputTokens > 0 && { usage: { inputTokens } }) };
  }
  try {
    const { body, inputTokens, estimated } = translation.whole(answers);
    const headers = {
      ...convertedReplyHeaders(answers[0]?.headers ?? {}),
      'content-type': 'application/json',
      ...(estimated && { 'x-proxy-token-count': 'estimate' }),
    };
    return { answer: { status: 200, headers, body: JSON.stringify(body) }, usage: { inputTokens } };
  } catch (thrown) {
    const failure = asFailure(thrown);
    return { failure, status: failure.status };
  }
}

function formsOf(
  { upstream, model }: Target,
  { dialect }: Incoming,
): { readonly form: EmbeddingForm; readonly caller: EmbeddingCaller } {
  const form = upstream.provider.embeddings?.formOf(model);
  const caller = callerOf(dialect.name);
  if (form && caller) return { form, caller };
  // A pattern led to a name that only the credential completes: a deployment, a profile.
  throw new Failure('bad-request', `"${model}" of ${upstream.name} is no model that is known to make embeddings.`, {
    field: 'model',
  });
}

function callerOf(dialect: string): EmbeddingCaller | undefined {
  return Object.values(callers).find((caller) => caller.dialect === dialect);
}

type Failed = Extract<Tried, { readonly failure: Failure }>;
type Answered = { readonly answer: EmbeddingAnswer };

/** All of them, a few at a time, in their order; the first that fails ends the others, and leaves holes. */
async function askAll(
  bodies: readonly JsonObject[],
  signal: CancelSignal,
  ask: (body: JsonObject, signal: CancelSignal) => Promise<Answered | Failed>,
): Promise<{ readonly answers: readonly EmbeddingAnswer[]; readonly failed?: Failed }> {
  const enough = new AbortController();
  const either = bodies.length > 1 ? AbortSignal.any([toAbortSignal(signal), enough.signal]) : signal;
  const answers: EmbeddingAnswer[] = [];
  let failed: Failed | undefined;
  let next = 0;
  const worker = async () => {
    while (!failed && next < bodies.length) {
      const place = next++;
      const asked = await ask(bodies[place] ?? {}, either);
      if ('answer' in asked) answers[place] = asked.answer;
      else {
        failed ??= asked;
        enough.abort();
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(maxCallsAtOnce, bodies.length) }, worker));
  return { answers, ...(failed && { failed }) };
}

async function askOnce(
  gateway: Running,
  target: Target,
  form: EmbeddingForm,
  body: JsonObject,
  signal: CancelSignal,
): Promise<Answered | Failed> {
  const sent = await send(gateway, target, messageOf(target, form, body), signal);
  if ('failure' in sent) return sent;
  const { status, headers, body: source } = sent.response;
  if (status >= 300) return redirected(status);
  try {
    const tooLarge = () => new Failure('bad-upstream', 'The reply is too large.');
    return { answer: { body: parseReply(await readAll(source, maxReplyBytes, tooLarge)), headers } };
  } catch (thrown) {
    const failure = asFailure(thrown);
    return { failure, status: failure.status };
  }
}

function messageOf(target: Target, form: EmbeddingForm, body: JsonObject): Message {
  const { upstream, model, settings } = target;
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(body),
    url(baseUrl) {
      const { embeddings } = upstream.provider;
      if (!embeddings) throw new Error('The route led to an upstream that makes no embeddings.');
      return embeddings.endpoint({ form, model, baseUrl, settings });
    },
    failure: (...refusal) => failureOf(target, ...refusal),
  };
}

function estimateInput({ content }: EmbeddingInput): number {
  return typeof content === 'string' ? Math.ceil(estimateTextTokens(content)) : content.length;
}
