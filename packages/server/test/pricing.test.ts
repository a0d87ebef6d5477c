import { describe, expect, test } from 'vitest';
import { providerNames, type Usage } from '@proxy/core';
import { checkFile } from '../src/config/schema.ts';
import { createPricing, sumDollars, type PricedTarget } from '../src/pricing/index.ts';
import { attoOf } from '../src/pricing/money.ts';
import { pieceKinds, tokenKinds } from '../src/pricing/price-row.ts';
import { pricedVendors, pricesOf } from '../src/pricing/table.ts';
import file from './pricing-cases.json' with { type: 'json' };

interface WorkedCase extends Omit<PricedTarget, 'at'> {
  readonly name: string;
  readonly at?: string;
  readonly usage: Usage;
  /** `(1000 x 5 + 100 x 25) x 1.1 = 8250 millionths` */
  readonly work: string;
  readonly usd: number;
}

const cases = file.cases as readonly WorkedCase[];
const pricing = createPricing();

function targetOf({ at = '2026-11-28T12:00:00Z', provider, model, ...rest }: WorkedCase): PricedTarget {
  const { name: _name, usage: _usage, work: _work, usd: _usd, ...more } = rest;
  return { provider, model, at: Date.parse(at), ...more };
}

describe('must-show 6: priced usage against sums worked by hand', () => {
  test('there are at least sixty distinct cases', () => {
    expect(
      new Set(cases.map(({ provider, model, usage }) => JSON.stringify([provider, model, usage]))).size,
    ).toBeGreaterThan(60);
    expect(new Set(cases.map(({ provider }) => provider)).size).toBeGreaterThanOrEqual(12);
  });

  test.each(cases.map((each) => [each.name, each] as const))('%s', (_name, worked) => {
    const cost = pricing.costOf(worked.usage, targetOf(worked));
    expect(cost?.usd).toBe(worked.usd);
    expect(cost?.unpriced).toBeUndefined();
    expect(sumDollars(cost?.lines.map(({ usd }) => usd) ?? [])).toBe(worked.usd);
    expect(workedOut(worked.work)).toEqual({ said: toMillionths(worked.usd), is: toMillionths(worked.usd) });
  });

  test('ten thousand records, by vendor and in all', () => {
    const records = Array.from({ length: cases.length * file.times }, (_, at) => cases[(at * 7919) % cases.length]);
    expect(records).toHaveLength(10_000);
    const byVendor = new Map<string, number[]>();
    for (const record of records) {
      if (!record) throw new Error('Every place has a case.');
      const { usd } = pricing.costOf(record.usage, targetOf(record)) ?? {};
      byVendor.set(record.provider, [...(byVendor.get(record.provider) ?? []), usd ?? Number.NaN]);
    }
    const sums = Object.fromEntries([...byVendor].map(([vendor, amounts]) => [vendor, sumDollars(amounts)]));
    expect(sums).toEqual(file.sums);
    expect(sumDollars([...byVendor.values()].flat())).toBe(file.total);
  });

  /** The arithmetic of the data file, in whole 10⁻¹² dollars and by another way than the product's. */
  function workedOut(work: string): { readonly said: bigint; readonly is: bigint } {
    const [expression = '', said = ''] = work.replace(' millionths', '').split(' = ');
    const [, sum = expression] = /^\(*([^()]*)\)?/.exec(expression) ?? [];
    const factors = [...expression.matchAll(/\) x ([\d.]+)/g)].map(([, factor = '']) => factor);
    let [is, scale] = [0n, 1n];
    for (const term of sum.split(' + ')) {
      const [quantity = '', price = ''] = term.split(' x ');
      is += decimal(quantity, 3) * decimal(price, 9);
    }
    for (const factor of factors) {
      is *= decimal(factor, 3);
      scale *= 1000n;
    }
    return { said: decimal(said, 6), is: is / scale / 10n ** 6n };
  }

  function toMillionths(usd: number): bigint {
    return decimal(usd < 1e-6 ? usd.toFixed(12) : String(usd), 12);
  }

  function decimal(text: string, places: number): bigint {
    const [whole = '0', fraction = ''] = text.split('.');
    return BigInt(whole + fraction.padEnd(places, '0').slice(0, places));
  }
});

describe('the table', () => {
  const rows = pricedVendors.flatMap((vendor) => pricesOf(vendor).map((row) => ({ vendor, ...row })));

  test('every row has a source, a price, and no more decimals than can be held', () => {
    for (const row of rows) {
      expect(row.source, JSON.stringify(row)).toBeTruthy();
      const prices = [row, ...(row.above ?? [])].flatMap((tier) =>
        tokenKinds.flatMap((kind) => (tier[kind] === undefined ? [] : [tier[kind]])),
      );
      const pieces = pieceKinds.flatMap((kind) => (row[kind] === undefined ? [] : [row[kind]]));
      expect(prices.length + pieces.length, JSON.stringify(row)).toBeGreaterThan(0);
      for (const price of prices) expect(() => attoOf(price, 10n ** 6n, [1.1, 0.5])).not.toThrow();
    }
  });

  test('every vendor is a provider that there is', () => {
    expect(pricedVendors.filter((vendor) => vendor !== 'demo' && !providerNames.includes(vendor))).toEqual([]);
  });

  test('no two rows price the same name at the same time', () => {
    for (const { vendor, model, from, until, hoursUtc } of rows) {
      if (hoursUtc) continue;
      for (const name of [model].flat()) {
        const same = pricesOf(vendor).filter(
          (row) =>
            !row.hoursUtc &&
            [row.model].flat().includes(name) &&
            (row.from ?? '') <= (until ?? '9') &&
            (from ?? '') <= (row.until ?? '9'),
        );
        expect(same, `${vendor} ${name}`).toHaveLength(1);
      }
    }
  });
});

