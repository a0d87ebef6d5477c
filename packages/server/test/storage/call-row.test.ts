import type { Usage } from '@proxy/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { callOf, rowOf } from '../../src/storage/call-row.ts';
import { entryIn, entryOf, entryText } from '../../src/storage/entry.ts';
import type { StoredCall } from '../../src/storage/stored-call.ts';

const text = fc.string({ unit: 'binary', maxLength: 400 }).map((some) => some.replaceAll('\0', '').toWellFormed());
const number = fc.nat();
const name = fc.constantFrom('gpt-4o', 'claude', 'x'.repeat(301), '');

const attempt = fc.record(
  {
    upstream: fc.constantFrom('main', 'other'),
    model: name,
    credential: text,
    status: fc.constantFrom(200, 429),
    startedAt: number,
    durationMs: number,
    failure: text,
    message: text,
    restsUntil: number,
    removed: fc.constant(true as const),
  },
  { requiredKeys: ['upstream', 'model', 'credential', 'status', 'startedAt', 'durationMs'] },
);
const charge = fc.record(
  {
    budget: text,
    of: fc.constantFrom('usd', 'tokens', 'requests'),
    amount: number,
    endsAt: number,
    rollingMs: number,
    holder: fc.constantFrom('one', 'other'),
    estimated: fc.boolean(),
  },
  { requiredKeys: ['budget', 'of', 'amount', 'endsAt'] },
);
const usage = fc.record(
  {
    ...{ inputTokens: number, outputTokens: number, cacheReadTokens: number, reasoningTokens: number },
    ...{ cacheWriteTokens: number, cacheWrite1hTokens: number, toolUseInputTokens: number, webSearches: number },
    ...{ audioInputTokens: number, audioOutputTokens: number, imageInputTokens: number, imageOutputTokens: number },
    ...{ images: number, audioSeconds: number },
  } satisfies Readonly<Record<keyof Usage, fc.Arbitrary<number>>>,
  { requiredKeys: [] },
);
const line = fc.record(
  { kind: fc.constantFrom('input', 'output'), quantity: number, price: number, usd: number, factor: number },
  { requiredKeys: ['kind', 'quantity', 'price', 'usd'] },
);
const call = fc.record(
  {
    requestId: text,
    startedAt: number,
    durationMs: number,
    status: fc.constantFrom(200, 429, 500),
    attempts: fc.array(attempt, { maxLength: 3 }),
    notices: fc.array(fc.record({ type: fc.constant('dropped'), field: text, detail: text }), { maxLength: 2 }),
    path: text,
    door: text,
    dialect: text,
    operation: text,
    callerId: text,
    userId: text,
    address: text,
    streaming: fc.boolean(),
    firstByteMs: number,
    model: name,
    upstream: fc.constantFrom('main', 'other'),
    upstreamModel: name,
    provider: text,
    way: fc.constantFrom('relay', 'convert'),
    usage,
    charges: fc.array(charge, { maxLength: 3 }),
    cost: fc.record(
      { usd: number, lines: fc.array(line, { maxLength: 3 }), unpriced: fc.array(fc.constant('input')) },
      { requiredKeys: ['usd'] },
    ),
    failure: fc.record({ kind: text, message: text }),
    promptHash: text,
    why: fc.record({ strategy: text, candidates: fc.constant([]) }),
  } satisfies Readonly<Record<keyof StoredCall, unknown>>,
  { requiredKeys: ['requestId', 'startedAt', 'durationMs', 'status', 'attempts', 'notices'] },
) as fc.Arbitrary<StoredCall>;

test('a row gives the call back', () => {
  fc.assert(fc.property(call, (some) => void expect(callOf(rowOf(some))).toEqual(some)));
});

test('a text gives the entry back', () => {
  fc.assert(
    fc.property(call, (some) => {
      const entry = entryOf(some);
      expect(entryIn(entryText(entry.row))).toEqual(entry);
    }),
  );
});

test('the record of an earlier version was the whole call', () => {
  fc.assert(
    fc.property(call, (some) => {
      const record = JSON.stringify(some);
      expect(callOf({ ...rowOf(some), record })).toEqual(some);
      expect(entryIn(record)).toEqual(entryOf(some));
    }),
  );
});

test('short forms of earlier versions are read: times as they are, usage by name, a holder in each charge', () => {
  const columns = rowOf({
    ...{ requestId: 'r', startedAt: 5, durationMs: 2, status: 200, attempts: [], notices: [] },
    ...{ upstream: 'u', upstreamModel: 'm' },
  });
  const record = JSON.stringify({
    attempts: [{ credential: 'u#1-abc', startedAt: 7, durationMs: 2 }],
    usage: { inputTokens: 24, outputTokens: 9 },
    charges: [
      ['a:usd/day', 'usd', 42000, 0, 'one'],
      ['a:usd/month', 'usd', 42000, 0, null],
    ],
  });
  expect(callOf({ ...columns, record })).toMatchObject({
    attempts: [{ upstream: 'u', model: 'm', credential: 'u#1-abc', status: 200, startedAt: 7, durationMs: 2 }],
    usage: { inputTokens: 24, outputTokens: 9 },
    charges: [
      { budget: 'a:usd/day', of: 'usd', amount: 42000, endsAt: 0, holder: 'one' },
      { budget: 'a:usd/month', of: 'usd', amount: 42000, endsAt: 0 },
    ],
  });
});

test('what SQL is asked for by its path stays where it is', () => {
  const attempts = [{ upstream: 'u', model: 'm', credential: 'u#1-abc', status: 200, startedAt: 1, durationMs: 2 }];
  const { record } = rowOf({
    ...{ requestId: 'r', startedAt: 1, durationMs: 2, status: 200, notices: [], attempts },
    ...{ path: '/v1/messages', upstream: 'u', upstreamModel: 'm' },
  });
  expect(JSON.parse(record)).toEqual({
    path: '/v1/messages',
    attempts: [{ credential: 'u#1-abc', after: 0, durationMs: 2 }],
  });
});
