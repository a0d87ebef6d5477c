import { describe, expect, test } from 'vitest';
import type { Message, Part } from '../../conversation/message.ts';
import { list, object, type JsonObject } from '../../json.ts';
import { assistant, call, encode, look, result, roles, said, sonnet45, system, user } from '../../testing/anthropic.ts';
import { anthropicMessages } from './index.ts';

describe('system', () => {
  test('S2 leading system turns go into system, later ones stay where the rules allow', () => {
    const { body, notices } = encode({
      messages: [
        system('One.', 'top'),
        system('Two.'),
        user('Hi'),
        system('Three.'),
        assistant(said('Yes.')),
        user('Go.'),
        system('Four.'),
      ],
    });
    expect(body.system).toEqual([
      { type: 'text', text: 'One.' },
      { type: 'text', text: 'Two.' },
    ]);
    expect(roles(body)).toEqual(['user', 'system', 'assistant', 'user', 'system']);
    expect(notices).toEqual([]);
  });
  test('S2 adjacent system turns become one, and one before the user’s words goes behind them', () => {
    const { body, fields } = encode({
      messages: [user('Hi'), assistant(said('Yes.')), system('A'), system('B'), user('Go.')],
    });
    expect(body.messages).toEqual([
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Yes.' },
      { role: 'user', content: 'Go.' },
      {
        role: 'system',
        content: [
          { type: 'text', text: 'A' },
          { type: 'text', text: 'B' },
        ],
      },
    ]);
    expect(fields).toEqual(['approximated messages']);
  });
  test('T11 turns of one role are one turn', () => {
    const { body } = encode({
      messages: [user('One'), user('Two'), assistant(said('Three.')), assistant(said('Four.')), user('Five')],
    });
    expect(body.messages).toEqual([
      { role: 'user', content: [textBlock('One'), textBlock('Two')] },
      { role: 'assistant', content: [textBlock('Three.'), textBlock('Four.')] },
      { role: 'user', content: 'Five' },
    ]);
  });
  test('S2 after the assistant’s last turn a system turn is written as a user turn', () => {
    const { body } = encode({ messages: [user('Hi'), assistant(said('Yes.')), system('Be brief.')] });
    expect(roles(body)).toEqual(['user', 'assistant', 'user']);
  });
  test('S2 a system turn may follow an assistant turn that ends in a server tool', () => {
    const native: Part = { type: 'native', dialect: 'anthropic-messages', value: { type: 'web_fetch_tool_result' } };
    expect(roles(encode({ messages: [user('Hi'), assistant(native), system('Stop.')] }).body)).toEqual([
      'user',
      'assistant',
      'system',
    ]);
  });
  test('S2 a model without system turns gets all of them hoisted, and the caller is told', () => {
    const { body, fields } = encode(
      { messages: [user('Hi'), system('Late.'), assistant(said('Yes.')), user('Go.')] },
      sonnet45,
    );
    expect(body.system).toBe('Late.');
    expect(roles(body)).toEqual(['user', 'assistant', 'user']);
    expect(fields).toEqual(['approximated messages']);
  });
  test('S4 several system messages keep their order and their cache marks', () => {
    const marked: Message = {
      role: 'system',
      authority: 'system',
      placement: 'top',
      parts: [{ ...said('Two.'), cache: {} } as Part],
    }; // a spread text part
    expect(encode({ messages: [system('One.'), marked, user('Hi')] }).body.system).toEqual([
      { type: 'text', text: 'One.' },
      { type: 'text', text: 'Two.', cache_control: { type: 'ephemeral' } },
    ]);
  });
  test('a conversation of system text alone still asks the user’s way', () => {
    expect(encode({ messages: [system('Only me.', 'top')] }).body.messages).toEqual([
      { role: 'user', content: 'Begin.' },
    ]);
  });
});

