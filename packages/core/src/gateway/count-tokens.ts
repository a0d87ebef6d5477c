import { Failure } from '../conversation/failure.ts';
import type { JsonObject } from '../json.ts';
import { estimatePromptTokens } from '../limits/estimate.ts';
import { accommodate } from '../translate/accommodate/accommodate.ts';
import { parseReply } from '../translate/parse-reply.ts';
import { wrapObject } from '../translate/envelope.ts';
import { relayedRequest } from '../translate/relay.ts';
import type { Inbound, Translation } from '../translate/translation.ts';
import { failureOf } from '../translate/upstream-failure.ts';
import type { HttpAnswer, HttpRequest } from './http.ts';
import { readAll } from './read-all.ts';
import type { Plan } from './plan.ts';
import type { Target } from './prospect.ts';
import type { Running } from './running.ts';
import { messageOf, send } from './send.ts';

const maxCountBytes = 1024 * 1024;

/**
 * How many tokens a prompt has: asked of the upstream where its dialect can count, else a deliberate over-estimate, which
 * makes an agent compact its history too early rather than never (N1). Never runs the model.
 */
export async function countTokens(
  gateway: Running,
  plan: Plan,
  inbound: Inbound,
  request: HttpRequest,
): Promise<HttpAnswer> {
  const { counting } = inbound.dialect;
  if (!counting) throw new Failure('not-found', 'This dialect has no operation that counts tokens.');
  for (const target of plan.targets) {
    if (!countingAt(target)) continue;
    const counted = await askUpstream(gateway, target, inbound, request);
    if ('tokens' in counted) return answer(counting.encodeReply(counted.tokens), false);
    const { failure } = counted;
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
): Promise<{ readonly tokens: number } | { readonly failure: Failure }> {
  const message = messageOf(target, inbound, translationOf(target, inbound), 'count-tokens');
  const sent = await send(gateway, target, message, request.signal);
  if ('failure' in sent) return sent;
  const body = await readAll(
    sent.response.body,
    maxCountBytes,
    () => new Failure('bad-upstream', 'The count is too large.'),
  );
  const tokens = countingAt(target)?.decodeReply(parseReply(body));
  return tokens === undefined ? { failure: new Failure('not-found', 'No count.') } : { tokens };
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
