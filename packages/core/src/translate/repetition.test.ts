import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Frame } from '../bytes/framing.ts';
import type { ReplyEvent } from '../conversation/event.ts';
import type { Dialect, StreamDecoder } from '../dialects/dialect.ts';
import { anthropicMessages, bedrockConverse, openaiChat } from '../dialects/registry.ts';
import { cases } from '../testing/cases.ts';
import { createRepetition, type Repetition } from './repetition.ts';

const context = { facts: {}, signer: 'x', turn: 1 };

function both(dialect: Dialect, frames: readonly Frame[]) {
  const counted = counting(dialect.decodeStream(context));
  const repetition = createRepetition(counted.decoder);
  const decoder = dialect.decodeStream(context);
  const short = [...frames.flatMap((frame) => cutOrPushed(repetition, frame)), ...counted.decoder.end()];
  const long = [...frames.flatMap((frame) => decoder.push(frame)), ...decoder.end()];
  return { short, long, pushed: counted.pushed };
}

function cutOrPushed(repetition: Repetition, frame: Frame): readonly ReplyEvent[] {
  const { delta } = repetition;
  const json = repetition.cut(frame);
  if (json === undefined || !delta) return repetition.push(frame);
  const text: unknown = JSON.parse(json);
  // What is cut goes on the wire as it is.
  expect(json).toBe(JSON.stringify(text));
  return [{ ...delta, text: String(text) }];
}

function counting(decoder: StreamDecoder) {
  let count = 0;
  const counted: StreamDecoder = {
    push(frame): readonly ReplyEvent[] {
      count += 1;
      return decoder.push(frame);
    },
    end: () => decoder.end(),
    ...(decoder.repeats && { repeats: (delta) => decoder.repeats?.(delta) ?? [] }),
  };
  return { decoder: counted, pushed: () => count };
}

const chunk = (delta: object, rest: object = {}) => ({
  data: JSON.stringify({ id: 'c1', model: 'm', choices: [{ index: 0, delta, finish_reason: null }], ...rest }),
});

describe('the shortcut says what the decoder says', () => {
  test('on every recorded stream', () => {
    for (const { dialect, stream, stem } of cases) {
      if (!stream) continue;
      const frames = dialect.framing.reader().push(stream);
      const { short, long } = both(dialect, frames);
      expect(JSON.stringify(short), `${dialect.name} ${stem}`).toBe(JSON.stringify(long));
    }
  });

  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('', '"', '\\', 'content', '\n', ','),
  );
  const delta = fc.oneof(
    text.map((content) => ({ content })),
    text.map((content) => ({ reasoning_content: content })),
    text.map((content) => ({ content, role: 'assistant' })),
    fc.tuple(text, text).map(([content, reasoning]) => ({ content, reasoning })),
  );
  const extra = fc.oneof(
    fc.constant({}),
    fc.string().map((obfuscation) => ({ obfuscation })),
    fc.nat().map((usage) => ({ usage: { prompt_tokens: usage } })),
  );

  test('on arbitrary Chat chunks', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(delta, extra)), (chunks) => {
        const { short, long } = both(
          openaiChat,
          chunks.map(([one, rest]) => chunk(one, rest)),
        );
        expect(short).toEqual(long);
      }),
    );
  });

  test('on arbitrary Messages deltas', () => {
    const start: Frame = { data: '{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}' };
    fc.assert(
      fc.property(fc.array(text), (texts) => {
        const frames = texts.map((one) => ({
          data: JSON.stringify({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: one } }),
        }));
        const { short, long } = both(anthropicMessages, [start, ...frames]);
        expect(short).toEqual(long);
      }),
    );
  });
});

test('a steady stream is parsed twice and cut ever after, padded or not', () => {
  const steady = Array.from({ length: 100 }, (_, index) => chunk({ content: `"w\\${index}\n` }));
  expect(both(openaiChat, steady).pushed()).toBe(2);
  const padded = steady.map(({ data }, index) => ({
    data: `${data.slice(0, -1)},"obfuscation":"${'x'.repeat(index % 7)}"}`,
  }));
  expect(both(openaiChat, padded).pushed()).toBe(2);
});

test('a steady stream of Bedrock’s is cut as well; a frame of another kind is not taken for one of its deltas', () => {
  const steady = Array.from({ length: 100 }, (_, index) => ({
    event: 'contentBlockDelta',
    data: `{"contentBlockIndex":0,"delta":{"text":"w${index}"},"p":"${'x'.repeat(index % 7)}"}`,
  }));
  expect(both(bedrockConverse, steady).pushed()).toBe(2);
  for (const odd of [{ event: 'somethingNew' }, { event: 'contentBlockDelta', exception: true as const }]) {
    const { short, long } = both(bedrockConverse, [
      ...steady,
      { ...steady[0], data: '{"contentBlockIndex":0,"delta":{"text":"w"},"p":"x"}', ...odd },
    ]);
    expect(short).toEqual(long);
  }
});

test('a text of a million escapes is left to the decoder', () => {
  const frames = ['a', 'b', '\n'.repeat(1_000_000), 'c'].map((content) => chunk({ content }));
  const { short, long } = both(openaiChat, frames);
  expect(short).toEqual(long);
});
