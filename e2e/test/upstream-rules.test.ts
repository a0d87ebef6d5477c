import { expect, test } from 'vitest';
import { upstreamWords, type DialectName } from '../dialects.ts';
import { requestFaults } from '../upstream-rules.ts';

const paths: Readonly<Record<DialectName, string>> = {
  'openai-chat': '/v1/chat/completions',
  'openai-responses': '/v1/responses',
  'anthropic-messages': '/v1/messages',
  'gemini-generate': '/v1beta/models/gemini-3.1-pro-preview:generateContent',
};

function check(dialect: DialectName, body: Record<string, unknown>, headers: Record<string, string> = {}) {
  return requestFaults(
    { dialect, words: upstreamWords[dialect] },
    {
      body,
      method: 'POST',
      path: paths[dialect],
      model: upstreamWords[dialect].model,
      headers: { 'content-type': 'application/json', 'anthropic-version': '2026-10-21', ...headers },
    },
    false,
  );
}

const chat = (...messages: unknown[]) => ({ model: 'm', messages });
const responses = (...input: unknown[]) => ({ model: 'm', store: false, input });
const claude = (...messages: unknown[]) => ({ model: 'claude-sonnet-4-5', max_tokens: 2000, messages });
const gemini = (...contents: unknown[]) => ({ contents });
const user = { role: 'user', content: 'Hi' };
const chatCall = (id: string) => ({
  role: 'assistant',
  content: null,
  tool_calls: [{ id, type: 'function', function: { name: 'f', arguments: '{}' } }],
});
const use = (id: string) => ({ role: 'assistant', content: [{ type: 'tool_use', id, name: 'f', input: {} }] });
const result = (id: string) => ({ type: 'tool_result', tool_use_id: id, content: 'ok' });
const geminiUser = { role: 'user', parts: [{ text: 'Hi' }] };
const functionCall = (name: string, signature?: string) => ({
  functionCall: { name, args: {} },
  ...(signature && { thoughtSignature: signature }),
});
const functionResponse = (name: string) => ({ functionResponse: { name, response: { output: 'ok' } } });

const refused: readonly (readonly [string, DialectName, Record<string, unknown>, RegExp])[] = [
  ['a Chat call without its result', 'openai-chat', chat(user, chatCall('a'), user), /without response/],
  [
    'a Chat result after a user message',
    'openai-chat',
    chat(user, chatCall('a'), user, { role: 'tool', tool_call_id: 'a', content: 'x' }),
    /directly before/,
  ],
  [
    'a Chat choice of an unknown tool',
    'openai-chat',
    {
      ...chat(user),
      tools: [{ type: 'function', function: { name: 'f' } }],
      tool_choice: { type: 'function', function: { name: 'g' } },
    },
    /not among/,
  ],
  [
    'a Chat allowed tool in the shape of Responses',
    'openai-chat',
    {
      ...chat(user),
      tools: [{ type: 'function', function: { name: 'f' } }],
      tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [{ type: 'function', name: 'f' }] } },
    },
    /not among/,
  ],
  [
    'a Chat name that is too long',
    'openai-chat',
    { ...chat(user), tools: [{ type: 'function', function: { name: 'f'.repeat(65) } }] },
    /not taken/,
  ],
  [
    'a Responses output without its call',
    'openai-responses',
    responses({ type: 'function_call_output', call_id: 'a', output: 'x' }),
    /no tool call found/,
  ],
  [
    'a Responses reasoning item without its blob',
    'openai-responses',
    responses({ type: 'reasoning', summary: [], id: 'rs_1' }, { role: 'assistant', content: 'x' }),
    /not persisted/,
  ],
  [
    'a Responses reasoning item that nothing follows',
    'openai-responses',
    responses({ type: 'reasoning', summary: [], id: 'rs_1', encrypted_content: 'x' }, { role: 'user', content: 'x' }),
    /required following item/,
  ],
  [
    'a Responses item with a foreign id',
    'openai-responses',
    responses(
      { type: 'function_call', id: 'toolu_1', call_id: 'a', name: 'f', arguments: '{}' },
      { type: 'function_call_output', call_id: 'a', output: '' },
    ),
    /begins with fc_/,
  ],
  ['a Messages call without its result', 'anthropic-messages', claude(user, use('a'), user), /without tool_result/],
  [
    'a Messages result after the text',
    'anthropic-messages',
    claude(user, use('a'), { role: 'user', content: [{ type: 'text', text: 'x' }, result('a')] }),
    /must come first/,
  ],
  [
    'a Messages empty text block',
    'anthropic-messages',
    claude({ role: 'user', content: [{ type: 'text', text: '' }] }),
    /non-empty/,
  ],
  [
    'a Messages history that begins with the assistant',
    'anthropic-messages',
    claude({ role: 'assistant', content: 'x' }, user),
    /not a user turn/,
  ],
  [
    'a Messages system turn in the first place',
    'anthropic-messages',
    claude({ role: 'system', content: 'x' }, user),
    /system turn must/,
  ],
  [
    'five cache marks',
    'anthropic-messages',
    claude({
      role: 'user',
      content: Array.from({ length: 5 }, (_, i) => ({
        type: 'text',
        text: `${i}`,
        cache_control: { type: 'ephemeral' },
      })),
    }),
    /5 cache_control/,
  ],
  [
    'a thinking budget above max_tokens',
    'anthropic-messages',
    { ...claude(user), thinking: { type: 'enabled', budget_tokens: 2000 } },
    /greater than/,
  ],
  [
    'a thinking block without signature',
    'anthropic-messages',
    claude(user, { role: 'assistant', content: [{ type: 'thinking', thinking: 'x', signature: '' }] }, user),
    /Invalid signature/,
  ],
  [
    'a forced choice for the newest Claude',
    'anthropic-messages',
    {
      ...claude(user),
      model: 'claude-opus-5-5',
      tools: [{ name: 'f', input_schema: { type: 'object' } }],
      tool_choice: { type: 'any' },
    },
    /not supported for this model/,
  ],
  [
    'two Gemini calls with one response',
    'gemini-generate',
    gemini(
      geminiUser,
      { role: 'model', parts: [functionCall('f', 's'), functionCall('g')] },
      { role: 'user', parts: [functionResponse('f')] },
    ),
    /number of function response parts/,
  ],
  [
    'a Gemini response with the name of another call',
    'gemini-generate',
    gemini(
      geminiUser,
      { role: 'model', parts: [functionCall('f', 's')] },
      { role: 'user', parts: [functionResponse('g')] },
    ),
    /answers a call of f/,
  ],
  [
    'an unsigned first Gemini call',
    'gemini-generate',
    gemini(geminiUser, { role: 'model', parts: [functionCall('f')] }, { role: 'user', parts: [functionResponse('f')] }),
    /missing a thought_signature/,
  ],
  [
    'a Gemini part with two kinds of data',
    'gemini-generate',
    gemini({ role: 'user', parts: [{ text: 'x', inlineData: { mimeType: 'image/png', data: 'x' } }] }),
    /oneof field/,
  ],
  ['a Gemini empty text', 'gemini-generate', gemini({ role: 'user', parts: [{ text: '' }] }), /empty text/],
  [
    'both Gemini thinking controls',
    'gemini-generate',
    { ...gemini(geminiUser), generationConfig: { thinkingConfig: { thinkingBudget: 1, thinkingLevel: 'LOW' } } },
    /both thinkingBudget/,
  ],
];

