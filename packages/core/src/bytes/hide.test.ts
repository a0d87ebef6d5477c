import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createHiding } from './hide.ts';

const secret = 'sk-sk-secret';
const bytesOf = (text: string) => new TextEncoder().encode(text);

function hidden(pieces: readonly string[], texts: readonly string[] = [secret]): string {
  const hiding = createHiding(texts);
  const out = [...pieces.map((piece) => hiding.push(bytesOf(piece))), hiding.end()];
  return out.map((bytes) => new TextDecoder().decode(bytes)).join('');
}

test('a secret is hidden wherever it is cut, and what looks like its beginning is not lost', () => {
  const text = `sk-${secret} ü ${secret}${secret} sk-s`;
  for (let first = 0; first <= text.length; first++)
    for (let second = first; second <= text.length; second += 5)
      expect(hidden([text.slice(0, first), text.slice(first, second), text.slice(second)])).toBe(
        'sk-*** ü ****** sk-s',
      );
});

test('several are hidden, whichever is cut', () => {
  const other = 'another-secret';
  const text = `${other}${secret} ${secret} sk-another-`;
  for (let cut = 0; cut <= text.length; cut++)
    expect(hidden([text.slice(0, cut), text.slice(cut)], [secret, other])).toBe('****** *** sk-another-');
});

test('whatever holds none passes as it is, a frame at a time', () => {
  const hiding = createHiding([secret]);
  const frame = bytesOf('data: {"text":"ask-sk-se"}\n\n');
  expect(hiding.push(frame)).toEqual(frame);
  fc.assert(
    fc.property(fc.array(fc.string()), (pieces) => {
      fc.pre(!pieces.join('').includes(secret));
      expect(hidden(pieces)).toBe(pieces.join(''));
    }),
  );
});
