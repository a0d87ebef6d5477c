import { expect, test } from 'vitest';
import { factsOf } from './facts.ts';
import { geminiModels } from './gemini.ts';

test('every row says where it was read', () => {
  for (const { match, source } of geminiModels) expect(source.length, match).toBeGreaterThan(3);
});

test.each([
  ['gemini-3.1-pro-preview', ['low', 'medium', 'high']],
  ['gemini-3.1-pro-preview-customtools', ['low', 'medium', 'high']],
  ['gemini-3-flash-preview', ['minimal', 'low', 'medium', 'high']],
  ['gemini-3-pro-preview', ['low', 'high']],
  ['gemini-3.5-flash', ['minimal', 'low', 'medium', 'high']],
  ['gemini-3.5-flash-lite', ['minimal', 'low', 'medium', 'high']],
  ['gemini-3.8-flash', ['low', 'medium', 'high']],
  ['gemini-4-argon', ['low', 'high']],
  ['google/gemini-flash-latest', ['low', 'high']],
])('Z12 %s takes levels %j', (model, efforts) => {
  expect(factsOf(model)).toMatchObject({
    thinkingControl: 'level',
    efforts,
    thoughtSignatures: true,
    callIds: true,
    jsonSchema: true,
  });
});

test.each([
  ['gemini-2.5-pro', 128, 32_768, true],
  ['gemini-2.5-flash', 0, 24_576, false],
  ['gemini-2.5-flash-lite', 512, 24_576, false],
])('Z12 %s takes a budget of %i to %i', (model, minThinkingBudget, maxThinkingBudget, alwaysThinks) => {
  expect(factsOf(model)).toMatchObject({
    thinkingControl: 'budget',
    minThinkingBudget,
    maxThinkingBudget,
    alwaysThinks,
    callIds: false,
    thoughtSignatures: false,
    jsonSchema: true,
  });
});

test.each(['gemini-2.0-flash', 'gemini-1.5-pro', 'gemma-4-31b-it', 'gemini-2.5-flash-image', 'gemini-3.8-flash-tts'])(
  'Z12 %s does not think',
  (model) => {
    expect(factsOf(model).thinkingControl).toBe('none');
  },
);

test('an alias that nobody knows has no facts', () => {
  expect(factsOf('my-model')).toEqual({});
});
