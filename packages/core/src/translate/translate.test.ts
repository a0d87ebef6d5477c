import { expect, test } from 'vitest';
import { carrySeal, unproven } from '../conversation/seal.ts';
import { anthropicMessages, geminiGenerate, openaiChat } from '../dialects/registry.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { JsonObject } from '../json.ts';
import type { ModelFacts } from '../models/model-facts.ts';
import { inboundOf } from './decode.ts';
import { translate } from './translate.ts';

const settings = { created: 0, newId: (prefix: string) => `${prefix}1` };

function translated(dialect: Dialect, body: JsonObject, facts: ModelFacts = {}, to: Dialect = dialect) {
  const door = dialect.doors.find(({ operation }) => operation === 'generate');
  if (!door) throw new Error('no door');
  const knock = { door, params: { model: 'm' }, query: new URLSearchParams(), headers: {} };
  const inbound = inboundOf(dialect, knock, new TextEncoder().encode(JSON.stringify(body)));
  return translate(inbound, { dialect: to, model: 'm', facts, signer: to.name }, settings);
}

const messages = (signature: string) => ({
  model: 'm',
  max_tokens: 9,
  messages: [
    { role: 'user', content: 'Hi' },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'Hm.', signature },
        { type: 'text', text: 'Yes?' },
      ],
    },
    { role: 'user', content: 'Go on.' },
  ],
});

test('Z2 a relay that replays another vendor’s reasoning goes over the hub, which leaves that behind', () => {
  expect(translated(anthropicMessages, messages('its-own')).way).toBe('relay');
  for (const seal of [{ issuer: 'gemini-generate', value: 'x' }, unproven]) {
    const { way, body } = translated(anthropicMessages, messages(carrySeal(seal, 'anthropic-messages')));
    expect(way).toBe('convert');
    expect(body).not.toContain('thinking');
    expect(body).toContain('Yes?');
  }
});

test('what only other Chat vendors know makes OpenAI’s own servers refuse, and so keeps a request from being relayed', () => {
  const body = {
    model: 'm',
    messages: [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Yes?', reasoning_content: 'Hm.' },
      { role: 'user', content: 'Go on.' },
    ],
  };
  expect(translated(openaiChat, body).way).toBe('relay');
  expect(translated(openaiChat, body, { openaiMembers: true }).way).toBe('convert');
});

test('a reply from abroad is marked where it lacks a proof, whole and streamed', () => {
  const request = { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] };
  const call = { id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } };
  const message = {
    role: 'assistant',
    content: null,
    reasoning_content: 'Hm.',
    tool_calls: [call, { ...call, id: 'd' }],
  };
  const reply = { id: 'r', model: 'm', choices: [{ index: 0, message, finish_reason: 'tool_calls' }] };
  const { whole, stream } = translated(geminiGenerate, request, {}, openaiChat);
  const marks = (text: unknown) => String(text).split(carrySeal(unproven, 'gemini-generate')).length - 1;
  expect(marks(whole(new TextEncoder().encode(JSON.stringify(reply)), 'application/json').body)).toBe(2);
  const { tool_calls: calls, ...rest } = message;
  const delta = { ...rest, tool_calls: calls.map((one, index) => ({ ...one, index })) };
  const chunk = { id: 'r', model: 'm', choices: [{ index: 0, delta, finish_reason: 'tool_calls' }] };
  const translator = stream('text/event-stream');
  const pushed = translator.push(new TextEncoder().encode(`data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`));
  expect(marks(`${String(pushed)}${String(translator.end())}`)).toBe(2);
});
