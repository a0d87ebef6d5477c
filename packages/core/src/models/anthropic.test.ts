import { expect, test } from 'vitest';
import { anthropicModels } from './anthropic.ts';
import { factsOf } from './facts.ts';

/** The names of SDK 1.11.0, older ones, and how clouds write them. */
const sampled = ['claude-3-haiku-20240307', 'claude-3-5-sonnet-20241022', 'claude-3-7-sonnet-latest', 'claude-sonnet-4-20250514', 'claude-opus-4-1-20250805', 'claude-opus-4-5-20251101', 'claude-sonnet-4-5-20250929', 'us.anthropic.claude-haiku-4-5-20251001-v1:0', 'claude-opus-4-6', 'claude-sonnet-4-6']; // prettier-ignore
const unsampled = ['claude-opus-4-7', 'claude-opus-4-8', 'claude-opus-5', 'claude-sonnet-5', 'claude-fable-5', 'claude-mythos-5', 'claude-opus-5-5', 'claude-sonnet-5-5', 'claude-haiku-5-5', 'claude-fable-5-1', 'claude-fable-5-2', 'claude-mythos-5-2', 'anthropic/claude-opus-5-5', 'claude-opus-7']; // prettier-ignore

test('every row says where it was read', () => {
  for (const { match, source } of anthropicModels) expect(source, match).not.toBe('');
});
test.each(sampled)('Q1 %s takes sampling', (model) => {
  expect(factsOf(model)).toMatchObject({ sampling: true, maxTemperature: 1, forcedToolChoice: true });
});
test.each(unsampled)('Q1 %s takes no sampling', (model) => {
  expect(factsOf(model)).toMatchObject({ sampling: false, prefill: false });
});
test('C4 forced tools are refused by Opus 5.5, Sonnet 5.5, Fable and Mythos, and by nobody who is older', () => {
  const refused = [...sampled, ...unsampled].filter((model) => factsOf(model).forcedToolChoice === false);
  expect(refused).toEqual(['claude-fable-5', 'claude-mythos-5', 'claude-opus-5-5', 'claude-sonnet-5-5', 'claude-fable-5-1', 'claude-fable-5-2', 'claude-mythos-5-2', 'anthropic/claude-opus-5-5', 'claude-opus-7']); // prettier-ignore
});
test.each([
  ['claude-3-5-haiku-20241022', []],
  ['claude-3-7-sonnet-20250219', ['disabled', 'budget']],
  ['claude-sonnet-4-5', ['disabled', 'budget']],
  ['claude-opus-4-6', ['disabled', 'budget', 'adaptive']],
  ['claude-opus-4-7', ['disabled', 'adaptive']],
  ['claude-opus-5', ['disabled', 'adaptive']],
  ['claude-opus-5-5', ['adaptive']],
  ['claude-sonnet-5-5', ['adaptive', 'between-tools']],
  ['claude-fable-5-1', ['adaptive']],
] as const)('Z11 %s thinks as %j', (model, thinking) => {
  expect(factsOf(model).thinking).toEqual(thinking);
});
test('S2 system turns are for Opus 4.8 and later', () => {
  const models = [
    'claude-opus-4-7',
    'claude-opus-4-8',
    'claude-opus-5',
    'claude-sonnet-5',
    'claude-sonnet-5-5',
    'claude-haiku-5-5',
    'claude-sonnet-4-6',
  ];
  expect(models.filter((model) => factsOf(model).systemTurns === true)).toEqual([
    'claude-opus-4-8',
    'claude-opus-5',
    'claude-sonnet-5-5',
    'claude-haiku-5-5',
  ]);
});
test('Q3 output limits', () => {
  const limits = [
    'claude-3-opus-20240229',
    'claude-3-5-sonnet-20241022',
    'claude-opus-4-1',
    'claude-sonnet-4',
    'claude-opus-4-5',
    'claude-opus-5-5',
  ].map((model) => factsOf(model).maxOutputTokens);
  expect(limits).toEqual([4096, 8192, 32_000, 64_000, 64_000, 128_000]);
});
test('effort words: none but Opus’ among 4.5, xhigh from Opus 4.7 on', () => {
  expect(factsOf('claude-opus-4-5').efforts).toEqual(['low', 'medium', 'high']);
  expect(factsOf('claude-sonnet-4-5').efforts).toEqual([]);
  expect(factsOf('claude-sonnet-4-6').efforts).toEqual(['low', 'medium', 'high', 'max']);
  for (const model of ['claude-opus-4-7', 'claude-sonnet-5', 'claude-sonnet-5-5', 'claude-mythos-5', 'claude-opus-5-5'])
    expect(factsOf(model).efforts, model).toEqual(['low', 'medium', 'high', 'xhigh', 'max']);
});
