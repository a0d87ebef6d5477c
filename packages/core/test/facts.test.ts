import { expect, test } from 'vitest';

/** The catalogue of wire facts: each is a test named by its ID, or a row of docs/facts.md. */

/** All sections and tables; the catalogue has no D2 and no X7. */
const facts = [
  'H1-8', 'S1-7', 'T1-16', 'J1-10', 'C1-6', 'D1', 'D3-10', 'A1-11', 'R1-11', 'Z1-15', 'F1-7', 'U1-8', 'P1-4', 'M1-6',
  'O1-4', 'Q1-7', 'W1-4', 'E1-7', 'X1-6', 'X8-9', 'N1-3', 'CC1-8', 'CX1-8', 'G1-6', 'B1-7', 'a1-6',
].flatMap(expanded); // prettier-ignore

const tests = {
  ...import.meta.glob('../src/**/*.test.ts', { query: '?raw', import: 'default', eager: true }),
  ...import.meta.glob('../../node/{src,test}/**/*.test.ts', { query: '?raw', import: 'default', eager: true }),
  ...import.meta.glob('../../../e2e/test/**/*.test.ts', { query: '?raw', import: 'default', eager: true }),
  // Not the server's: it names its tests after the rows of the acceptance list, which are called A1 and D6 as well.
};
const documents = import.meta.glob('../../../docs/facts.md', { query: '?raw', import: 'default', eager: true });
const page = Object.values(documents)[0] ?? '';

const tested = new Set(Object.values(tests).flatMap(idsInTitles));
const documented = new Set([...page.matchAll(/^\| ([A-Za-z0-9, ]+) \|/gm)].flatMap(([, ids = '']) => idsIn(ids)));

test('every fact is a test named by its ID, or a row of docs/facts.md with the reason', () => {
  const missing = facts
    .filter((id) => !tested.has(id) && !documented.has(id))
    .map((id) => `${id}: name a test by it, or say in docs/facts.md why there is none.`);
  expect(missing).toEqual([]);
});

test('docs/facts.md speaks of facts that there are, each in a row with a reason', () => {
  const known = new Set(facts);
  expect([...documented].filter((id) => !known.has(id))).toEqual([]);
  for (const row of page.split('\n').filter((line) => /^\| [A-Za-z]+\d/.test(line)))
    expect(
      row
        .split('|')
        .slice(2, -1)
        .every((cell) => cell.trim() !== ''),
      row,
    ).toBe(true);
});

test('a fact is found in a title only where it begins one', () => {
  expect(idsInTitles("test('T1 T2, E5 results', …); test.each(x)(`a4 ${name}`, …); const model = 'M2.5', id = 'A1';")).toEqual([
    'T1', 'T2', 'E5', 'a4',
  ]); // prettier-ignore
});

/** `T1-16` is T1, T2 … T16. */
function expanded(range: string): readonly string[] {
  const [, prefix = '', first = '', last = first] = /^([A-Za-z]+)(\d+)(?:-(\d+))?$/.exec(range) ?? [];
  return Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => `${prefix}${Number(first) + index}`);
}

/** The IDs at the beginning of string literals: titles of tests and of their rows. */
function idsInTitles(source: string): readonly string[] {
  return [...source.matchAll(/['"`]((?:(?:[A-Z]{1,2}\d{1,2}|a[1-6]),? )+)/g)].flatMap(([, ids = '']) => idsIn(ids));
}

function idsIn(text: string): readonly string[] {
  return text.match(/[A-Za-z]{1,2}\d{1,2}/g) ?? [];
}