describe('turns', () => {
  test('T1 T4 results and the user’s words after them are one turn, results first', () => {
    const { body } = encode({
      messages: [user('Hi'), assistant(call('a'), call('b')), result('a', '1'), result('b', '2'), user('So?')],
      tools: [look],
    });
    expect(list(body.messages)[2]).toEqual({
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'a', content: '1' },
        { type: 'tool_result', tool_use_id: 'b', content: '2' },
        { type: 'text', text: 'So?' },
      ],
    });
  });
  test('T9 arguments become an object, whatever the model wrote', () => {
    const inputs = ['', ' ', 'null', '{"n":12345678901234567890}', '[1]', 'not json'].map((written) => {
      const { body } = encode({
        messages: [user('Hi'), assistant({ ...call('a'), arguments: written }), result('a', '1')],
        tools: [look],
      });
      return JSON.stringify(object(list(object(list(body.messages)[1])?.content)[0])?.input);
    });
    expect(inputs).toEqual(['{}', '{}', '{}', '{"n":12345678901234567890}', '{"input":[1]}', '{"input":"not json"}']);
  });
  test('T12 text of white space alone is left out, and a turn left empty with it', () => {
    const { body } = encode({
      messages: [user('Hi'), assistant(said('\n\n'), call('a')), result('a', ' '), user(' ')],
      tools: [look],
    });
    expect(list(body.messages).slice(1)).toEqual([
      { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'look', input: {} }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a' }] },
    ]);
  });
  test('T13 a failed result says so, a structured one without content is told as JSON', () => {
    const failed: Message = {
      role: 'tool',
      results: [{ callId: 'a', kind: 'function', content: [], structured: { error: 'no' }, failed: true }],
    };
    const { body } = encode({ messages: [user('Hi'), assistant(call('a')), failed], tools: [look] });
    expect(object(list(body.messages)[2])?.content).toEqual([
      { type: 'tool_result', tool_use_id: 'a', content: '{"error":"no"}', is_error: true },
    ]);
  });
  test('T15 a prefill goes to models that take one, trimmed; others are asked to go on', () => {
    const messages = [user('Hi'), assistant(said('The answer is  '))];
    expect(encode({ messages }, sonnet45).body.messages).toEqual([
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'The answer is' },
    ]);
    const { body, fields } = encode({ messages });
    expect(roles(body)).toEqual(['user', 'assistant', 'user']);
    expect(fields).toEqual(['approximated messages']);
  });
  test('P3 a string and a list of one text block give the same bytes', () => {
    const decode = (content: string | JsonObject[]) =>
      anthropicMessages.decodeRequest(
        { model: 'm', max_tokens: 9, messages: [{ role: 'user', content }] },
        { glance: { model: 'm', streaming: false }, headers: {}, report: () => undefined },
      );
    const body = (content: string | JsonObject[]) => JSON.stringify(encode(decode(content)).body);
    expect(body([{ type: 'text', text: 'Hi' }])).toBe(body('Hi'));
  });
  test('P4 a grown conversation begins with the same bytes', () => {
    const start = [user('Hi'), assistant(call('a')), result('a', '1')];
    const short = JSON.stringify(encode({ messages: start, tools: [look] }).body.messages);
    const long = JSON.stringify(
      encode({ messages: [...start, assistant(said('Done.')), user('More.')], tools: [look] }).body.messages,
    );
    expect(long.startsWith(short.slice(0, -1))).toBe(true);
  });
});

describe('reasoning in history', () => {
  const sealed = (issuer: string, redacted = false): Part => ({
    type: 'reasoning',
    text: redacted ? '' : 'Hm.',
    seal: { issuer, value: 'SIG' },
    ...(redacted && { redacted: true }),
  });
  const assistantContent = (body: JsonObject) => object(list(body.messages)[1])?.content;

  test('Z1 own thinking goes back unmodified and in order', () => {
    const { body, notices } = encode({
      messages: [
        user('Hi'),
        assistant(sealed('anthropic-messages'), sealed('anthropic-messages', true), said('Yes.')),
        user('Go.'),
      ],
    });
    expect(assistantContent(body)).toEqual([
      { type: 'thinking', thinking: 'Hm.', signature: 'SIG' },
      { type: 'redacted_thinking', data: 'SIG' },
      { type: 'text', text: 'Yes.' },
    ]);
    expect(notices).toEqual([]);
  });
  test('Z2 Z3 unsigned and foreign thinking stays behind, and only readable thoughts are a loss', () => {
    const { body, fields } = encode({
      messages: [
        user('Hi'),
        assistant(
          sealed('gemini-generate'),
          { type: 'reasoning', text: 'Unsigned.' },
          sealed('openai-responses', true),
          said('Yes.'),
        ),
        user('Go.'),
      ],
    });
    expect(assistantContent(body)).toBe('Yes.');
    expect(fields).toEqual(['dropped messages', 'dropped messages']);
  });
  test('Z2 a provider with a signer of its own takes only its own seals', () => {
    const messages = [
      user('Hi'),
      assistant(sealed('anthropic-messages'), sealed('vertex', true), said('Yes.')),
      user('Go.'),
    ];
    expect(assistantContent(encode({ messages }, undefined, 'vertex').body)).toEqual([
      { type: 'redacted_thinking', data: 'SIG' },
      { type: 'text', text: 'Yes.' },
    ]);
  });
  test('Z1 with a budget, a tool loop whose thinking was lost goes on without thinking', () => {
    const messages = [user('Hi'), assistant(sealed('gemini-generate'), call('a')), result('a', '1')];
    const reasoning = { budgetTokens: 2000 };
    const extras = {
      'anthropic-messages': { context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] } },
    };
    const lost = encode({ messages, reasoning, tools: [look], extras }, sonnet45);
    expect(lost.body.thinking).toBeUndefined();
    expect(lost.body.context_management).toBeUndefined();
    expect(lost.fields).toContain('dropped reasoning');
    const kept = [user('Hi'), assistant(sealed('anthropic-messages'), call('a')), result('a', '1')];
    expect(encode({ messages: kept, reasoning, tools: [look] }, sonnet45).body.thinking).toEqual({
      type: 'enabled',
      budget_tokens: 2000,
    });
    expect(
      encode({ messages, reasoning: { effort: 'high' }, tools: [look] }).body.thinking,
      'adaptive does not mind',
    ).toEqual({ type: 'adaptive' });
  });
});

function textBlock(text: string) {
  return { type: 'text', text };
}
