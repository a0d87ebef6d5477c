import { Failure } from '../conversation/failure.ts';
import type { JsonObject } from '../json.ts';
import { estimatePromptTokens } from '../limits/estimate.ts';
import { accommodate } from '../translate/accommodate/accommodate.ts';
import { parseReply } from '../translate/parse-reply.ts';
import { wrapObject } from '../translate/envelope.ts';
import { relayedRequest } from '../translate/relay.ts';
import type { Inbound, Translation } from '../translate/translation.ts';
import type { AttemptRecord } from '../ports.ts';
import { failureOf } from '../translate/upstream-failure.ts';
import type { HttpAnswer, HttpRequest } from './http.ts';
import { readAll } from './read-all.ts';
import type { Plan } from './plan.ts';
import type { Target } from './prospect.ts';
import type { Running } from './running.ts';
import { messageOf, send } from './send.ts';
import { recordOf } from './try-targets.ts';

const maxCountBytes = 1024 * 1024;

/**
 * How many tokens a prompt has: asked of the upstream where its dialect can count, else a deliberate over-estimate, which
 * makes an agent compact its history too early rather than never (N1). Never runs the model. Whoever is asked joins `attempts`.
 */
export async function countTokens(
  gateway: Running,
  plan: Plan,
  inbound: Inbound,
  request: HttpRequest,
  attempts: AttemptRecord[],
): Promise<HttpAnswer> {
  const { counting } = inbound.dialect;
  if (!counting) throw new Failure('not-found', 'This dialect has no operation that counts tokens.');
  for (const target of plan.targets) {
    if (!countingAt(target)) continue;
    const startedAt = gateway.ports.clock.now();
    const counted = await askUpstream(gateway, target, inbound, request);
    const record = recordOf(target, counted.status, startedAt, gateway.ports.clock.now() - startedAt);
    if ('tokens' in counted) {
      attempts.push(record);
      return answer(counting.encodeReply(counted.tokens), false);
    }
    const { failure } = counted;
    attempts.push({ ...record, failure: failure.kind, message: failure.message });
    // A vendor that imitates a dialect without its counting answers 404: then we estimate.
    if (failure.kind !== 'not-found' && failure.kind !== 'method-not-allowed') throw failure;
  }
  return answer(counting.encodeReply(estimatePromptTokens(inbound.decoded().conversation)), true);
}

async function askUpstream(
  gateway: Running,
  target: Target,
  inbound: Inbound,
  request: HttpRequest,
): Promise<
  { readonly tokens: number; readonly status: number } | { readonly failure: Failure; readonly status: number }
> {
  const message = messageOf(target, inbound, translationOf(target, inbound), 'count-tokens');
  const sent = await send(gateway, target, message, request.signal);
  if ('failure' in sent) return sent;
  const { status, body } = sent.response;
  try {
    const tooLarge = () => new Failure('bad-upstream', 'The count is too large.');
    const tokens = countingAt(target)?.decodeReply(parseReply(await readAll(body, maxCountBytes, tooLarge)));
    return tokens === undefined ? { failure: new Failure('not-found', 'No count.'), status } : { tokens, status };
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    return { failure: thrown, status };
  }
}

function translationOf(target: Target, inbound: Inbound): Translation {
  const unused = () => {
    throw new Error('A count has no reply to translate.');
  };
  const failure = (status: number, body: Uint8Array, headers: Readonly<Record<string, string>>) =>
    failureOf(target, status, body, headers);
  const rest = { notices: [], whole: unused, stream: unused, failure };
  if (target.dialect === inbound.dialect && !target.binding?.counting)
    return { way: 'relay', ...relayedRequest(inbound, target, 'count-tokens'), ...rest };
  const report = () => undefined; // a count carries nothing out, so nothing can be lost on the way
  const asked = { ...inbound.decoded().conversation, model: target.model };
  const { conversation } = accommodate(asked, target.dialect.limits, target.facts, report);
  const { facts, signer } = target;
  const { body = {}, headers = {} } = countingAt(target)?.encodeRequest(conversation, { facts, signer, report }) ?? {};
  const wrapped = wrapObject(target.binding?.envelopes?.['count-tokens'], body, headers);
  return {
    way: 'convert',
    body: JSON.stringify(wrapped.body),
    headers: { 'content-type': 'application/json', ...wrapped.headers },
    ...rest,
  };
}

/** How this target counts, if it can. */
function countingAt({ dialect, binding }: Target) {
  return binding?.counting ?? dialect.counting;
}

function answer(body: JsonObject, estimated: boolean): HttpAnswer {
  return {
    status: 200,
    headers: { 'content-type': 'application/json', ...(estimated && { 'x-proxy-token-count': 'estimate' }) },
    body: JSON.stringify(body),
  };
}
