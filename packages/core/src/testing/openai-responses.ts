import type { Conversation } from '../conversation/conversation.ts';
import type { ReplyEvent } from '../conversation/event.ts';
import type { Notice } from '../conversation/notice.ts';
import type { Part } from '../conversation/message.ts';
import { replay } from '../conversation/replay.ts';
import type { Candidate, Reply } from '../conversation/reply.ts';
import { isObject, type JsonObject } from '../json.ts';
import type { ModelFacts } from '../models/model-facts.ts';
import type { EncodeReplyContext } from '../dialects/dialect.ts';
import { openaiResponses } from '../dialects/openai-responses/index.ts';

/** The dialect's functions with everything filled in that a test does not care about. */

export function decode(body: JsonObject): Conversation {
  const glance = { model: 'gpt-5.5', streaming: body.stream === true };
  return openaiResponses.decodeRequest({ model: 'gpt-5.5', ...body }, { glance, headers: {}, report: () => undefined });
}

export function conversation(members: Partial<Conversation>): Conversation {
  return {
    model: 'gpt-5.5',
    streaming: false,
    messages: [{ role: 'user', parts: [{ type: 'text', text: 'Hi' }] }],
    tools: [],
    sampling: {},
    ...members,
  };
}

export function encode(
  members: Partial<Conversation>,
  facts: ModelFacts = {},
): { body: JsonObject; notices: Notice[] } {
  const notices: Notice[] = [];
  const { body } = openaiResponses.encodeRequest(conversation(members), {
    facts,
    signer: 'openai-responses',
    report: (notice) => void notices.push(notice),
  });
  return { body, notices };
}

export function input(members: Partial<Conversation>, facts?: ModelFacts): readonly JsonObject[] {
  const { body } = encode(members, facts);
  return Array.isArray(body.input) ? body.input.filter(isObject) : [];
}

export const reading = { facts: {}, signer: 'openai-responses', turn: 1 };

export function writing(request?: JsonObject): EncodeReplyContext {
  let count = 0;
  return {
    model: 'asked-model',
    created: 1_760_000_000,
    newId: (prefix) => `${prefix}${(count += 1)}`,
    report: () => undefined,
    ...(request && { request }),
  };
}

export function reply(parts: readonly Part[], candidate: Partial<Candidate> = {}, members: Partial<Reply> = {}): Reply {
  return {
    id: 'msg_foreign',
    model: 'up',
    candidates: [{ parts, finish: { reason: 'stop' }, ...candidate }],
    ...members,
  };
}

/** The events on the wire of these hub events. */
export function stream(events: readonly ReplyEvent[], request?: JsonObject): readonly JsonObject[] {
  const encoder = openaiResponses.encodeStream(writing(request));
  return events
    .flatMap((event) => encoder.push(event))
    .map(({ data, event }) => {
      const wire: unknown = JSON.parse(data);
      if (!isObject(wire) || wire.type !== event) throw new Error(`${event} is not what its data says: ${data}`);
      return wire;
    });
}

export function streamOf(whole: Reply, request?: JsonObject): readonly JsonObject[] {
  return stream(replay(whole), request);
}

/** The hub events of these events on the wire. */
export function read(events: readonly JsonObject[], facts: ModelFacts = {}): readonly ReplyEvent[] {
  const decoder = openaiResponses.decodeStream({ ...reading, facts });
  return [...events.flatMap((event) => decoder.push({ data: JSON.stringify(event) })), ...decoder.end()];
}

export const user = (content: JsonObject | string): JsonObject => ({
  type: 'message',
  role: 'user',
  content: typeof content === 'string' ? content : [content],
});
