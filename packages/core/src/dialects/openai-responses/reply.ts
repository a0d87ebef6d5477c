import type { ReplyEvent } from '../../conversation/event.ts';
import { Failure } from '../../conversation/failure.ts';
import type { Extras, Part } from '../../conversation/message.ts';
import { replay } from '../../conversation/replay.ts';
import type { Reply } from '../../conversation/reply.ts';
import { isArray, isObject, number, text, tryParseJson, type JsonObject } from '../../json.ts';
import type { DecodeReplyContext, EncodeReplyContext } from '../dialect.ts';
import { decodeItem, type ItemContext } from './decode-item.ts';
import { ResponseWriter } from './encode-stream.ts';
import { failureOfResponse } from './errors.ts';
import { decodeUsage, finishOf, otherMembers, ownExtras } from './vocabulary.ts';

/** Reads a whole response. @throws Failure when it failed, or is not a response. */
export function decodeReply(body: JsonObject, context: DecodeReplyContext): Reply {
  if (isObject(body.error) || body.status === 'failed' || body.status === 'cancelled') throw failureOfResponse(body);
  if (!isArray(body.output))
    throw new Failure(
      'bad-upstream',
      'The upstream answered with something that is not a response: it has no "output".',
    );
  if (body.status === 'queued' || body.status === 'in_progress')
    throw new Failure('bad-upstream', `The upstream answered with a response that is still ${body.status}.`);
  const items = replyItems(context);
  const parts = body.output.flatMap((item) => (isObject(item) ? decodeItem(item, items).parts : []));
  const usage = decodeUsage(body);
  return {
    ...headOf(body),
    candidates: [{ parts, finish: finishOf(body, seenIn(parts)), ...responseExtras(body) }],
    ...(usage && { usage }),
  };
}

/** For the items of one reply. Every seal is the upstream's own, whatever it looks like. */
export function replyItems(context: DecodeReplyContext): ItemContext {
  let calls = 0;
  return {
    readSeal: (field) => ({ seal: { issuer: context.signer, value: field } }),
    newCallId: () => `call_${context.turn}_${calls++}`,
  };
}

export function headOf(response: JsonObject): { id: string; model: string; created?: number } {
  const created = number(response.created_at);
  return {
    id: text(response.id) ?? '',
    model: text(response.model) ?? '',
    ...(created !== undefined && { created }),
  };
}

function seenIn(parts: readonly Part[]): { readonly calls: boolean; readonly refusal: boolean } {
  return {
    calls: parts.some((part) => part.type === 'tool-call'),
    refusal: parts.some((part) => part.type === 'refusal'),
  };
}

/** What the response tells of itself, and not of the request it repeats. */
const told = new Set(['service_tier', 'moderation', 'prompt_cache_diagnostics']);

export function responseExtras(response: JsonObject): { extras?: Extras } {
  const kept = Object.fromEntries(Object.entries(response).filter(([name]) => told.has(name)));
  return ownExtras(otherMembers(kept, new Set()));
}

/** The whole reply is what its stream would have ended with. */
export function encodeReply(reply: Reply, context: EncodeReplyContext): JsonObject {
  const writer = new ResponseWriter(context);
  for (const event of eventsOf(reply)) writer.push(event);
  return writer.response();
}

/** The events that a stream of this reply would have had. */
export function eventsOf(reply: Reply): readonly ReplyEvent[] {
  return replay(reply).map((event) => markTruncated(event, reply));
}

/** A whole reply does not say which call its limit cut, but broken arguments at the end of it do (R6). */
function markTruncated(event: ReplyEvent, reply: Reply): ReplyEvent {
  const [candidate] = reply.candidates;
  if (event.type !== 'tool-call-end' || candidate?.finish.reason !== 'length') return event;
  const part = candidate.parts[event.part];
  const broken = part?.type === 'tool-call' && part.kind === 'function' && tryParseJson(part.arguments) === undefined;
  return broken ? { ...event, truncated: true } : event;
}
