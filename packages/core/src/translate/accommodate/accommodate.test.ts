import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Conversation } from '../../conversation/conversation.ts';
import type { AssistantMessage, Message, Part, ToolResult } from '../../conversation/message.ts';
import type { Notice } from '../../conversation/notice.ts';
import type { Tool } from '../../conversation/tool.ts';
import type { DialectLimits } from '../../dialects/dialect.ts';
import { accommodate } from './accommodate.ts';
import { inputUnwrapper, unwrapInput } from './custom-tools.ts';

const plainLimits: DialectLimits = {
  toolNames: { pattern: /^[a-zA-Z0-9_-]+$/, maxLength: 64 },
  callIds: { pattern: /^[a-zA-Z0-9_-]+$/, maxLength: 64 },
  customTools: false,
  namespaces: false,
};

function fit(given: Partial<Conversation>, limits = plainLimits) {
  const notices: Notice[] = [];
  const conversation: Conversation = { model: 'm', streaming: false, messages: [], tools: [], sampling: {}, ...given };
  const accommodation = accommodate(conversation, limits, {}, (notice) => void notices.push(notice));
  return { ...accommodation, notices };
}

const call = (id: string, name = 'f'): Part => ({ type: 'tool-call', id, name, kind: 'function', arguments: '{}' });
const calls = (...parts: Part[]): AssistantMessage => ({ role: 'assistant', parts });
const result = (callId: string, text = callId): ToolResult => ({
  callId,
  kind: 'function',
  content: [{ type: 'text', text }],
  failed: false,
});
const user = (text: string): Message => ({ role: 'user', parts: [{ type: 'text', text }] });
const resultIds = (messages: readonly Message[]) =>
  messages.map((message) => (message.role === 'tool' ? message.results.map(({ callId }) => callId) : message.role));

describe('results', () => {
  test('T1 T5 results of one turn follow it as one turn, in call order', () => {
    const { conversation, notices } = fit({
      messages: [
        calls(call('a'), call('b')),
        { role: 'tool', results: [result('b')] },
        { role: 'tool', results: [result('a')] },
      ],
    });
    expect(resultIds(conversation.messages)).toEqual(['assistant', ['a', 'b']]);
    expect(notices).toEqual([]);
  });

  test('T16 a result behind other messages is moved to its call', () => {
    const { conversation } = fit({
      messages: [calls(call('a')), user('wait'), { role: 'tool', results: [result('a')] }],
    });
    expect(resultIds(conversation.messages)).toEqual(['assistant', ['a'], 'user']);
  });

  test('T10 an orphan becomes text, an unanswered call gets a failed result, the last duplicate wins', () => {
    const { conversation, notices } = fit({
      messages: [
        calls(call('a'), call('b')),
        { role: 'tool', results: [result('a', 'old'), result('zzz'), result('a', 'new')] },
        user('go on'),
      ],
    });
    expect(resultIds(conversation.messages)).toEqual(['assistant', ['a', 'b'], 'user', 'user']);
    const [, tool] = conversation.messages;
    if (tool?.role !== 'tool') throw new Error('no tool turn');
    expect(tool.results[0]?.content).toEqual([{ type: 'text', text: 'new' }]);
    expect(tool.results[1]?.failed).toBe(true);
    expect(notices.map(({ type }) => type).sort()).toEqual(['approximated', 'defaulted']);
  });

  test('T6 results without ids answer calls of their name in order', () => {
    const { conversation } = fit({
      messages: [
        calls(call('', 'f'), call('', 'g'), call('', 'f')),
        {
          role: 'tool',
          results: [
            { ...result('', 'g1'), name: 'g' },
            { ...result('', 'f1'), name: 'f' },
            { ...result('', 'f2'), name: 'f' },
          ],
        },
      ],
    });
    const [turn, tool] = conversation.messages;
    if (tool?.role !== 'tool' || turn?.role !== 'assistant') throw new Error('no turns');
    expect(tool.results.map(({ content }) => content)).toEqual([
      [{ type: 'text', text: 'f1' }],
      [{ type: 'text', text: 'g1' }],
      [{ type: 'text', text: 'f2' }],
    ]);
    const ids = turn.parts.map((part) => (part.type === 'tool-call' ? part.id : ''));
    expect(new Set(ids).size).toBe(3);
    expect(tool.results.map(({ callId }) => callId)).toEqual(ids);
  });

  test('whatever the history, every call is answered once, right after its turn', () => {
    const id = fc.constantFrom('a', 'b', 'c', '');
    const message: fc.Arbitrary<Message> = fc.oneof(
      fc.array(id, { maxLength: 3 }).map((ids) => calls({ type: 'text', text: 'x' }, ...ids.map((one) => call(one)))),
      fc.array(id, { maxLength: 3 }).map((ids) => ({ role: 'tool', results: ids.map((one) => result(one)) }) as const),
      fc.constant(user('hi')),
    );
    fc.assert(
      fc.property(fc.array(message, { maxLength: 8 }), (messages) => {
        const fitted = fit({ messages }).conversation.messages;
        const seen = new Set<string>();
        fitted.forEach((one, index) => {
          if (one.role === 'assistant') {
            const ids = one.parts.flatMap((part) => (part.type === 'tool-call' ? [part.id] : []));
            for (const each of ids) expect(seen.has(each)).toBe(false);
            for (const each of ids) seen.add(each);
            const next = fitted[index + 1];
            if (ids.length > 0) expect(next?.role === 'tool' && next.results.map(({ callId }) => callId)).toEqual(ids);
          }
          if (one.role === 'tool') expect(fitted[index - 1]?.role).toBe('assistant');
        });
      }),
    );
  });
});