describe('what is not known', () => {
  test.each([
    ['openai', 'gpt-4o-telepathic'],
    ['openai', 'gpt-99'],
    ['openai-compatible', 'gpt-4o'],
    ['openrouter', 'deepseek/deepseek-v3:free'],
    ['nobody', 'x'],
  ])('%s/%s has no cost, which is not zero', (provider, model) => {
    expect(pricing.costOf({ inputTokens: 1, outputTokens: 1 }, { provider, model })).toBeUndefined();
    expect(pricing.mostItCanCost({ provider, model, maxInputTokens: 1, maxOutputTokens: 1 })).toBeUndefined();
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, -5, 1.5, 1e300])('%d tokens bring nothing down', (count) => {
    const usage = { inputTokens: count, outputTokens: count, cacheReadTokens: count, audioSeconds: count };
    const cost = pricing.costOf(usage, { provider: 'openai', model: 'gpt-4o' });
    expect(cost?.usd).toBeGreaterThanOrEqual(0);
    expect(cost?.usd).toBeLessThan(Number.POSITIVE_INFINITY);
  });

  test('a kind without a price is named, and what is free costs nothing', () => {
    const own = createPricing([{ model: 'm', input: 1 }]);
    expect(own.costOf({ inputTokens: 2, outputTokens: 3, webSearches: 1 }, { provider: 'p', model: 'm' })).toEqual({
      usd: 0.000002,
      lines: [{ kind: 'input', quantity: 2, price: 1, usd: 0.000002 }],
      unpriced: ['output', 'search'],
    });
    expect(pricing.costOf({ inputTokens: 5, outputTokens: 5 }, { provider: 'ollama', model: 'qwen3' })?.usd).toBe(0);
  });
});

describe('rows of a configuration', () => {
  test('are held to what can be added up', () => {
    const problemsOf = (row: object) => {
      const checked = checkFile({ prices: [{ model: 'm', ...row }] });
      return checked.ok ? [] : checked.problems;
    };
    expect(problemsOf({ input: 0.000000001, batch: 0.125 })).toEqual([]);
    expect(problemsOf({ input: 0.0000000001 })).toEqual([
      'prices[0].input: must be a price in US dollars: a number that is not negative, with at most nine decimals.',
    ]);
    expect(problemsOf({ output: -1 })).toHaveLength(1);
    expect(problemsOf({ batch: 0.3333 })).toEqual([
      'prices[0].batch: must be a factor such as 0.5, with at most three decimals.',
    ]);
  });

  const own = createPricing([
    { model: 'gpt-4o', upstream: 'cheap', input: 1, output: 1 },
    { model: ['gpt-*'], provider: 'openai', input: 7, output: 7, request: 0.002 },
  ]);
  test.each([
    [{ provider: 'openai', model: 'gpt-4o', upstream: 'cheap' }, 0.000002],
    [{ provider: 'openai', model: 'gpt-4o', upstream: 'dear' }, 0.002014],
    [{ provider: 'azure', model: 'gpt-4o' }, 0.0000125],
  ])('win over ours, the first that fits: %j', (target, usd) => {
    expect(own.costOf({ inputTokens: 1, outputTokens: 1 }, target)?.usd).toBe(usd);
  });
});

describe('the most that a call can cost', () => {
  test.each(cases.map((each) => [each.name, each] as const))('is no less than what it did: %s', (_name, worked) => {
    const { usage } = worked;
    const { inputTokens = 0, cacheReadTokens = 0, cacheWriteTokens = 0, toolUseInputTokens = 0 } = usage;
    const { outputTokens = 0, images, webSearches: searches, audioSeconds } = usage;
    const asked = {
      ...targetOf(worked),
      maxInputTokens: inputTokens + cacheReadTokens + cacheWriteTokens + toolUseInputTokens,
      maxOutputTokens: outputTokens,
      images,
      searches,
      audioSeconds,
    };
    const most = pricing.mostItCanCost(asked);
    expect(most).toBeGreaterThanOrEqual(worked.usd);
    // With a piece in it the sum is one of big numbers.
    expect(pricing.mostItCanCost({ ...asked, searches: searches ?? 0 })).toBe(most);
  });

  test('takes the dearest kind and tier, and the dearest hours of the day', () => {
    const most = (model: string, maxInputTokens: number) =>
      pricing.mostItCanCost({ provider: 'anthropic', model, maxInputTokens, maxOutputTokens: 1000 });
    expect(most('claude-sonnet-4-5', 1000)).toBe(0.021); // 1000 x 6 + 1000 x 15
    expect(most('claude-sonnet-4-5', 200_001)).toBe(2.422512); // 200001 x 12 + 1000 x 22.5
    const night = { provider: 'deepseek', model: 'deepseek-v4-flash', at: Date.parse('2026-11-01T00:00:00Z') };
    expect(pricing.mostItCanCost({ ...night, maxInputTokens: 1000, maxOutputTokens: 1000 })).toBe(0.00176);
    expect(createPricing().priceOf(night)?.input).toBe(0.22);
  });
});

test('Vertex without a location is global, and priced as such', () => {
  const claude = { provider: 'vertex', model: 'claude-sonnet-4-5@20250929' };
  const usage = { inputTokens: 1000, outputTokens: 100 };
  expect(pricing.costOf(usage, claude)?.usd).toBe(0.0045);
  expect(pricing.costOf(usage, { ...claude, region: 'global' })?.usd).toBe(0.0045);
  expect(pricing.costOf(usage, { ...claude, region: 'europe-west1' })?.usd).toBe(0.00495);
});
