import type { Failure } from '../conversation/failure.ts';
import { replay } from '../conversation/replay.ts';
import type { Reply } from '../conversation/reply.ts';
import type { Usage } from '../conversation/usage.ts';
import type { EncodeReplyContext } from '../dialects/dialect.ts';
import { callersFraming } from '../translate/callers-framing.ts';
import { concluding } from '../translate/conclude.ts';
import type { Inbound, StreamTranslator } from '../translate/translation.ts';
import { withoutVendorIds } from '../translate/vendor-ids.ts';
import type { GatewayOptions } from './gateway.ts';
import type { HttpAnswer } from './http.ts';
import type { Running } from './running.ts';

/**
 * The refusal as a reply that says so, under a status of 200, where that is wanted: for clients that show replies alone (row F16).
 * Two headers tell programs the truth. `inbound` is absent where nobody knows yet what form a reply should have.
 */
export function asCompletion(
  gateway: Running,
  inbound: Inbound | undefined,
  failure: Failure,
  refusal: HttpAnswer,
  usage: Usage = nothingUsed,
): HttpAnswer {
  const { page } = failure.details;
  if (!inbound || !showsErrorsAsCompletions(gateway.options, inbound) || page !== undefined) return refusal;
  const { glance } = inbound;
  const { contentType } = glance.streaming ? callersFraming(inbound) : { contentType: 'application/json' };
  return {
    status: 200,
    headers: {
      ...refusal.headers,
      'content-type': contentType,
      ...(glance.streaming && { 'cache-control': 'no-cache' }),
      'x-oai-proxy-error': failure.kind,
      'x-oai-proxy-error-status': String(refusal.status),
    },
    body: (glance.streaming ? streamed : whole)(gateway, inbound, replyOf(inbound, failure, refusal.status, usage)),
  };
}

/** Only a model's reply can hold a text for people. */
export function showsErrorsAsCompletions(
  { errorsAsCompletions }: GatewayOptions,
  { knock }: Pick<Inbound, 'knock'>,
): boolean {
  return errorsAsCompletions === true && knock.door.operation === 'generate';
}

/** The same within a stream whose headers have gone already. */
export function streamedCompletion(gateway: Running, inbound: Inbound, failure: Failure): string {
  return streamed(gateway, inbound, replyOf(inbound, failure, failure.status, nothingUsed));
}

/** A reply in the middle of which something may fail: where that is wanted, it ends as one that says so. */
export function endingInWords(gateway: Running, inbound: Inbound, translator: StreamTranslator): StreamTranslator {
  if (!showsErrorsAsCompletions(gateway.options, inbound)) return translator;
  return concluding(translator, inbound, {
    text: (failure) => textOf(failure, failure.status),
    reply: (failure, usage = nothingUsed) => replyOf(inbound, failure, failure.status, usage),
    context: () => contextOf(gateway, inbound),
  });
}

const nothingUsed: Usage = { inputTokens: 0, outputTokens: 0 };

function textOf({ kind, message, details }: Failure, status: number): string {
  return `${details.told ? 'Upstream' : 'Proxy'} error ${status} (${kind}): ${withoutVendorIds(message)}`;
}

function replyOf({ glance }: Inbound, failure: Failure, status: number, usage: Usage): Reply {
  const text = textOf(failure, status);
  return {
    id: '',
    model: glance.model,
    candidates: [{ parts: [{ type: 'text', text }], finish: { reason: 'stop' } }],
    usage,
  };
}

function whole(gateway: Running, inbound: Inbound, reply: Reply): string {
  return JSON.stringify(inbound.dialect.encodeReply(reply, contextOf(gateway, inbound)));
}

function streamed(gateway: Running, inbound: Inbound, reply: Reply): string {
  const writer = callersFraming(inbound).writer();
  const encoder = inbound.dialect.encodeStream(contextOf(gateway, inbound));
  return writer.write(replay(reply).flatMap((event) => encoder.push(event))) + writer.end();
}

function contextOf({ ports, newId }: Running, inbound: Inbound): EncodeReplyContext {
  const decoded = decodedIf(inbound);
  return {
    model: inbound.glance.model,
    created: Math.floor(ports.clock.now() / 1000),
    newId,
    report: () => undefined, // of a text nothing can be lost
    ...decoded,
  };
}

/** A request that cannot be read may be what the failure is about. */
function decodedIf(inbound: Inbound): Pick<EncodeReplyContext, 'request' | 'conversation'> {
  try {
    const { wire, conversation } = inbound.decoded();
    return { request: wire, conversation };
  } catch {
    return {};
  }
}