describe('names', () => {
  const tool = (name: string, namespace?: string): Tool => ({
    type: 'function',
    name,
    ...(namespace !== undefined && { namespace: { name: namespace } }),
  });

  test('J8 over-long and dotted names are shortened without collisions and restored', () => {
    const long = `mcp__${'x'.repeat(80)}`;
    const { conversation, restoreReply } = fit({
      tools: [tool(`${long}1`), tool(`${long}2`), tool('a.b'), tool('fine')],
      messages: [calls(call('1', `${long}2`))],
      toolChoice: { type: 'tool', tool: { name: `${long}2`, kind: 'function' } },
    });
    const names = conversation.tools.map((one) => (one.type === 'function' ? one.name : ''));
    expect(new Set(names).size).toBe(4);
    for (const name of names) expect(name).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
    expect(names[3]).toBe('fine');
    expect(conversation.toolChoice).toMatchObject({ tool: { name: names[1] } });
    expect(conversation.messages[0]).toMatchObject({ parts: [{ name: names[1] }] });
    expect(conversation.messages[1]).toMatchObject({ results: [{ name: names[1] }] });
    const reply = restoreReply({
      id: '',
      model: '',
      candidates: [{ parts: [call('2', names[2])], finish: { reason: 'tool-calls' } }],
    });
    expect(reply.candidates[0]?.parts[0]).toMatchObject({ name: 'a.b' });
  });

  test('CX4 namespaces are flattened reversibly, also beside a tool of the flat name', () => {
    const { conversation, restoreEvents } = fit({ tools: [tool('a__b'), tool('b', 'a'), tool('b')] });
    const names = conversation.tools.map((one) => (one.type === 'function' ? one.name : ''));
    expect(new Set(names).size).toBe(3);
    const restore = restoreEvents();
    expect(restore?.({ type: 'tool-call-start', part: 0, id: '1', name: names[1] ?? '', kind: 'function' })).toEqual([
      { type: 'tool-call-start', part: 0, id: '1', name: 'b', namespace: 'a', kind: 'function' },
    ]);
  });

  test('nothing to restore when nothing had to change', () => {
    expect(fit({ tools: [tool('a'), tool('b')] }).restoreEvents()).toBeUndefined();
  });
});

