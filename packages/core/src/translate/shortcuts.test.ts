import { describe, expect, test } from 'vitest';
import type { Dialect } from '../dialects/dialect.ts';
import { cases, dialects } from '../testing/cases.ts';
import { convert } from './convert.ts';
import { inboundOf } from './decode.ts';

const requests: Readonly<Record<string, object>> = {
  'openai-chat': { model: 'm', messages: [{ role: 'user', content: 'Hi' }], stream: true },
  'openai-responses': { model: 'm', input: 'Hi', stream: true },
  'anthropic-messages': { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }], stream: true },
  'gemini-generate': { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] },
};

/** The same dialect, of which nothing may be cut out or repeated: every frame is parsed, every event written. */
function withoutShortcuts(dialect: Dialect): Dialect {
  return {
    ...dialect,
    decodeStream(context) {
      const decoder = dialect.decodeStream(context);
      return { push: (frame) => decoder.push(frame), end: () => decoder.end() };
    },
    encodeStream(context) {
      const encoder = dialect.encodeStream(context);
      return { push: (event) => encoder.push(event) };
    },
  };
}

function streamed(from: Dialect, to: Dialect, stream: Uint8Array, pieceBytes: number): string {
  const door = from.doors.find(({ operation, streaming }) => operation === 'generate' && streaming !== false);
  if (!door) throw new Error('no door');
  const knock = { door, params: { model: 'm' }, query: new URLSearchParams({ alt: 'sse' }), headers: {} };
  const inbound = inboundOf(from, knock, new TextEncoder().encode(JSON.stringify(requests[from.name])));
  let ids = 0;
  const settings = { created: 0, newId: (prefix: string) => `${prefix}${(ids += 1)}` };
  const translator = convert(inbound, { dialect: to, model: 'm', facts: {}, signer: to.name }, settings).stream('');
  let out = '';
  for (let at = 0; at < stream.length; at += pieceBytes)
    out += String(translator.push(stream.subarray(at, at + pieceBytes)));
  return out + String(translator.end());
}

/** A steady stream of texts with whatever may stand in one. */
function steady(dialect: 'openai-chat' | 'anthropic-messages', thinks: boolean): Uint8Array {
  const texts = [
    'a',
    ' "b"',
    '\n',
    'é — 好 😀',
    '\\u0041',
    '\u2028',
    '\u0001',
    '</think>',
    '\ud83d',
    '/',
    'z'.repeat(3000),
  ];
  const frames = [...texts, ...texts, ...texts].map((text) => JSON.stringify(text));
  const lines =
    dialect === 'openai-chat'
      ? [
          ...frames.map(
            (text) =>
              `{"id":"c","model":"m","choices":[{"index":0,"delta":{"${thinks ? 'reasoning_content' : 'content'}":${text}},"finish_reason":null}]}`,
          ),
          '{"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"!"},"finish_reason":"stop"}]}',
          '[DONE]',
        ]
      : [
          '{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"usage":{"input_tokens":1,"output_tokens":1}}}',
          `{"type":"content_block_start","index":0,"content_block":${thinks ? '{"type":"thinking","thinking":"","signature":""}' : '{"type":"text","text":""}'}}`,
          ...frames.map(
            (text) =>
              `{"type":"content_block_delta","index":0,"delta":${thinks ? `{"type":"thinking_delta","thinking":${text}}` : `{"type":"text_delta","text":${text}}`}}`,
          ),
          '{"type":"content_block_stop","index":0}',
          '{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":3}}',
          '{"type":"message_stop"}',
        ];
  const event = (line: string) => (dialect === 'openai-chat' ? '' : `event: ${/"type":"(\w+)"/.exec(line)?.[1]}\n`);
  return new TextEncoder().encode(lines.map((line) => `${event(line)}data: ${line}\n\n`).join(''));
}

const steadyStreams = (['openai-chat', 'anthropic-messages'] as const).flatMap((name) =>
  [false, true].map((thinks) => ({
    name,
    stem: thinks ? 'steady-thinking' : 'steady-text',
    stream: steady(name, thinks),
  })),
);
const recorded = cases.flatMap(({ dialect, stem, stream }) => (stream ? [{ name: dialect.name, stem, stream }] : []));

const spokenToUs = dialects.filter(({ doors }) => doors.length > 0);

describe.each(spokenToUs.map((dialect) => [dialect.name, dialect] as const))('to a client of %s', (_, from) => {
  const abroad = [...steadyStreams, ...recorded].filter(({ name }) => name !== from.name);
  test.each(abroad.map((one) => [`${one.name} ${one.stem}`, one] as const))(
    'the shortcuts write what events would: %s',
    (_name, { name, stream }) => {
      const to = dialects.find((dialect) => dialect.name === name);
      if (!to) throw new Error(name);
      const long = streamed(withoutShortcuts(from), withoutShortcuts(to), stream, stream.length);
      for (const pieceBytes of [stream.length, 1000, 17]) expect(streamed(from, to, stream, pieceBytes)).toBe(long);
    },
  );
});

test('what stands before a frame that makes the stream fail is written, what stands behind it is not, however it is cut', () => {
  const [from, to] = ['anthropic-messages', 'openai-chat'].map((name) => dialects.find((one) => one.name === name));
  if (!from || !to) throw new Error('no dialect');
  const frame = (text: string) =>
    `data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"${text}"},"finish_reason":null}]}\n\n`;
  const texts = ['one', 'two', 'three', 'four'].map(frame).join('');
  const stream = new TextEncoder().encode(`${texts}data: no JSON\n\n${frame('behind')}${frame('behind')}`);
  const whole = streamed(from, to, stream, stream.length);
  expect(whole).toContain('"four"');
  expect(whole).toContain('event: error');
  expect(whole).not.toContain('behind');
  for (const pieceBytes of [1, 17, 150]) expect(streamed(from, to, stream, pieceBytes)).toBe(whole);
});
