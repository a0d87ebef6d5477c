/** The vendors that decide: what they stream is what their SDKs' types say, and what they would refuse is found. */
import { describe, expect, test } from 'vitest';
import { pairFaults, questionFaults } from '../vendors/faults.ts';
import { vendors } from '../vendors/index.ts';
import type { Piece, Reply } from '../vendors/vendor.ts';
import type { WireSchemaName } from '../wire-schemas/generate.ts';
import { schemaFaults } from '../wire-schemas/validate.ts';

const reply: Reply = {
  thought: 'Both are needed, I think.',
  seal: 'c2VhbA==',
  text: 'Let me look at both.',
  calls: [
    { id: 'call_a', name: 'get_weather', args: { city: 'Köln' } },
    { id: 'call_b', name: 'list_files', args: {} },
  ],
};

test.each<[keyof typeof vendors, WireSchemaName]>([
  ['openai-chat', 'openai-chat-event'],
  ['openai-responses', 'openai-responses-event'],
  ['anthropic-messages', 'anthropic-messages-event'],
  ['gemini-generate', 'gemini-generate-reply'],
])('%s streams what its types say', (dialect, schema) => {
  for (const said of [reply, { ...reply, calls: [] }]) {
    const text = Buffer.concat([...vendors[dialect].stream(said, 'e2e1')]).toString();
    const events = [...text.matchAll(/^data: (\{.*)$/gm)].map(([, data = '']) => JSON.parse(data) as unknown);
    expect(events.length).toBeGreaterThan(4);
    expect(events.flatMap((event) => schemaFaults(schema, event))).toEqual([]);
  }
});

describe('pairs', () => {
  const say = (text: string): Piece => ({ type: 'text', text });
  const call = (id: string): Piece => ({ type: 'call', id, name: 'f' });
  const result = (id: string): Piece => ({ type: 'result', id, text: 'r' });
  test.each<[readonly Piece[], readonly string[]]>([
    [[say('q'), call('a'), call('b'), result('b'), result('a'), say('w')], []],
    [[call('a')], ['call a is not answered']],
    [[result('a')], ['result a answers no call']],
    [[call('a'), result('a'), result('a')], ['result a answers no call']],
    [[call('a'), call('b'), result('a'), say('w'), result('b')], ['text comes before b was answered']],
    [[call('a'), call('b'), result('a'), call('c'), result('b'), result('c')], ['call c comes before b was answered']],
  ])('%j', (pieces, faults) => {
    expect(pairFaults(pieces)).toEqual(faults);
  });
});

test('a proof of somebody else is found, and one of its own is none', () => {
  const vendor = vendors['bedrock-converse'];
  const thought = { reasoningContent: { reasoningText: { text: 'Hm.', signature: 'c2VhbA==' } } };
  const body = {
    messages: [
      { role: 'user', content: [{ text: 'Hi' }] },
      { role: 'assistant', content: [thought, { text: 'Hello' }] },
      { role: 'user', content: [{ text: 'So?' }] },
    ],
  };
  const question = { path: '/model/m/converse-stream', headers: {}, body, raw: '', seen: vendor.read(body) };
  expect(questionFaults(vendor, question, { relayed: false, issued: ['c2VhbA=='] })).toEqual([]);
  expect(questionFaults(vendor, question, { relayed: false, issued: [] })).toEqual([
    "the proof c2VhbA== is none of this vendor's",
  ]);
});
