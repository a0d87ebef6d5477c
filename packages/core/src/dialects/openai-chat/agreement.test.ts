import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Part } from '../../conversation/message.ts';
import { replay } from '../../conversation/replay.ts';
import type { Reply } from '../../conversation/reply.ts';
import { isObject, list, object, type JsonObject } from '../../json.ts';
import { openaiChat } from './index.ts';

const text = fc.string({ unit: 'grapheme' });
const url = fc.record({ type: fc.constant('url' as const), url: fc.webUrl(), start: fc.nat(), end: fc.nat() });
const part: fc.Arbitrary<Part> = fc.oneof(
  fc.record({ type: fc.constant('text' as const), text }),
  fc.record({
    type: fc.constant('text' as const),
    text: fc.string({ minLength: 1 }),
    citations: fc.array(url, { minLength: 1, maxLength: 2 }),
  }),
  fc.record({ type: fc.constant('refusal' as const), text }),
  fc.record({ type: fc.constant('reasoning' as const), text }),
  fc.record({
    type: fc.constant('tool-call' as const),
    id: fc.uuid(),
    name: fc.stringMatching(/^[a-z_]{1,20}$/),
    kind: fc.constantFrom('function' as const, 'custom' as const),
    arguments: fc.json(),
  }),
  fc.record({
    type: fc.constant('server-tool-call' as const),
    id: fc.uuid(),
    name: fc.constant('web_search' as const),
    query: text,
  }),
);
const reply: fc.Arbitrary<Reply> = fc.record({
  id: fc.uuid(),
  model: fc.constant('up'),
  candidates: fc.array(
    fc.record({
      parts: fc.array(part, { maxLength: 6 }),
      finish: fc.record({ reason: fc.constantFrom('stop' as const, 'length' as const, 'refusal' as const) }),
    }),
    { minLength: 1, maxLength: 2 },
  ),
});
const writing = { model: 'asked', created: 1, newId: (prefix: string) => `${prefix}1`, report: () => undefined };

test('a client that adds up the chunks has the message of the whole reply', () => {
  fc.assert(
    fc.property(reply, (value) => {
      const encoder = openaiChat.encodeStream(writing);
      const chunks = replay(value)
        .flatMap((event) => encoder.push(event))
        .filter(({ data }) => data !== '[DONE]')
        .map(({ data }) => JSON.parse(data) as JsonObject);
      const whole = list(openaiChat.encodeReply(value, writing).choices).filter(isObject);
      expect(whole.map((choice) => addedUp(chunks, choice.index))).toEqual(whole.map(told));
    }),
    { numRuns: 500 },
  );
});

interface Told {
  readonly content: string;
  readonly refusal: string;
  readonly calls: readonly string[];
  readonly annotations: readonly unknown[];
  readonly finish: unknown;
}

function told(choice: JsonObject): Told {
  const message = object(choice.message) ?? {};
  const calls = list(message.tool_calls).filter(isObject);
  return {
    content: `${message.content ?? ''}`,
    refusal: `${message.refusal ?? ''}`,
    calls: calls.map((call) => `${call.id} ${call.type} ${nameOf(call)} ${inputOf(call)}`),
    annotations: list(message.annotations),
    finish: choice.finish_reason,
  };
}

/** What every client does: strings are added, calls are found by their index. */
function addedUp(chunks: readonly JsonObject[], index: unknown): Told {
  let content = '';
  let refusal = '';
  let finish: unknown;
  const calls: { head: string; input: string }[] = [];
  const annotations: unknown[] = [];
  for (const choice of chunks.flatMap((chunk) => list(chunk.choices)).filter(isObject)) {
    if (choice.index !== index) continue;
    const delta = object(choice.delta) ?? {};
    content += delta.content ?? '';
    refusal += delta.refusal ?? '';
    annotations.push(...list(delta.annotations));
    for (const call of list(delta.tool_calls).filter(isObject)) {
      const known = (calls[Number(call.index)] ??= { head: `${call.id} ${call.type} ${nameOf(call)}`, input: '' });
      known.input += inputOf(call);
    }
    finish = choice.finish_reason ?? finish;
  }
  return { content, refusal, calls: calls.map(({ head, input }) => `${head} ${input}`), annotations, finish };
}

function nameOf(call: JsonObject): unknown {
  return (object(call.function) ?? object(call.custom))?.name;
}

function inputOf(call: JsonObject): unknown {
  return object(call.function)?.arguments ?? object(call.custom)?.input ?? '';
}
