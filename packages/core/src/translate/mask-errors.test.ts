import { expect, test } from 'vitest';
import { maskErrors } from './mask-errors.ts';
import { withoutVendorIds } from './vendor-ids.ts';

const id = 'org-AbCdEf0123456789AbCdEf01';
const error = `event: error\ndata: {"type":"error","error":{"message":"Limit of ${id} reached – wait"}}\n\n`;
const before = `data: {"delta":"${id} says \\"error\\""}\n\ndata: {"response":{"error":null},"text":"${id}"}\n\n`;

function through(lines: boolean, ...pieces: readonly Uint8Array[]): string {
  const masking = maskErrors(lines);
  const out = [...pieces.map((piece) => masking.push(piece)), masking.end()];
  return new TextDecoder().decode(new Uint8Array(out.flatMap((piece) => [...piece])));
}

const bytes = (text: string) => new TextEncoder().encode(text);

test('an error that is cut anywhere behind its beginning tells no id, and what a model says is left as it is', () => {
  const [told, all] = [error.replace(id, 'org-***'), bytes(error)];
  const begins = bytes(error.slice(0, error.indexOf('"error"') + '"error"'.length)).length;
  for (let at = begins; at <= all.length; at += 1)
    expect(through(true, bytes(before), all.subarray(0, at), all.subarray(at))).toBe(before + told);
});

test('in a long read the error at its end is found, however long it is', () => {
  const deltas = 'data: {"delta":"word"}\n\n'.repeat(1000);
  for (const words of [1, 1000]) {
    const long = error.replace('wait', 'wait '.repeat(words));
    expect(through(true, bytes(`${deltas}${long}data: [DONE]\n\n`))).toBe(
      `${deltas}${long.replace(id, 'org-***')}data: [DONE]\n\n`,
    );
  }
});

test('what is not cut into lines as events is masked up to its end', () => {
  const text = `[{"error": {\n  "message": "consumer projects/123456789012",\n  "status": "X" }\n}\n]`;
  const told = text.replace('123456789012', '***');
  const half = text.indexOf('4567');
  expect(through(false, bytes(text.slice(0, half)), bytes(text.slice(half)))).toBe(told);
});

test('a line without an end is not waited for for ever', () => {
  const endless = bytes(`data: {"type":"error","message":"${'x'.repeat(100_000)}`);
  expect(maskErrors(true).push(endless)).toEqual(endless);
});

test.each([
  ['for gpt-4o in organization org-AbCdEf0123456789AbCdEf01 on', 'for gpt-4o in organization org-*** on'],
  ['in organization `org_01hx0123456789abcdef` service', 'in organization `org_***` service'],
  ['your organization (d59e5a9f-0b1c-4d2e-8f3a-4b5c6d7e8f90) of', 'your organization (***) of'],
  ['has not been used in project 123456789012 before', 'has not been used in project *** before'],
  ['?project=123456789012"', '?project=***"'],
  ['User: arn:aws:iam::123456789012:user/ann is not', 'User: arn:aws:iam::***:user/ann is not'],
  ['org-structure, org-chart and project 12 in request d59e5a9f-0b1c-4d2e-8f3a-4b5c6d7e8f90', undefined],
])('%s', (text, told = text) => {
  expect(withoutVendorIds(text)).toBe(told);
});