describe('custom tools', () => {
  test('CX3 a custom tool becomes a function with one string and comes back as custom', () => {
    const { conversation, restoreEvents, restoreReply, notices } = fit({
      tools: [{ type: 'custom', name: 'exec', format: { type: 'grammar', syntax: 'lark', definition: 'start: X' } }],
      messages: [calls({ type: 'tool-call', id: '1', name: 'exec', kind: 'custom', arguments: 'print "x"' })],
    });
    expect(conversation.tools[0]).toMatchObject({ type: 'function', parameters: { required: ['input'] } });
    expect(conversation.messages[0]).toMatchObject({
      parts: [{ kind: 'function', arguments: '{"input":"print \\"x\\""}' }],
    });
    expect(notices.filter(({ type }) => type === 'approximated')).toHaveLength(1);
    const restore = restoreEvents();
    const text = ['{"in', 'put": "a\\', 'n\\u00e9\\ud83d', '\\ude00"', '}'].flatMap((piece) =>
      (restore?.({ type: 'tool-call-delta', part: 0, text: piece }) ?? []).map((event) =>
        'text' in event ? event.text : '',
      ),
    );
    expect(text.join('')).toBe('{"input": "a\\n\\u00e9\\ud83d\\ude00"}'); // a call that never started is not ours
    restore?.({ type: 'tool-call-start', part: 0, id: '1', name: 'exec', kind: 'function' });
    const pieces = ['{"in', 'put": "a\\', 'n\\u00e9\\ud83d', '\\ude00"', '}'].flatMap((piece) =>
      (restore?.({ type: 'tool-call-delta', part: 0, text: piece }) ?? []).map((event) =>
        'text' in event ? event.text : '',
      ),
    );
    expect(pieces.join('')).toBe('a\né😀');
    const reply = restoreReply({
      id: '',
      model: '',
      candidates: [
        {
          parts: [{ type: 'tool-call', id: '1', name: 'exec', kind: 'function', arguments: '{"input":"y"}' }],
          finish: { reason: 'stop' },
        },
      ],
    });
    expect(reply.candidates[0]?.parts[0]).toMatchObject({ kind: 'custom', arguments: 'y' });
  });

  test('unwrapping in pieces says what unwrapping at once says', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(20), fc.boolean(), (input, size, ascii) => {
        let written = JSON.stringify({ input });
        if (ascii)
          written = written.replace(
            /[^\x20-\x7e]/g,
            (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
          );
        const unwrapper = inputUnwrapper();
        let out = '';
        for (let at = 0; at < written.length; at += size + 1) out += unwrapper.push(written.slice(at, at + size + 1));
        expect(out + unwrapper.end()).toBe(input);
        expect(unwrapInput(written)).toBe(input);
      }),
    );
  });

  test('what is not wrapped as agreed is handed on as it is', () => {
    const unwrapper = inputUnwrapper();
    expect(unwrapper.push('{"command":"ls"}') + unwrapper.end()).toBe('{"command":"ls"}');
  });
});

test('T12 empty text and empty turns are left out', () => {
  const { conversation } = fit({
    messages: [user(''), user('hi'), { role: 'assistant', parts: [{ type: 'text', text: '' }] }],
  });
  expect(conversation.messages).toEqual([user('hi')]);
});

test('P4 a grown conversation keeps its fitted prefix', () => {
  const start: Message[] = [user('hi'), calls(call('x.1', 'a.b')), { role: 'tool', results: [result('x.1')] }];
  const grown: Message[] = [...start, calls(call('x.2', 'a.b')), { role: 'tool', results: [result('x.2')] }];
  expect(fit({ messages: grown }).conversation.messages.slice(0, 3)).toEqual(
    fit({ messages: start }).conversation.messages,
  );
});
