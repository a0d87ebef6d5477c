import { expect, test } from 'vitest';
import type { CallRecord } from '@proxy/core';
import { credentialId } from '../../src/config/build.ts';
import { costed } from '../../src/records/costed.ts';
import type { StoredCall } from '../../src/storage/stored-call.ts';

const keys = {
  free: 'k-0123456789',
  flat: 'k-9876543210',
  /** A predecessor's form: project, account, region, private key. */
  placed: 'some-project:gateway@some-project.iam.gserviceaccount.com:us-east5:bm90IGEga2V5',
};
const config = {
  prices: [{ model: 'ours', input: 5, output: 5 }],
  upstreams: [
    { name: 'oa', provider: 'openai', apiKeys: [{ key: keys.free }, { key: keys.flat, cost: 0.002 }] },
    { name: 'vx', provider: 'vertex', settings: { location: 'us-east5' } },
    { name: 'world', provider: 'vertex', apiKeys: [{ key: keys.free }, { key: keys.placed }] },
  ],
};

interface UsedKey {
  readonly index: number;
  readonly key: string;
  readonly upstream?: string;
}

function costOf(record: Partial<CallRecord>, key?: UsedKey): unknown {
  const seen: StoredCall[] = [];
  const attempt = { upstream: 'oa', model: 'm', status: 200, durationMs: 1, startedAt: 0 };
  costed(config, { append: (call) => void seen.push(call) }).append({
    ...{ requestId: 'r', startedAt: Date.parse('2026-11-01'), durationMs: 1, status: 200, notices: [] },
    attempts: key ? [{ ...attempt, credential: credentialId(key.upstream ?? 'oa', key.index, key.key) }] : [],
    ...record,
  });
  return seen[0]?.cost?.usd;
}

const usage = { inputTokens: 1000, outputTokens: 100 };
const gpt4o = { provider: 'openai', upstream: 'oa', upstreamModel: 'gpt-4o', usage };
const flat = { index: 1, key: keys.flat };

test('by the table, by the model that was asked for, by the region', () => {
  expect(costOf(gpt4o, { index: 0, key: keys.free })).toBe(0.0035);
  expect(costOf({ ...gpt4o, provider: 'azure', upstreamModel: 'our-best', model: 'gpt-4o' })).toBe(0.0035);
  const claude = { ...gpt4o, provider: 'vertex', upstream: 'vx', upstreamModel: 'claude-opus-4-5@20251101' };
  expect(costOf(claude)).toBe(0.00825); // (1000 x 5 + 100 x 25) x 1.1 millionths
});

test('Vertex without a location is global, which a key may know better', () => {
  const claude = { ...gpt4o, provider: 'vertex', upstream: 'world', upstreamModel: 'claude-opus-4-5@20251101' };
  expect(costOf(claude, { upstream: 'world', index: 0, key: keys.free })).toBe(0.0075);
  expect(costOf(claude, { upstream: 'world', index: 1, key: keys.placed })).toBe(0.00825);
});

test('E17 a key with a price for each call: that price, unless the configuration knows the model’s', () => {
  expect(costOf(gpt4o, flat)).toBe(0.002);
  expect(costOf({ ...gpt4o, upstreamModel: 'never-heard-of' }, flat)).toBe(0.002);
  expect(costOf({ provider: 'openai', upstream: 'oa', upstreamModel: 'tts-9' }, flat)).toBe(0.002);
  expect(costOf({ ...gpt4o, upstreamModel: 'ours' }, flat)).toBe(0.0055);
});

test('none where nothing is known: no price, no usage, no upstream, a call that failed', () => {
  expect(costOf({ ...gpt4o, upstreamModel: 'never-heard-of' })).toBeUndefined();
  expect(costOf({ provider: 'openai', upstream: 'oa', upstreamModel: 'gpt-4o' })).toBeUndefined();
  expect(costOf({})).toBeUndefined();
  const failure = { kind: 'server', message: 'no' };
  expect(
    costOf({ provider: 'openai', upstream: 'oa', upstreamModel: 'gpt-4o', status: 500, failure }, flat),
  ).toBeUndefined();
});
