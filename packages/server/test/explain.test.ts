import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { explain } from '../src/explain/explain.ts';
import { explanationText } from '../src/explain/explain-text.ts';
import type { StoredCall } from '../src/storage/stored-call.ts';

const began = Date.UTC(2026, 0, 31, 12, 0, 0);

/** Two keys and a fallback; the first fails, the second serves, a third is out. */
const call: StoredCall = {
  requestId: 'req_1',
  startedAt: began,
  durationMs: 912,
  firstByteMs: 640,
  callerId: 'key-1f2e',
  userId: 'user-7',
  address: '192.0.2.7',
  path: '/v1/messages',
  dialect: 'anthropic-messages',
  operation: 'generate',
  model: 'fast',
  streaming: true,
  status: 200,
  upstream: 'main',
  upstreamModel: 'gpt-x',
  way: 'convert',
  attempts: [
    {
      ...{ upstream: 'main', model: 'gpt-x', credential: 'main#1-aaaaaa', status: 429, startedAt: began + 3 },
      ...{ durationMs: 120, failure: 'rate-limited', message: 'Slow down.', restsUntil: began + 20_000 },
    },
    {
      upstream: 'main',
      model: 'gpt-x',
      credential: 'main#2-bbbbbb',
      status: 200,
      startedAt: began + 124,
      durationMs: 516,
    },
  ],
  usage: { inputTokens: 1200, outputTokens: 300 },
  notices: [{ type: 'dropped', field: 'top_k', detail: 'no such dial' }],
  charges: [{ budget: 'key-1f2e:usd/month', of: 'usd', amount: 6_600_000, endsAt: Date.UTC(2026, 1, 1) }],
  why: {
    route: 'fast',
    strategy: 'weighted',
    affinity: 'header session-id',
    candidates: [
      {
        ...{ upstream: 'main', model: 'gpt-x', credential: 'main#1-aaaaaa', strategy: 'power-of-two' },
        ...{ scores: { running: 0, beginsAfterMs: 412, headroom: 0.52341, load: 787.2 }, branchScores: { weight: 3 } },
      },
      { upstream: 'main', model: 'gpt-x', credential: 'main#2-bbbbbb', strategy: 'power-of-two' },
      { upstream: 'backup', model: 'gpt-x', credential: 'backup#1-cccccc', strategy: 'failover' },
      {
        ...{ upstream: 'main', model: 'gpt-x', credential: 'main#3-dddddd', strategy: 'power-of-two' },
        ...{ skipped: 'refused', reason: 'unauthenticated' },
      },
    ],
  },
  cost: {
    usd: 0.0066,
    lines: [
      { kind: 'input', quantity: 1200, price: 3, usd: 0.0036 },
      { kind: 'output', quantity: 300, price: 20, factor: 0.5, usd: 0.003 },
      { kind: 'search', quantity: 2, price: 0.01, usd: 0.02 },
    ],
  },
};

describe('must-show 7: explain', () => {
  const explanation = explain(call);

  test('tells which candidates there were, and what became of each', () => {
    const { routing } = explanation;
    expect(routing).toMatchObject({ route: 'fast', strategy: 'weighted', affinity: 'header session-id' });
    expect(routing.candidates.map(({ credential, attempt, skipped }) => [credential, attempt, skipped])).toEqual([
      ['main#1-aaaaaa', 1, undefined],
      ['main#2-bbbbbb', 2, undefined],
      ['backup#1-cccccc', undefined, undefined],
      ['main#3-dddddd', undefined, 'refused'],
    ]);
  });

  test('tells of every attempt when it was and what it brought', () => {
    expect(explanation.attempts).toMatchObject([
      { afterMs: 3, durationMs: 120, failure: 'rate-limited', restsUntil: '2026-01-31T12:00:20.000Z' },
      { afterMs: 124, durationMs: 516, status: 200 },
    ]);
  });

  test('shows how the price was reckoned', () => {
    expect(explanation.cost?.lines.map(({ sum }) => sum)).toEqual([
      '1,200 × 3 / 1,000,000',
      '300 × 20 / 1,000,000 × 0.5',
      '2 × 0.01',
    ]);
  });

  test('is plain data', () => {
    expect(JSON.parse(JSON.stringify(explanation))).toEqual(explanation);
  });

  test('as text', () => {
    const text = stripVTControlCharacters(explanationText(explanation));
    for (const line of [
      '200, 912 ms, first byte after 640 ms',
      'fast (anthropic-messages, generate, streamed) at /v1/messages',
      'by key-1f2e of user-7 from 192.0.2.7',
      'main/gpt-x, translated',
      'by the route "fast" (weighted)',
      'for its session, told by header session-id',
      '1. at 3 ms, for 120 ms: main/gpt-x with main#1-aaaaaa: 429 rate-limited: Slow down.; the key rests until 2026-01-31T12:00:20.000Z',
      '2. at 124 ms, for 516 ms: main/gpt-x with main#2-bbbbbb: 200',
      'key-1f2e:usd/month: $0.0066, filled again at 2026-02-01T00:00:00.000Z',
      'dropped top_k',
      'input: 1,200 × 3 / 1,000,000 = $0.0036',
    ])
      expect(text).toContain(line);
    expect(text).toMatch(/backup#1-cccccc .* not needed/);
    expect(text).toMatch(/main#3-dddddd .* refused \(unauthenticated\)/);
  });
});

test('a call that was refused before any upstream was asked', () => {
  const { why: _, cost: __, upstream: ___, upstreamModel: ____, usage: _____, charges: ______, ...rest } = call;
  const failure = { kind: 'not-found', message: 'Unknown model "fast".' };
  const text = stripVTControlCharacters(
    explanationText(explain({ ...rest, attempts: [], notices: [], status: 404, failure })),
  );
  expect(text).toContain('404 not-found: Unknown model "fast".');
  expect(text).toContain('no upstream');
  expect(text).toContain('None: no upstream was asked.');
  expect(text).not.toContain('Cost');
});
