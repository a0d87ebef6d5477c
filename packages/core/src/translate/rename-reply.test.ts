import { describe, expect, test } from 'vitest';
import { Failure } from '../conversation/failure.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { anthropicMessages, geminiGenerate, openaiChat, openaiResponses } from '../dialects/registry.ts';
import { inboundOf } from './decode.ts';
import { relay } from './relay.ts';

/** E8: a caller that asked by an alias hears the alias, and all else as the vendor wrote it. */

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const rows: readonly { dialect: Dialect; whole: string; stream: string }[] = [
  {
    dialect: openaiChat,
    whole: '{"id":"c","model": "gpt-x-2026","choices":[{"message":{"content":"\\"model\\":\\"gpt-x-2026\\""}}]}',
    stream:
      'data: {"id":"c","model":"gpt-x-2026","choices":[{"delta":{"content":"a"}}]}\n\n' +
      'data: {"id":"c","model":"gpt-x-2026","choices":[{"delta":{"content":"\\"model\\":\\"gpt-x-2026\\""}}]}\n\n' +
      'data: {"id":"c","model":"gpt-x-2026","choices":[{"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n',
  },
  {
    dialect: openaiResponses,
    whole: '{"id":"r","object":"response","status":"completed","model":"gpt-x-2026","output":[]}',
    stream:
      'event: response.created\ndata: {"type":"response.created","response":{"id":"r","model":"gpt-x-2026"}}\n\n' +
      'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"a"}\n\n' +
      'event: response.completed\ndata: {"type":"response.completed","response":{"id":"r","model":"gpt-x-2026"}}\n\n',
  },
  {
    dialect: anthropicMessages,
    whole: '{"id":"m","type":"message","model":"gpt-x-2026","content":[],"stop_reason":"end_turn"}',
    stream:
      'event: message_start\ndata: {"type":"message_start","message":{"id":"m","model":"gpt-x-2026"}}\n\n' +
      'event: message_stop\ndata: {"type":"message_stop"}\n\n',
  },
  {
    dialect: geminiGenerate,
    whole: '{"candidates":[{"finishReason":"STOP"}],"modelVersion":"gpt-x-2026"}',
    stream:
      'data: {"candidates":[{"content":{"parts":[{"text":"a"}]}}],"modelVersion":"gpt-x-2026"}\r\n\r\n' +
      'data: {"candidates":[{"finishReason":"STOP"}],"modelVersion":"gpt-x-2026"}\r\n\r\n',
  },
];

function relayed(dialect: Dialect, asked: string, model = 'gpt-x') {
  const door = dialect.doors.find(
    ({ operation, streaming }) => operation === 'generate' && (dialect !== geminiGenerate || streaming === true),
  );
  if (!door) throw new Error('Every dialect has such a door.');
  const knock = { door, params: { model: asked }, query: new URLSearchParams('alt=sse'), headers: {} };
  const body = encoder.encode(JSON.stringify({ model: asked, stream: true, messages: [], input: '' }));
  const destination = { dialect, model, facts: {}, signer: dialect.name };
  return relay(inboundOf(dialect, knock, body), destination, { created: 0, newId: (prefix) => prefix });
}

function streamed(dialect: Dialect, asked: string, pieces: readonly Uint8Array[], model?: string): string {
  const stream = relayed(dialect, asked, model).stream('text/event-stream');
  const out = [...pieces.map((piece) => stream.push(piece)), stream.end()];
  return out.map((chunk) => (typeof chunk === 'string' ? chunk : decoder.decode(chunk))).join('');
}

/** Only where it stands as a member: what a text says of it stays. */
function renamed(text: string): string {
  return text.replaceAll(/("model(?:Version)?": ?)"gpt-x-2026"/g, '$1"fast"');
}

describe.each(rows)('$dialect.name', ({ dialect, whole, stream }) => {
  test('a whole reply', () => {
    const { body } = relayed(dialect, 'fast').whole(encoder.encode(whole), 'application/json');
    expect(decoder.decode(body as Uint8Array)).toBe(renamed(whole));
    expect(renamed(whole)).toContain('"fast"');
  });

  test('a stream, cut at every byte', () => {
    const bytes = encoder.encode(stream);
    for (let cut = 1; cut < bytes.length; cut += 1)
      expect(streamed(dialect, 'fast', [bytes.subarray(0, cut), bytes.subarray(cut)])).toBe(renamed(stream));
    expect(
      streamed(
        dialect,
        'fast',
        [...bytes].map((byte) => Uint8Array.of(byte)),
      ),
    ).toBe(renamed(stream));
  });

  test('nothing is touched where the name is no other', () => {
    const bytes = encoder.encode(stream);
    for (const asked of ['gpt-x', 'main/gpt-x']) {
      expect(streamed(dialect, asked, [bytes])).toBe(stream);
      const given = encoder.encode(whole);
      expect(relayed(dialect, asked).whole(given, 'application/json').body).toBe(given);
    }
  });
});

test('a vendor that names no model is passed on line by line', () => {
  const { push, end } = relayed(openaiChat, 'fast').stream('text/event-stream');
  const line = 'data: {"choices":[{"delta":{"content":"a"}}]}\n\n';
  expect(decoder.decode(push(encoder.encode(`${line}data: {"cho`)) as Uint8Array)).toBe(line);
  const long = encoder.encode(line.repeat(3000));
  expect((push(long) as Uint8Array).length).toBe(long.length + 'data: {"cho'.length);
  expect((push(encoder.encode('data: x')) as Uint8Array).length).toBe(7);
  expect(end()).toContain('error');
});

test('what was held back comes before the word that the stream broke', () => {
  const stream = relayed(openaiChat, 'fast').stream('text/event-stream');
  stream.push(encoder.encode('data: {"model":"gpt-x-2026","choices":[]}\n\n'));
  const passed = decoder.decode(stream.push(encoder.encode('data: {"id":"c","mod')) as Uint8Array);
  const rest = stream.fail(new Failure('bad-upstream', 'It broke.')) ?? '';
  const text = passed + (typeof rest === 'string' ? rest : decoder.decode(rest));
  expect(text).toContain('data: {"id":"c","mod\n\n');
  expect(text).toContain('It broke.');
});
