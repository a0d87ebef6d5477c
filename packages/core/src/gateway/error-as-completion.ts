import type { Failure } from '../conversation/failure.ts';
import { replay } from '../conversation/replay.ts';
import type { Reply } from '../conversation/reply.ts';
import type { Usage } from '../conversation/usage.ts';
import type { EncodeReplyContext, ReplyForm } from '../dialects/dialect.ts';
import { callersFraming } from '../translate/callers-framing.ts';
import { concluding } from '../translate/conclude.ts';
import { parseBody } from '../translate/decode.ts';
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
  const form = inbound && completionForm(gateway.options, inbound);
  if (!form || page !== undefined) return refusal;
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
    body: (glance.streaming ? streamed : whole)(
      gateway,
      inbound,
      form,
      replyOf(inbound, failure, refusal.status, usage),
    ),
  };
}

/** How an error is said as a reply, where that is wanted: only a model's reply can hold a text for people. */
export function completionForm(
  { errorsAsCompletions }: GatewayOptions,
  { dialect, knock }: Pick<Inbound, 'dialect' | 'knock'>,
): ReplyForm | undefined {
  if (errorsAsCompletions !== true) return undefined;
  return knock.door.operation === 'generate' ? dialect : knock.door.relay?.reply;
}

/** The same within a stream whose headers have gone already. */
export function streamedCompletion(gateway: Running, inbound: Inbound, form: ReplyForm, failure: Failure): string {
  return streamed(gateway, inbound, form, replyOf(inbound, failure, failure.status, nothingUsed));
}

/** A reply in the middle of which something may fail: where that is wanted, it ends as one that says so. */
export function endingInWords(gateway: Running, inbound: Inbound, translator: StreamTranslator): StreamTranslator {
  const form = completionForm(gateway.options, inbound);
  if (!form) return translator;
  return concluding(translator, inbound, {
    form,
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

function whole(gateway: Running, inbound: Inbound, form: ReplyForm, reply: Reply): string {
  return JSON.stringify(form.encodeReply(reply, contextOf(gateway, inbound)));
}

function streamed(gateway: Running, inbound: Inbound, form: ReplyForm, reply: Reply): string {
  const writer = callersFraming(inbound).writer();
  const encoder = form.encodeStream(contextOf(gateway, inbound));
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
    if (inbound.knock.door.relay) return { request: parseBody(inbound.body) };
    const { wire, conversation } = inbound.decoded();
    return { request: wire, conversation };
  } catch {
    return {};
  }
}
