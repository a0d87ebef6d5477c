import { expect, test } from 'vitest';
import * as registry from '../dialects/registry.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { withOutputCap, withoutTools } from './change-body.ts';
import { inboundOf } from './decode.ts';

const { openaiChat, openaiResponses, anthropicMessages, geminiGenerate } = registry;

function asked(dialect: Dialect, body: object, path?: string) {
  const door = dialect.doors.find((one) => (path === undefined ? one.operation === 'generate' : one.path === path));
  if (!door) throw new Error('No such door.');
  const knock = { door, params: { model: 'm' }, query: new URLSearchParams(), headers: {} };
  return inboundOf(dialect, knock, new TextEncoder().encode(JSON.stringify(body)));
}

const text = ({ body }: { readonly body: Uint8Array }) => JSON.parse(new TextDecoder().decode(body)) as unknown;

test.each([
  [openaiChat, { max_tokens: 9999 }, { max_tokens: 400 }, 'max_tokens'],
  [openaiChat, { max_completion_tokens: 9999 }, { max_completion_tokens: 400 }, 'max_completion_tokens'],
  [openaiChat, {}, { max_tokens: 400 }, 'max_tokens'],
  [openaiChat, { max_tokens: null }, { max_tokens: 400 }, 'max_tokens'],
  [openaiResponses, { max_output_tokens: 500 }, { max_output_tokens: 400 }, 'max_output_tokens'],
  [anthropicMessages, { max_tokens: 401 }, { max_tokens: 400 }, 'max_tokens'],
  [
    anthropicMessages,
    { max_tokens: 9000, thinking: { type: 'enabled', budget_tokens: 4000 } },
    { max_tokens: 400, thinking: { type: 'disabled' } },
    'max_tokens',
  ],
  [
    geminiGenerate,
    { generationConfig: { temperature: 1, maxOutputTokens: 500 } },
    { generationConfig: { temperature: 1, maxOutputTokens: 400 } },
    'generationConfig.maxOutputTokens',
  ],
  [
    geminiGenerate,
    { generation_config: { max_output_tokens: 500 } },
    { generation_config: { max_output_tokens: 400 } },
    'generation_config.max_output_tokens',
  ],
  [geminiGenerate, {}, { generationConfig: { maxOutputTokens: 400 } }, 'generationConfig.maxOutputTokens'],
] as const)('output is capped %#', (dialect, given, wanted, field) => {
  const capped = withOutputCap(asked(dialect, { model: 'm', ...given }), 400, {});
  expect(text(capped)).toEqual({ model: 'm', ...wanted });
  expect(capped.maxOutputTokens).toBe(400);
  expect(capped.notices).toMatchObject([{ field }]);
});

test('less than the cap stays as it is, byte for byte', () => {
  for (const dialect of [openaiChat, anthropicMessages]) {
    const inbound = asked(dialect, { model: 'm', max_tokens: 400 });
    const capped = withOutputCap(inbound, 400, {});
    expect(capped.body).toBe(inbound.body);
    expect(capped.notices).toBeUndefined();
  }
});

test('the member that the model knows is the one that is added', () => {
  const inbound = asked(openaiChat, { model: 'm' });
  expect(text(withOutputCap(inbound, 5, { maxTokensField: 'max_completion_tokens' }))).toEqual({
    model: 'm',
    max_completion_tokens: 5,
  });
  const complete = asked(openaiChat, { model: 'm', prompt: 'x', max_tokens: 9 }, '/v1/completions');
  expect(text(withOutputCap(complete, 5, {}))).toEqual({ model: 'm', prompt: 'x', max_tokens: 5 });
});

test('a thinking budget stays below the cap', () => {
  const body = { model: 'm', max_tokens: 9000, thinking: { type: 'enabled', budget_tokens: 8000 } };
  const capped = withOutputCap(asked(anthropicMessages, body), 4000, {});
  expect(text(capped)).toMatchObject({ max_tokens: 4000, thinking: { type: 'enabled', budget_tokens: 2000 } });
});

test('tools are taken out, and it is told', () => {
  const body = { model: 'm', tools: [{}], functions: [], tool_choice: 'auto', messages: [] };
  const bare = withoutTools(asked(openaiChat, body));
  expect(text(bare)).toEqual({ model: 'm', messages: [] });
  expect(bare.notices?.map(({ field }) => field)).toEqual(['tools', 'tool_choice', 'functions']);
  const without = asked(openaiChat, { model: 'm' });
  expect(withoutTools(without)).toBe(without);
});
