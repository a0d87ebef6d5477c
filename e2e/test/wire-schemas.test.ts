import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  generateSchema,
  installedVersion,
  schemaFile,
  wireSchemas,
  type WireSchemaName,
} from '../wire-schemas/generate.ts';
import { schemaFaults } from '../wire-schemas/validate.ts';

const all = Object.keys(wireSchemas) as WireSchemaName[]; // its own keys
const requests = [
  'openai-chat',
  'openai-responses',
  'anthropic-messages',
  'anthropic-messages-beta',
  'gemini-generate',
] as const;

test.each(all)('%s was made from the installed SDK', (name) => {
  const { $comment } = JSON.parse(readFileSync(schemaFile(name), 'utf8')) as { $comment: string }; // generate.ts wrote it
  const { sdk } = wireSchemas[name];
  expect($comment, 'run `pnpm schemas` in e2e/').toContain(`Made from ${sdk} ${installedVersion(sdk)},`);
});

test('a schema generated again is the one committed', () => {
  const committed = readFileSync(schemaFile('openai-chat'), 'utf8');
  expect(generateSchema('openai-chat'), 'run `pnpm schemas` in e2e/').toBe(committed);
});

const chatUser = { role: 'user', content: 'Hi' };
const valid: Readonly<Record<(typeof requests)[number], Record<string, unknown>>> = {
  'openai-chat': { model: 'm', messages: [chatUser], tools: [{ type: 'function', function: { name: 'f' } }] },
  'openai-responses': {
    model: 'm',
    input: [{ role: 'user', content: [{ type: 'input_text', text: 'Hi' }] }],
    store: false,
  },
  'anthropic-messages': {
    model: 'm',
    max_tokens: 9,
    messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }],
  },
  'anthropic-messages-beta': {
    model: 'm',
    max_tokens: 9,
    messages: [{ role: 'user', content: 'Hi' }],
    context_management: { edits: [] },
  },
  'gemini-generate': { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }], generationConfig: { topK: 3 } },
};

test.each(requests)('%s takes a plain request', (name) => {
  expect(schemaFaults(name, valid[name])).toEqual([]);
});

test.each(requests)('%s refuses one unknown member at the top', (name) => {
  expect(schemaFaults(name, { ...valid[name], surprise: 1 })).toEqual(['/: has the unknown member "surprise"']);
});

test.each(requests)('%s refuses one unknown member at any depth', (name) => {
  const source = JSON.stringify(valid[name]);
  const places = [...source.matchAll(/\{/g)].length;
  for (let place = 1; place < places; place++) {
    let seen = 0;
    const spoilt = source.replace(/\{(\}?)/g, (brace, close) =>
      seen++ === place ? `{"surprise":1${close ? '}' : ','}` : brace,
    );
    expect(schemaFaults(name, JSON.parse(spoilt)), spoilt).not.toEqual([]);
  }
});

describe('misplaced members', () => {
  const cases: readonly (readonly [string, (typeof requests)[number], Record<string, unknown>])[] = [
    [
      'cache_control on a Chat message',
      'openai-chat',
      { messages: [{ ...chatUser, cache_control: { type: 'ephemeral' } }] },
    ],
    [
      'cache_control on a Chat part',
      'openai-chat',
      { messages: [{ role: 'user', content: [{ type: 'text', text: 'a', cache_control: { type: 'ephemeral' } }] }] },
    ],
    ['a Responses tool_choice in Chat', 'openai-chat', { tool_choice: { type: 'function', name: 'f' } }],
    ['an Anthropic tool_choice in Chat', 'openai-chat', { tool_choice: { type: 'any' } }],
    ['a flat tool in Chat', 'openai-chat', { tools: [{ type: 'function', name: 'f', parameters: {} }] }],
    ['max_tokens in Responses', 'openai-responses', { max_tokens: 9 }],
    ['a nested tool in Responses', 'openai-responses', { tools: [{ type: 'function', function: { name: 'f' } }] }],
    [
      'a Chat part in Responses',
      'openai-responses',
      { input: [{ role: 'user', content: [{ type: 'text', text: 'a' }] }] },
    ],
    [
      'a Chat image in Responses',
      'openai-responses',
      { input: [{ role: 'user', content: [{ type: 'input_image', image_url: { url: 'x' } }] }] },
    ],
    ['response_format in Responses', 'openai-responses', { response_format: { type: 'json_object' } }],
    ['a string tool_choice in Messages', 'anthropic-messages', { tool_choice: 'auto' }],
    ['an OpenAI tool in Messages', 'anthropic-messages', { tools: [{ type: 'function', function: { name: 'f' } }] }],
    [
      'image_url in Messages',
      'anthropic-messages',
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }] },
    ],
    ['temperature in today’s Messages', 'anthropic-messages', { temperature: 0.5 }],
    ['a beta member in plain Messages', 'anthropic-messages', { context_management: { edits: [] } }],
    [
      'a thought signature inside functionCall',
      'gemini-generate',
      { contents: [{ role: 'model', parts: [{ functionCall: { name: 'f', thoughtSignature: 'x' } }] }] },
    ],
    ['snake case in Gemini', 'gemini-generate', { system_instruction: { parts: [{ text: 'a' }] } }],
    ['a sampling member at the top of Gemini', 'gemini-generate', { temperature: 1 }],
    [
      'JSON Schema words in Gemini’s parameters',
      'gemini-generate',
      {
        tools: [{ functionDeclarations: [{ name: 'f', parameters: { type: 'OBJECT', additionalProperties: false } }] }],
      },
    ],
    [
      'lower-case types in Gemini’s parameters',
      'gemini-generate',
      { tools: [{ functionDeclarations: [{ name: 'f', parameters: { type: 'object' } }] }] },
    ],
    ['an assistant role in Gemini', 'gemini-generate', { contents: [{ role: 'assistant', parts: [{ text: 'a' }] }] }],
  ];
  test.each(cases)('%s', (_, name, members) => {
    expect(schemaFaults(name, { ...valid[name], ...members })).not.toEqual([]);
  });
});