test.each(refused)('%s is refused', (_, dialect, body, why) => {
  expect(check(dialect, body).join('\n')).toMatch(why);
});

const taken: readonly (readonly [string, DialectName, Record<string, unknown>])[] = [
  [
    'Chat calls and results',
    'openai-chat',
    chat(user, chatCall('a'), { role: 'tool', tool_call_id: 'a', content: 'x' }, user),
  ],
  [
    'Responses calls and results',
    'openai-responses',
    responses(
      user,
      { type: 'function_call', call_id: 'a', name: 'f', arguments: '{}' },
      { type: 'function_call_output', call_id: 'a', output: '' },
    ),
  ],
  [
    'Messages calls and results',
    'anthropic-messages',
    claude(user, use('a'), { role: 'user', content: [result('a'), { type: 'text', text: 'x' }] }),
  ],
  [
    'Gemini calls and results',
    'gemini-generate',
    gemini(
      geminiUser,
      { role: 'model', parts: [functionCall('f', 's'), functionCall('g')] },
      { role: 'user', parts: [functionResponse('f'), functionResponse('g')] },
    ),
  ],
];

test.each(taken)('%s in order are taken', (_, dialect, body) => {
  expect(check(dialect, body)).toEqual([]);
});

test('beta members need their flag', () => {
  const body = { ...claude(user), context_management: { edits: [{ type: 'clear_tool_uses_20250919' }] } };
  expect(check('anthropic-messages', body)).not.toEqual([]);
  expect(check('anthropic-messages', body, { 'anthropic-beta': 'effort-2025-11-24' })).toEqual([
    'context_management without the beta context-management-…',
  ]);
  expect(check('anthropic-messages', body, { 'anthropic-beta': 'context-management-2025-06-27' })).toEqual([]);
});

test('sampling is of the old version only', () => {
  const body = { ...claude(user), temperature: 0.5 };
  expect(check('anthropic-messages', body)).toEqual(['/: has the unknown member "temperature"']);
  expect(check('anthropic-messages', body, { 'anthropic-version': '2023-06-01' })).toEqual([]);
});
