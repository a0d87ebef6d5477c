import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Frame, FrameTaker } from './framing.ts';
import { sse } from './sse.ts';

const encoder = new TextEncoder();

function read(text: string): Frame[] {
  const reader = sse.reader();
  return [...reader.push(encoder.encode(text)), ...reader.end()];
}

test.each<[string, string, Frame[]]>([
  ['line feeds', 'event: a\ndata: 1\n\n', [{ event: 'a', data: '1' }]],
  ['carriage return and line feed', 'event: a\r\ndata: 1\r\n\r\n', [{ event: 'a', data: '1' }]],
  ['carriage returns', 'event: a\rdata: 1\r\r', [{ event: 'a', data: '1' }]],
  ['no space after the colon', 'data:{"a":1}\n\n', [{ data: '{"a":1}' }]],
  ['only one space is taken off', 'data:  x\n\n', [{ data: ' x' }]],
  ['several data lines', 'data: {\ndata: "a":1}\n\n', [{ data: '{\n"a":1}' }]],
  ['comments', ': OPENROUTER PROCESSING\n\ndata: 1\n: more\n\n:\n\n', [{ data: '1' }]],
  ['id, retry and unknown fields', 'id: 7\nretry: x\nwhat: ever\ndata: 1\n\n', [{ data: '1' }]],
  ['a byte order mark', '\uFEFFdata: 1\n\n', [{ data: '1' }]],
  ['a last event without its blank line', 'data: 1\n\ndata: 2', [{ data: '1' }, { data: '2' }]],
  ['the same with its line ended', 'data: 2\r\n', [{ data: '2' }]],
  ['an event name is not carried over', 'event: a\n\ndata: 1\n\n', [{ data: '1' }]],
])('X1 accepts %s', (_what, text, frames) => {
  expect(read(text)).toEqual(frames);
});

test('frames with empty data are skipped', () => {
  expect(read('event: a\ndata:\n\ndata\n\ndata: \n\n')).toEqual([]);
});

test('each push gives the events it completes, and end gives none twice', () => {
  const reader = sse.reader();
  expect(reader.push(encoder.encode('data: 1\n\ndata: 2\n'))).toEqual([{ data: '1' }]);
  expect(reader.push(encoder.encode('\n'))).toEqual([{ data: '2' }]);
  expect(reader.end()).toEqual([]);
});

test('bytes that are not UTF-8 become U+FFFD', () => {
  const reader = sse.reader();
  expect(reader.push(Uint8Array.of(...encoder.encode('data: '), 0xff, 0xe2, 0x82, 0x0a, 0x0a))).toEqual([
    { data: '\uFFFD\uFFFD' },
  ]);
});

test('passing gives the same, in order, whatever is known of it and however it is cut', () => {
  const frame = fc.constantFrom(
    'data: known 1\n\n',
    'data: known é😀\n\n',
    'event: a\ndata: 1\n\n',
    'data: known\n\ndata: 2\n\n\n\n',
    'data: 3\r\n\r\n',
    'data: known\r\n\ndata: known\r\r',
    ': comment\n\n',
    'data: known\ndata: 4\n\n',
    '\n',
  );
  fc.assert(
    fc.property(fc.array(frame), fc.array(fc.nat({ max: 40 })), fc.boolean(), (frames, cuts, knows) => {
      const bytes = encoder.encode(frames.join(''));
      const seen: string[] = [];
      const taker: FrameTaker = {
        knows,
        frame: ({ event, data }) => void seen.push(`${event}:${data}`),
        known(text, from) {
          const [whole, data] = /data: (known [^\r\n]*)\n\n/y.exec(text.slice(from)) ?? [];
          if (whole === undefined) return from;
          seen.push(`undefined:${data}`);
          return from + whole.length;
        },
      };
      const reader = sse.reader();
      let at = 0;
      for (const cut of [...cuts, bytes.length]) {
        reader.pass?.(bytes.subarray(at, at + cut), taker);
        at = Math.min(at + cut, bytes.length);
      }
      for (const one of reader.end()) taker.frame(one);
      expect(seen).toEqual(read(frames.join('')).map(({ event, data }) => `${event}:${data}`));
    }),
  );
});

test('what is known is not parsed, behind a cut frame as well', () => {
  const parsed: string[] = [];
  const taker: FrameTaker = {
    knows: true,
    frame: ({ data }) => void parsed.push(data),
    known: (text, from) => (text.startsWith('data: k\n\n', from) ? from + 'data: k\n\n'.length : from),
  };
  const reader = sse.reader();
  for (const piece of ['data: 1\n\nda', 'ta: k\n\ndata: k\n\ndata: 2\n\n', 'data: k\n\n'])
    reader.pass?.(encoder.encode(piece), taker);
  expect(parsed).toEqual(['1', 'k', '2']);
});

test('writes name and data, one data line for each line', () => {
  const writer = sse.writer();
  expect(writer.write([{ event: 'ping', data: '{}' }, { data: '[DONE]' }])).toBe(
    'event: ping\ndata: {}\n\ndata: [DONE]\n\n',
  );
  expect(writer.write([{ data: 'a\nb\r\nc\rd' }])).toBe('data: a\ndata: b\ndata: c\ndata: d\n\n');
  expect(writer.end()).toBe('');
});

test('X6 idles with a comment, which no reader takes for a frame', () => {
  expect(sse.writer().idle).toBe(': keep-alive\n\n');
  expect(read(sse.writer().idle)).toEqual([]);
});
