import { expect, test } from 'vitest';
import { factsOf } from './facts.ts';
import { openaiModels } from './openai.ts';

test('a member of a family has the family’s facts but for its own', () => {
  expect(factsOf('openai/gpt-6-sol')).toMatchObject({
    maxTokensField: 'max_completion_tokens',
    effortBesideTools: 'none',
  });
  expect(factsOf('gpt-5-mini').efforts).toEqual(['minimal', 'low', 'medium', 'high']);
  expect(factsOf('gpt-5.1').efforts).not.toContain('minimal');
  expect(factsOf('gpt-5-chat-latest')).toMatchObject({ sampling: true, reasoningEffort: false });
  expect(factsOf('o3-mini')).toMatchObject({ stopSequences: false, parallelToolCallsSwitch: false, images: false });
  expect(factsOf('gpt-4o-2024-05-13').jsonSchemaOutput).toBe(false);
});

test('a name that looks like OpenAI’s but is served by others is none of OpenAI’s', () => {
  expect(factsOf('openai/gpt-oss-120b')).toMatchObject({
    openaiMembers: false,
    maxTokensField: 'max_tokens',
    sampling: true,
  });
});

test('S5 no vendor but OpenAI is told of a developer', () => {
  for (const model of [
    'deepseek-v4-pro',
    'kimi-k2.6',
    'glm-5.1',
    'MiniMax-M2.5',
    'qwen3.7-plus',
    'grok-4.3',
    'mistral-large-2512',
    'llama3.3',
  ])
    expect(factsOf(model), model).toMatchObject({
      developerRole: false,
      openaiMembers: false,
      maxTokensField: 'max_tokens',
    });
});

test('vendors’ own rules', () => {
  expect(factsOf('kimi-k3')).toMatchObject({
    alwaysThinks: true,
    efforts: ['low', 'high', 'max'],
    reasoningReplay: true,
  });
  expect(factsOf('deepseek-r1-0528').reasoningReplay).toBe(false);
  expect(factsOf('glm-4.6v').images).toBe(true);
  expect(factsOf('glm-5.3-preview').images).toBe(false);
  expect(factsOf('grok-4-1-fast-non-reasoning').stopSequences).toBe(true);
  expect(factsOf('nobody-knows-me')).toEqual({});
});

test('every row says where it was read', () => {
  for (const { match, source } of openaiModels) expect(source.length, match).toBeGreaterThan(10);
});
