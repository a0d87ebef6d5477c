import { expect, test } from 'vitest';
import type { Conversation } from '../../conversation/conversation.ts';
import type { Notice } from '../../conversation/notice.ts';
import type { Json, JsonObject } from '../../json.ts';
import { reportForeignExtras } from '../foreign.ts';
import { anthropicMessages } from './index.ts';

function decode(body: JsonObject, headers = {}): Conversation {
  return anthropicMessages.decodeRequest(
    { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }], ...body },
    { glance: { model: 'm', streaming: false }, headers, report: () => undefined },
  );
}

const roles = ({ messages }: Conversation) => messages.map(({ role }) => role);
const turn = (content: Json) => ({ messages: [{ role: 'user', content }] });

test('S1 a system turn is accepted anywhere, as a string or as blocks', () => {
  const conversation = decode({
    messages: [
      { role: 'user', content: 'Hi' },
      { role: 'system', content: 'A' },
      { role: 'assistant', content: 'Yes' },
      { role: 'user', content: 'Go' },
      { role: 'system', content: [{ type: 'text', text: 'B' }] },
    ],
  });
  expect(roles(conversation)).toEqual(['user', 'system', 'assistant', 'user', 'system']);
  expect(conversation.messages[4]).toMatchObject({ placement: 'inline', parts: [{ text: 'B' }], at: 'messages[4]' });
});
test('T4 results come before the user’s words, wherever they stood', () => {
  const conversation = decode(
    turn([
      { type: 'text', text: 'So?' },
      { type: 'tool_result', tool_use_id: 'b', content: '2' },
      { type: 'tool_result', tool_use_id: 'a' },
    ]),
  );
  expect(roles(conversation)).toEqual(['tool', 'user']);
  expect(conversation.messages[0]).toMatchObject({
    results: [
      { callId: 'b', at: 'messages[0].content[1]' },
      { callId: 'a', content: [], failed: false },
    ],
  });
});
test('T9 an input of any form is the JSON text of its arguments', () => {
  const written = (input: Json) => {
    const { messages } = decode({
      messages: [{ role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'f', input }] }],
    });
    const [message] = messages;
    const part = message?.role === 'assistant' ? message.parts[0] : undefined;
    return part?.type === 'tool-call' ? part.arguments : undefined;
  };
  expect([null, '', {}, { b: 1, a: [2] }, '{"x":1}'].map(written)).toEqual([
    '{}',
    '{}',
    '{}',
    '{"b":1,"a":[2]}',
    '{"x":1}',
  ]);
});
test('CC3 the billing line reaches no other dialect, and that is no loss', () => {
  const billing = { type: 'text', text: 'x-anthropic-billing-header: cc_version=2.1.329; cc_entrypoint=sdk-cli;' };
  const conversation = decode({ system: [billing, { type: 'text', text: 'You are Claude Code.' }] });
  expect(JSON.stringify(conversation.messages)).not.toContain('billing');
  const notices: Notice[] = [];
  reportForeignExtras(conversation, 'openai-chat', (notice) => void notices.push(notice));
  expect(notices).toEqual([]);
  const { body } = anthropicMessages.encodeRequest(conversation, {
    facts: {},
    signer: 'anthropic-messages',
    report: () => undefined,
  });
  expect(body.system).toEqual([billing, { type: 'text', text: 'You are Claude Code.' }]);
});
test('CC3 a system prompt of the billing line alone leaves no empty turn', () => {
  expect(roles(decode({ system: [{ type: 'text', text: 'x-anthropic-billing-header: a' }] }))).toEqual(['user']);
});
test('W4 a tool reference is text to others, the placeholder no tool at all', () => {
  const conversation = decode({
    ...turn([{ type: 'tool_result', tool_use_id: 'a', content: [{ type: 'tool_reference', tool_name: 'WebFetch' }] }]),
    tools: [
      { name: 'DeferredToolPlaceholder', input_schema: { type: 'object' }, defer_loading: true },
      { name: 'WebFetch', input_schema: { type: 'object' }, defer_loading: true },
    ],
  });
  expect(conversation.messages[0]).toMatchObject({
    results: [{ content: [{ type: 'text', text: 'Loaded tool WebFetch.' }] }],
  });
  expect(conversation.tools.map(({ type, name }) => [type, name])).toEqual([
    ['native', 'DeferredToolPlaceholder'],
    ['function', 'WebFetch'],
  ]);
  const notices: Notice[] = [];
  reportForeignExtras(conversation, 'openai-chat', (notice) => void notices.push(notice));
  expect(notices.map(({ field }) => field)).toEqual(['tools[1].defer_loading']);
});
test('M1 image/jpg is image/jpeg', () => {
  const { messages } = decode(
    turn([{ type: 'image', source: { type: 'base64', media_type: 'image/JPG', data: 'AAAA' } }]),
  );
  expect(messages[0]).toMatchObject({ parts: [{ source: { mediaType: 'image/jpeg' } }] });
});
test('W1 W3 server tools keep their original beside what others can read of it', () => {
  const call = { type: 'server_tool_use', id: 's', name: 'web_search', input: { query: 'q' } };
  const { messages } = decode({
    messages: [{ role: 'assistant', content: [call, { ...call, name: 'code_execution' }] }],
  });
  expect(messages[0]).toMatchObject({
    parts: [
      { type: 'server-tool-call', query: 'q', native: { value: call } },
      { type: 'native', value: { name: 'code_execution' } },
    ],
  });
});
test('H5 flags in the header and in the body are one list', () => {
  const { extras } = decode(
    { betas: ['a-2025-01-01'], anthropic_beta: ['b-2025-01-01'] },
    { 'anthropic-beta': 'c-2025-01-01, a-2025-01-01' },
  );
  expect(extras?.['anthropic-messages']?.['@betas']).toEqual(['c-2025-01-01', 'a-2025-01-01', 'b-2025-01-01']);
});
test('Q7 metadata.user_id is the end user, other metadata rides along', () => {
  expect(decode({ metadata: { user_id: 'u', team: 't' } })).toMatchObject({
    endUser: 'u',
    extras: { 'anthropic-messages': { metadata: { team: 't' } } },
  });
});
test('O1 the old name of the output format is still read', () => {
  const schema = { type: 'object' };
  expect(decode({ output_format: { type: 'json_schema', schema } }).output).toEqual({ type: 'json-schema', schema });
});
test.each([
  [{ messages: 'Hi' }, 'messages'],
  [{ messages: [7] }, 'messages[0]'],
  [{ messages: [{ role: 'tool', content: 'x' }] }, 'messages[0].role'],
  [turn([{ text: 'no type' }]), 'messages[0].content[0]'],
  [turn(7), 'messages[0].content'],
  [turn([{ type: 'tool_result', content: 'x' }]), 'messages[0].content[0].tool_use_id'],
  [{ messages: [{ role: 'assistant', content: [{ type: 'tool_use', id: 'a' }] }] }, 'messages[0].content[0].name'],
  [{ system: 7 }, 'system'],
  [{ max_tokens: '9' }, 'max_tokens'],
  [{ max_tokens: -1 }, 'max_tokens'],
  [{ temperature: 'hot' }, 'temperature'],
  [{ tools: {} }, 'tools'],
  [{ tools: [{ input_schema: {} }] }, 'tools[0].name'],
  [{ tool_choice: { type: 'tool' } }, 'tool_choice.name'],
  [{ tool_choice: { type: 'perhaps' } }, 'tool_choice.type'],
  [{ thinking: { type: 'enabled', budget_tokens: 'much' } }, 'thinking.budget_tokens'],
] as const)('a bad request names its field: %j', (body, field) => {
  expect(() => decode(body as JsonObject)).toThrow(
    expect.objectContaining({ kind: 'bad-request', details: { field } }),
  ); // readonly rows are JSON
});
