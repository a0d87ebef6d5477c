import { describe, expect, test } from 'vitest';
import type { Part } from '../../conversation/message.ts';
import { carrySeal } from '../../conversation/seal.ts';
import type { FunctionTool } from '../../conversation/tool.ts';
import { Failure } from '../../conversation/failure.ts';
import { list, object, type JsonObject } from '../../json.ts';
import { factsOf } from '../../models/facts.ts';
import { openaiResponses } from './index.ts';
import { decode, encode, input, user } from '../../testing/openai-responses.ts';

const call = (id: string, name = 'look'): JsonObject => ({ type: 'function_call', call_id: id, name, arguments: '{}' });
const output = (id: string): JsonObject => ({ type: 'function_call_output', call_id: id, output: `of ${id}` });
const roles = (body: JsonObject) =>
  decode(body).messages.map((message) =>
    message.role === 'tool' ? `tool ${message.results.map(({ callId }) => callId).join()}` : message.role,
  );
const tool = (members: Partial<FunctionTool> = {}): FunctionTool => ({ type: 'function', name: 'look', ...members });
const failure = (body: JsonObject) => {
  try {
    decode(body);
  } catch (error) {
    if (error instanceof Failure) return { kind: error.kind, field: error.details.field, message: error.message };
    throw error;
  }
  return undefined;
};

describe('turns', () => {
  test('S6 instructions come first, then developer items in order', () => {
    const { messages } = decode({
      instructions: 'One.',
      input: [{ role: 'developer', content: 'Two.' }, user('Hi'), { role: 'system', content: 'Three.' }],
    });
    expect(messages.map(({ role, ...rest }) => [role, 'placement' in rest && rest.placement])).toEqual([
      ['system', 'top'],
      ['system', 'inline'],
      ['user', false],
      ['system', 'inline'],
    ]);
    const { body } = encode({ messages });
    expect(body.instructions).toBe('One.');
    expect((body.input as JsonObject[]).map(({ role }) => role)).toEqual(['developer', 'user', 'system']); // written above
  });
  test('S6 several top blocks are joined by a blank line, and keep their marks as a developer item instead', () => {
    const system = (cache?: { ttl?: '1h' }) =>
      ({
        role: 'system',
        authority: 'developer',
        placement: 'top',
        parts: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b', ...(cache && { cache }) },
        ],
      }) as const;
    const said = { role: 'user', parts: [{ type: 'text', text: 'Hi' }] } as const;
    expect(encode({ messages: [system(), said] }).body.instructions).toBe('a\n\nb');
    const marked = encode({ messages: [system({ ttl: '1h' })] }, { cacheBreakpoints: true }).body;
    expect(marked.instructions).toBeUndefined();
    expect(marked.input).toEqual([
      {
        type: 'message',
        role: 'developer',
        content: [
          { type: 'input_text', text: 'a' },
          { type: 'input_text', text: 'b', prompt_cache_breakpoint: { mode: 'explicit', ttl: '12h' } },
        ],
      },
    ]);
  });
  test('S7 instructions that stand alone are said in the input, which may not be empty', () => {
    const { body } = encode({ messages: decode({ instructions: 'Say hi.' }).messages });
    expect(body.instructions).toBeUndefined();
    expect(body.input).toMatchObject([{ role: 'system', content: [{ text: 'Say hi.' }] }]);
  });
  test('T16 reasoning, text and calls are one turn until a user message or an output', () => {
    const reasoning = { type: 'reasoning', summary: [], encrypted_content: 'x' };
    const text = { role: 'assistant', content: 'text' };
    expect(
      roles({ input: [user('a'), reasoning, text, call('1'), call('2'), output('1'), output('2'), text] }),
    ).toEqual(['user', 'assistant', 'tool 1,2', 'assistant']);
    expect(roles({ input: [user('a'), text, user('b'), reasoning, call('1'), output('1')] })).toEqual([
      'user',
      'assistant',
      'user',
      'assistant',
      'tool 1',
    ]);
  });
  test('T16 calls answered one by one are turns of their own', () => {
    expect(roles({ input: [call('1'), output('1'), call('2'), output('2')] })).toEqual([
      'assistant',
      'tool 1',
      'assistant',
      'tool 2',
    ]);
  });
  test('T16 an output goes behind its call even with messages between', () => {
    expect(roles({ input: [call('1'), call('2'), output('2'), user('wait'), output('1')] })).toEqual([
      'assistant',
      'tool 2,1',
      'user',
    ]);
  });
  test('T16 an output whose call is gone keeps its place', () => {
    expect(roles({ input: [user('a'), output('9'), user('b')] })).toEqual(['user', 'tool 9', 'user']);
  });
  test('T9 arguments are JSON text; a call without any was called with an empty object', () => {
    const written = (value: JsonObject[string]) => {
      const [message] = decode({ input: [{ ...call('1'), arguments: value }] }).messages;
      return message?.role === 'assistant' && message.parts[0]?.type === 'tool-call' && message.parts[0].arguments;
    };
    expect(['', 'null', null, '{}', '{"id":9007199254740993}', { a: 1 }].map(written)).toEqual([
      '{}',
      '{}',
      '{}',
      '{}',
      '{"id":9007199254740993}',
      '{"a":1}',
    ]);
  });
  test('T13 a failed result keeps its text, and the lost mark is admitted', () => {
    const { body, notices } = encode({
      messages: [
        {
          role: 'tool',
          results: [
            { callId: 'c', kind: 'function', content: [{ type: 'text', text: 'boom' }], failed: true, at: 'x' },
          ],
        },
      ],
    });
    expect(body.input).toEqual([{ type: 'function_call_output', call_id: 'c', output: 'boom' }]);
    expect(notices).toMatchObject([{ type: 'approximated', field: 'x.is_error' }]);
  });
  test('R8 no id goes upstream, and call_id is never the item id', () => {
    const { messages } = decode({
      input: [
        { ...call('call_1'), id: 'fc_1' },
        { ...output('call_1'), id: 'fco_1' },
        { ...user('x'), id: 'msg_1' },
      ],
    });
    const items = input({ messages });
    expect(items.some((item) => 'id' in item)).toBe(false);
    expect(items.map((item) => item.call_id)).toEqual(['call_1', 'call_1', undefined]);
  });
  test.each([
    ['previous_response_id', 'resp_1'],
    ['conversation', { id: 'conv_1' }],
    ['background', true],
    ['prompt', { id: 'pmpt_1' }],
  ])('R11 %s is refused with the mend instead of forgotten', (field, value) => {
    expect(failure({ input: 'Hi', [field]: value })).toMatchObject({ kind: 'bad-request', field });
    expect(failure({ input: 'Hi', [field]: null })).toBeUndefined();
  });
  test('R11 background: false and store: true are taken', () => {
    expect(failure({ input: 'Hi', background: false, store: true })).toBeUndefined();
    expect(encode(decode({ input: 'Hi', store: true })).body.store).toBe(true);
  });
  test('R11 a reference to a stored item is refused, and named', () => {
    expect(failure({ input: [user('a'), { type: 'item_reference', id: 'msg_1' }] })).toMatchObject({
      field: 'input[1]',
    });
  });
  test.each([
    [{ input: 7 }, 'input'],
    [{ input: ['x'] }, 'input[0]'],
    [{ input: [{ role: 'narrator', content: '' }] }, 'input[0].role'],
    [{ input: [{ role: 'user' }] }, 'input[0].content'],
    [{ input: [{ type: 'input_text', text: 'x' }] }, 'input[0]'],
    [{ input: [user({ type: 'input_text' })] }, 'input[0].content[0].text'],
    [{ input: [user({ type: 'input_image' })] }, 'input[0].content[0].image_url'],
    [{ input: [user({ type: 'input_image', image_url: 'data:image/png,raw' })] }, 'input[0].content[0].image_url'],
    [{ input: [user({ type: 'input_file' })] }, 'input[0].content[0].file_data'],
    [{ input: [{ type: 'function_call', name: 'x' }] }, 'input[0].call_id'],
    [{ input: [{ type: 'function_call_output', output: '' }] }, 'input[0].call_id'],
    [{ input: 'x', tools: [{ type: 'function' }] }, 'tools[0].name'],
    [{ input: 'x', tools: {} }, 'tools'],
    [{ input: 'x', tool_choice: 'any' }, 'tool_choice'],
    [{ input: 'x', tool_choice: { type: 'function' } }, 'tool_choice.name'],
    [{ input: 'x', temperature: 'hot' }, 'temperature'],
    [{ input: 'x', instructions: ['x'] }, 'instructions'],
    [{ input: 'x', text: { format: { type: 'json_schema' } } }, 'text.format.schema'],
  ])('%j is refused, naming %s', (body, field) => {
    expect(failure(body)).toMatchObject({ kind: 'bad-request', field });
  });
});

describe('reasoning', () => {
  const turn = (...parts: Part[]) => ({ messages: [{ role: 'assistant', parts } as const] });
  const sealed = (issuer: string): Part => ({ type: 'reasoning', text: 'so', seal: { issuer, value: 'gAAA' } });

  test('Z8 own seals go back, without an id; foreign and unsealed reasoning stays behind', () => {
    expect(input(turn(sealed('openai-responses')))).toEqual([
      { type: 'reasoning', summary: [{ type: 'summary_text', text: 'so' }], encrypted_content: 'gAAA' },
    ]);
    expect(input(turn(sealed('anthropic-messages'), { type: 'reasoning', text: 'so' }))).toEqual([]);
    expect(encode(turn({ type: 'reasoning', text: 'so', at: 'messages[1].content[0]' })).notices).toMatchObject([
      { type: 'dropped', field: 'messages[1].content[0]' },
    ]);
  });
  test('Z8 a reasoning item of history with an id and no seal is dropped', () => {
    const { messages } = decode({
      input: [
        { type: 'reasoning', id: 'rs_1', summary: [] },
        { ...call('1'), id: 'fc_1' },
      ],
    });
    expect(input({ messages })).toEqual([{ type: 'function_call', call_id: '1', name: 'look', arguments: '{}' }]);
  });
  test('Z7 the seals of other vendors come back to the thing they belong to', () => {
    const carried = (issuer: string, attachment?: 'call' | 'text' | 'redacted') => ({
      type: 'reasoning',
      summary: [],
      content: null,
      encrypted_content: carrySeal({ issuer, value: 'sig' }, 'openai-responses', attachment),
    });
    const [message] = decode({
      input: [
        carried('anthropic-messages'),
        carried('anthropic-messages', 'redacted'),
        { role: 'assistant', content: 'so' },
        carried('gemini-generate', 'text'),
        carried('gemini-generate', 'call'),
        call('1'),
      ],
    }).messages;
    const seal = { issuer: 'gemini-generate', value: 'sig' };
    expect(message).toMatchObject({
      role: 'assistant',
      parts: [
        { type: 'reasoning', seal: { issuer: 'anthropic-messages', value: 'sig' } },
        { type: 'reasoning', redacted: true },
        { type: 'text', seal },
        { type: 'tool-call', seal },
      ],
    });
  });
  test('Z13 effort and summary are asked for apart', () => {
    const ask = (reasoning: NonNullable<Parameters<typeof encode>[0]['reasoning']>) =>
      encode({ reasoning }).body.reasoning;
    expect(ask({ effort: 'high' })).toEqual({ effort: 'high' });
    expect(ask({ show: 'summary' })).toEqual({ summary: 'auto' });
    expect(ask({ effort: 'low', show: 'none' })).toEqual({ effort: 'low' });
    expect(decode({ input: '', reasoning: { summary: 'detailed' } }).reasoning).toEqual({
      show: 'summary',
      summaryDetail: 'detailed',
    });
    expect(decode({ input: '', reasoning: { effort: 'none' } }).reasoning).toEqual({ effort: 'none' });
  });
  test('Z13 an effort the model lacks becomes the next stronger one', () => {
    const { body, notices } = encode({ reasoning: { effort: 'minimal' } }, { efforts: ['low', 'medium', 'high'] });
    expect(body.reasoning).toEqual({ effort: 'low' });
    expect(notices).toMatchObject([{ type: 'approximated', field: 'reasoning.effort' }]);
    expect(encode({ reasoning: { effort: 'max' } }, { efforts: ['low', 'high'] }).body.reasoning).toEqual({
      effort: 'high',
    });
    expect(encode({ reasoning: { budgetTokens: 8192 } }).body.reasoning).toEqual({ effort: 'medium' });
    expect(encode({ reasoning: { mode: 'disabled' } }, { efforts: ['none', 'low'] }).body.reasoning).toEqual({
      effort: 'none',
    });
    expect(encode({ reasoning: { effort: 'high' } }, { efforts: [] }).body.reasoning).toBeUndefined();
  });
  test('Z7 encrypted reasoning is asked for when the model reasons, and only then', () => {
    expect(encode({}, factsOf('gpt-5.5')).body.include).toEqual(['reasoning.encrypted_content']);
    expect(encode({}, { efforts: [] }).body.include).toBeUndefined();
    expect(encode({}).body.include).toBeUndefined();
    expect(encode(turn(sealed('openai-responses'))).body.include).toEqual(['reasoning.encrypted_content']);
    expect(encode({}).body.store).toBe(false);
  });
  test('Z15 the sections of a summary are one text, joined by a blank line', () => {
    const summary = ['a', 'b'].map((text) => ({ type: 'summary_text', text }));
    expect(decode({ input: [{ type: 'reasoning', summary, encrypted_content: 'x' }] }).messages).toMatchObject([
      { parts: [{ type: 'reasoning', text: 'a\n\nb' }] },
    ]);
  });
});

describe('tools', () => {
  const parameters = {
    type: 'object',
    properties: { a: { type: 'string' } },
    required: ['a'],
    additionalProperties: false,
  };

  test('J4 a tool without arguments is written as an object without properties, and read as none', () => {
    expect(encode({ tools: [tool()] }).body.tools).toMatchObject([{ parameters: { type: 'object', properties: {} } }]);
    for (const parameters of [null, {}, { type: 'object' }, { type: 'object', properties: {} }])
      expect(
        decode({ input: '', tools: [{ type: 'function', name: 'look', parameters }] }).tools[0],
      ).not.toHaveProperty('parameters');
    expect(encode({ tools: [tool({ parameters: { $schema: 's' } })] }).body.tools).toMatchObject([
      { parameters: { type: 'object', properties: {}, $schema: 's' } },
    ]);
  });
  test('J7 strict left out by another dialect is written false, and left out by a Responses client stays open', () => {
    expect(encode({ tools: [tool({ parameters })] }).body.tools).toMatchObject([{ strict: false }]);
    const { tools } = decode({ input: '', tools: [{ type: 'function', name: 'look', parameters }] });
    expect(encode({ tools }).body.tools).toMatchObject([{ strict: null }]);
  });
  test('J7 strict is written only when the schema complies', () => {
    expect(encode({ tools: [tool({ parameters, strict: true })] }).body.tools).toMatchObject([{ strict: true }]);
    const loose = { ...parameters, required: [] };
    const { body, notices } = encode({ tools: [tool({ parameters: loose, strict: true, at: 'tools[0]' })] });
    expect(body.tools).toMatchObject([{ strict: false }]);
    expect(notices).toMatchObject([{ type: 'approximated', field: 'tools[0].strict' }]);
    const deep = { ...parameters, properties: { a: { type: 'array', items: { type: 'object', properties: {} } } } };
    expect(encode({ tools: [tool({ parameters: deep, strict: true })] }).body.tools).toMatchObject([{ strict: false }]);
  });
  test("J9 a vendor's own tool stays native at home and is dropped abroad, with a choice that named it", () => {
    const wire = [{ type: 'local_shell' }, { type: 'mcp', server_label: 'wiki', server_url: 'https://x.example' }];
    const { tools } = decode({ input: '', tools: wire });
    expect(tools.map((found) => found.type)).toEqual(['native', 'native']);
    expect(encode({ tools }).body.tools).toEqual(wire);
    const foreign = { type: 'native', dialect: 'anthropic-messages', name: 'bash', value: {} } as const;
    const { body, notices } = encode({
      tools: [foreign, tool()],
      toolChoice: { type: 'tool', tool: { name: 'bash' } },
    });
    expect(body).toMatchObject({ tools: [{ name: 'look' }], tool_choice: 'auto' });
    expect(notices.map(({ type, field }) => [type, field])).toEqual([
      ['dropped', 'tools'],
      ['approximated', 'toolChoice'],
    ]);
  });
  test.each([
    ['auto', { type: 'auto' }],
    ['none', { type: 'none' }],
    ['required', { type: 'required' }],
    [
      { type: 'function', name: 'look' },
      { type: 'tool', tool: { name: 'look', kind: 'function' } },
    ],
    [
      { type: 'custom', name: 'sh' },
      { type: 'tool', tool: { name: 'sh', kind: 'custom' } },
    ],
    [{ type: 'web_search' }, { type: 'tool', tool: { name: 'web_search' } }],
    [
      { type: 'mcp', server_label: 'wiki' },
      { type: 'tool', tool: { name: 'wiki' } },
    ],
    [
      { type: 'mcp', server_label: 'wiki', name: 'ask' },
      { type: 'tool', tool: { name: 'wiki' } },
    ],
    [{ type: 'image_generation' }, { type: 'tool', tool: { name: 'image_generation' } }],
    [
      { type: 'allowed_tools', mode: 'required', tools: [{ type: 'function', name: 'look' }, { type: 'web_search' }] },
      { type: 'allowed', mode: 'required', tools: [{ name: 'look', kind: 'function' }, { name: 'web_search' }] },
    ],
    [
      { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'mcp', server_label: 'wiki' }] },
      { type: 'allowed', mode: 'auto', tools: [{ name: 'wiki' }] },
    ],
  ])('C1 C5 tool_choice %j both ways', (wire, choice) => {
    const asked = decode({
      input: '',
      tools: [
        { type: 'function', name: 'look' },
        { type: 'custom', name: 'sh' },
        { type: 'web_search' },
        { type: 'mcp', server_label: 'wiki' },
        { type: 'image_generation' },
      ],
      tool_choice: wire,
    });
    expect(asked.toolChoice).toEqual(choice);
    expect(encode(asked).body.tool_choice).toEqual(wire);
  });
  test('C3 one call a turn is asked for; without tools neither it nor a choice is sent', () => {
    const asked = { parallelToolCalls: false, toolChoice: { type: 'required' } } as const;
    expect(encode({ ...asked, tools: [tool()] }).body).toMatchObject({
      parallel_tool_calls: false,
      tool_choice: 'required',
    });
    const { body } = encode(asked);
    expect([body.parallel_tool_calls, body.tool_choice]).toEqual([undefined, undefined]);
  });
  test('C4 a model that cannot be forced chooses by itself', () => {
    const facts = { forcedToolChoice: false };
    const { body, notices } = encode({ tools: [tool()], toolChoice: { type: 'required' } }, facts);
    expect(body.tool_choice).toBe('auto');
    expect(notices).toMatchObject([{ type: 'approximated', field: 'toolChoice' }]);
  });
  test('W1 web search is written with what OpenAI knows of it, and the rest is admitted', () => {
    const { body, notices } = encode({
      tools: [
        {
          type: 'web-search',
          name: 'web_search',
          maxUses: 8,
          allowedDomains: ['a.example'],
          blockedDomains: ['b.example'],
          userLocation: { country: 'CH' },
          at: 'tools[0]',
        },
      ],
      toolChoice: { type: 'tool', tool: { name: 'web_search' } },
    });
    expect(body.tools).toEqual([
      {
        type: 'web_search',
        filters: { allowed_domains: ['a.example'] },
        user_location: { type: 'approximate', country: 'CH' },
      },
    ]);
    expect(body.tool_choice).toBe('required');
    expect(body.include).toEqual(['web_search_call.action.sources']);
    expect(notices.map(({ field }) => field)).toEqual(['tools[0].max_uses', 'tools[0].blocked_domains']);
  });
  test('C6 a forced search beside other tools is asked for in a form that OpenAI types', () => {
    const search = { type: 'web-search', name: 'web_search' } as const;
    expect(
      encode({ tools: [search, tool()], toolChoice: { type: 'tool', tool: { name: 'web_search' } } }).body.tool_choice,
    ).toEqual({ type: 'allowed_tools', mode: 'required', tools: [{ type: 'web_search' }] });
  });
  test("W3 history of another vendor's search is dropped, own history goes back byte for byte", () => {
    const item = { type: 'web_search_call', id: 'ws_1', status: 'completed', action: { type: 'search', query: 'q' } };
    expect(input(decode({ input: [item] }))).toEqual([item]);
    const foreign: Part = { type: 'server-tool-call', id: 'srvtoolu_1', name: 'web_search', query: 'q', at: 'x' };
    const { body, notices } = encode({ messages: [{ role: 'assistant', parts: [foreign] }] });
    expect(body.input).toEqual([]);
    expect(notices).toMatchObject([{ type: 'dropped', field: 'x' }]);
  });
});

describe('Codex', () => {
  const functions = {
    type: 'namespace',
    name: 'functions',
    description: 'd',
    tools: [
      { type: 'custom', name: 'exec', format: { type: 'grammar', syntax: 'lark', definition: 'start: X' } },
      { type: 'function', name: 'wait', strict: false, parameters: { type: 'object', properties: { a: {} } } },
    ],
  };

  test('CX1 members that only Codex sends are taken, and named by the extras', () => {
    const asked = decode({
      input: [user('Hi')],
      stream: true,
      store: false,
      include: ['reasoning.encrypted_content'],
      prompt_cache_key: 'thread',
      client_metadata: { a: 'b' },
      text: { verbosity: 'low' },
      reasoning: { effort: 'low', context: 'all_turns' },
    });
    expect(asked).toMatchObject({ cacheKey: 'thread', verbosity: 'low', reasoning: { effort: 'low' } });
    expect(asked.extras).toEqual({
      'openai-responses': { client_metadata: { a: 'b' }, 'reasoning.context': 'all_turns' },
    });
    expect(encode(asked).body.reasoning).toEqual({ effort: 'low', context: 'all_turns' });
  });
  test('CX2 tools of an additional_tools item join the tools, and go home in their item', () => {
    const item = { type: 'additional_tools', id: 'at_1', role: 'developer', tools: [functions] };
    const asked = decode({ input: [item, user('Hi')], tool_choice: 'auto', parallel_tool_calls: false });
    expect(asked.tools).toMatchObject([
      { type: 'custom', name: 'exec', namespace: { name: 'functions' }, at: 'input[0].tools[0].tools[0]' },
      { type: 'function', name: 'wait', namespace: { name: 'functions' } },
    ]);
    expect(asked.parallelToolCalls).toBe(false);
    const { body } = encode(asked);
    expect(body.tools).toBeUndefined();
    expect(body.input).toMatchObject([item, { role: 'user' }]);
  });
  test('CX2 a late additional_tools item stays where it stood', () => {
    const late = { type: 'additional_tools', role: 'developer', tools: [{ type: 'custom', name: 'x' }] };
    const asked = decode({ input: [user('a'), { role: 'assistant', content: 'b' }, late, user('c')] });
    expect(input(asked).map(({ type, role }) => (type === 'message' ? role : type))).toEqual([
      'user',
      'assistant',
      'additional_tools',
      'user',
    ]);
  });
  test('CX3 custom calls and their outputs are of the kind custom, both ways', () => {
    const items = [
      { type: 'custom_tool_call', call_id: 'c', name: 'exec', namespace: 'functions', input: 'ls "' },
      { type: 'custom_tool_call_output', call_id: 'c', output: 'a.txt' },
    ];
    const asked = decode({ input: items });
    expect(asked.messages).toMatchObject([
      { parts: [{ kind: 'custom', arguments: 'ls "', namespace: 'functions' }] },
      { results: [{ kind: 'custom' }] },
    ]);
    expect(input(asked)).toEqual(items);
  });
  test('CX4 a namespace is kept on tools, calls and history', () => {
    const { tools } = decode({ input: '', tools: [functions] });
    expect(encode({ tools }).body.tools).toEqual([functions]);
    const item = { ...call('1', 'wait_agent'), namespace: 'multi_agent_v1' };
    expect(input(decode({ input: [item] }))).toEqual([item]);
  });
  test('CX5 what is asked by POST is asked over a socket as well', () => {
    const here = openaiResponses.doors.filter(({ path }) => path === '/v1/responses');
    expect(here.map(({ method, socket }) => [method, socket !== undefined])).toEqual([
      ['POST', false],
      ['GET', true],
    ]);
  });
  test('CX6 replayed items are read: content null, ids of its own, outputs as text or as a list', () => {
    const { messages } = decode({
      input: [
        { type: 'reasoning', summary: [], content: null, encrypted_content: 'gAAA' },
        { type: 'custom_tool_call', id: 'ctc_1', status: 'completed', call_id: 'c', name: 'exec', input: 'x' },
        { type: 'custom_tool_call_output', id: 'ctco_1', call_id: 'c', output: [{ type: 'input_text', text: 'y' }] },
      ],
    });
    expect(messages).toMatchObject([
      { role: 'assistant', parts: [{ type: 'reasoning', text: '' }, { type: 'tool-call' }] },
      { role: 'tool', results: [{ content: [{ type: 'text', text: 'y' }] }] },
    ]);
    expect(messages[0]).not.toHaveProperty('extras');
  });
  test('CX8 items that only OpenAI knows are native, and go home as they were', () => {
    const items = [
      user('a'),
      { type: 'compaction', encrypted_content: 'gAAA' },
      {
        type: 'local_shell_call',
        id: 'l',
        call_id: 'c',
        status: 'completed',
        action: { type: 'exec', command: ['ls'] },
      },
      { type: 'local_shell_call_output', id: 'c', output: 'x' },
      { type: 'tool_search_call', call_id: 't', execution: 'client', arguments: { query: 'x' } },
      { type: 'tool_search_output', call_id: 't', execution: 'client', tools: [] },
      { type: 'compaction_trigger' },
      { type: 'never_heard_of_it', x: 1 },
    ];
    expect(input(decode({ input: items })).slice(1)).toEqual(items.slice(1));
  });
});

describe('content', () => {
  test('M3 images of a result go in the output list', () => {
    const image: Part = {
      type: 'media',
      kind: 'image',
      source: { type: 'base64', mediaType: 'image/png', data: 'AAAA' },
    };
    const content: Part[] = [image, { type: 'text', text: 'a chart' }];
    expect(
      input({ messages: [{ role: 'tool', results: [{ callId: 'c', kind: 'function', content, failed: false }] }] }),
    ).toEqual([
      {
        type: 'function_call_output',
        call_id: 'c',
        output: [
          { type: 'input_image', image_url: 'data:image/png;base64,AAAA', detail: 'auto' },
          { type: 'input_text', text: 'a chart' },
        ],
      },
    ]);
  });
  test('M1 a data URL is base64 with a normalised media type', () => {
    const image = { type: 'input_image', image_url: 'data:image/JPG;base64,/9j/' };
    expect(decode({ input: [user(image)] }).messages).toMatchObject([
      { parts: [{ source: { type: 'base64', mediaType: 'image/jpeg', data: '/9j/' } }] },
    ]);
  });
  test('M4 documents: base64 with a name and a data URL, by URL, and plain text as text', () => {
    const document = (source: Extract<Part, { type: 'media' }>['source'], name?: string): Part => ({
      type: 'media',
      kind: 'document',
      source,
      ...(name !== undefined && { name }),
    });
    expect(
      input({
        messages: [
          {
            role: 'user',
            parts: [
              document({ type: 'base64', mediaType: 'application/pdf', data: 'JVBE' }),
              document({ type: 'url', url: 'https://example.com/a.pdf' }),
              document({ type: 'text', mediaType: 'text/plain', text: 'plain' }),
            ],
          },
        ],
      })[0]?.content,
    ).toEqual([
      { type: 'input_file', filename: 'document.pdf', file_data: 'data:application/pdf;base64,JVBE' },
      { type: 'input_file', file_url: 'https://example.com/a.pdf' },
      { type: 'input_text', text: 'plain' },
    ]);
  });
  test.each([
    [{ type: 'media', kind: 'video', source: { type: 'url', url: 'https://x.example/v.mp4' } }],
    [{ type: 'media', kind: 'audio', source: { type: 'base64', mediaType: 'audio/wav', data: 'x' } }],
    [{ type: 'media', kind: 'image', source: { type: 'file', dialect: 'anthropic-messages', id: 'file_1' } }],
  ] satisfies [Part][])('M5 M6 %j cannot be sent: a refusal that names it, not silence', (part) => {
    expect(() => encode({ messages: [{ role: 'user', parts: [{ ...part, at: 'messages[0]' } as Part] }] })).toThrow(
      expect.objectContaining({ kind: 'bad-request', details: { field: 'messages[0]' } }),
    );
  });
  test('M5 audio that a Responses client wrote goes home as it was', () => {
    const audio = { type: 'input_audio', input_audio: { data: 'UklG', format: 'wav' } };
    expect(input(decode({ input: [user(audio)] }))[0]?.content).toEqual([audio]);
  });
  test('W2 T12 history with annotations or a refusal is in list form, with an id of the right kind', () => {
    const content = [
      {
        type: 'output_text',
        text: 'so',
        annotations: [{ type: 'url_citation', start_index: 0, end_index: 2, url: 'https://x.example', title: '' }],
      },
      { type: 'refusal', refusal: 'No.' },
    ];
    const { messages } = decode({
      input: [
        { role: 'assistant', content },
        { role: 'assistant', content: 'plain' },
      ],
    });
    expect(input({ messages })).toEqual([
      { type: 'message', id: 'msg_1', status: 'completed', role: 'assistant', content: [content[0]] },
      { type: 'message', id: 'msg_2', status: 'completed', role: 'assistant', content: [content[1]] },
      { type: 'message', role: 'assistant', content: 'plain' },
    ]);
  });
  test('O1 the format is flat, and named where the caller gave no name', () => {
    const schema = { type: 'object', properties: {} };
    expect(encode({ output: { type: 'json-schema', schema } }).body.text).toEqual({
      format: { type: 'json_schema', name: 'response', schema },
    });
    expect(
      decode({ input: '', text: { format: { type: 'json_schema', name: 'n', schema, strict: true } } }).output,
    ).toEqual({
      type: 'json-schema',
      name: 'n',
      schema,
      strict: true,
    });
  });
  test('P2 cache marks: OpenAI’s own always, others where the model is known to take them, at most four', () => {
    const text = (cache: Part['cache']): Part => ({ type: 'text', text: 'x', ...(cache && { cache }) });
    const marks = (parts: Part[], facts = {}) =>
      list(input({ messages: [{ role: 'user', parts }] }, facts)[0]?.content).map(
        (part) => object(part)?.prompt_cache_breakpoint,
      );
    expect(marks([text({ ttl: '5m' }), text({ ttl: '12h' })])).toEqual([undefined, { mode: 'explicit', ttl: '12h' }]);
    expect(marks([text({ ttl: '5m' }), text({})], { cacheBreakpoints: true })).toEqual([
      { mode: 'explicit', ttl: '30m' },
      { mode: 'explicit' },
    ]);
    expect(
      marks(
        Array.from({ length: 6 }, () => text({})),
        { cacheBreakpoints: true },
      )[1],
    ).toBeUndefined();
    expect(encode({ messages: [{ role: 'user', parts: [text({})] }] }).notices).toHaveLength(1);
  });
});

describe('parameters', () => {
  test('Q3 fewer tokens than the API takes are raised, more than the model has are lowered', () => {
    expect(encode({ maxOutputTokens: 1 }).body.max_output_tokens).toBe(16);
    expect(encode({ maxOutputTokens: 128_000 }, { maxOutputTokens: 8192 }).body.max_output_tokens).toBe(8192);
    expect(encode({ maxOutputTokens: 1 }).notices).toMatchObject([{ type: 'approximated', field: 'maxOutputTokens' }]);
  });
  test('Q2 sampling is dropped where the model refuses it', () => {
    const { body, notices } = encode({ sampling: { temperature: 0, topP: 0.5 } }, { sampling: false });
    expect([body.temperature, body.top_p]).toEqual([undefined, undefined]);
    expect(notices.map(({ field }) => field)).toEqual(['sampling.temperature', 'sampling.topP']);
  });
  test('Q4 Q5 Q6 what Responses has no parameter for is reported', () => {
    const { notices } = encode({
      sampling: {
        topK: 1,
        seed: 2,
        stopSequences: ['x'],
        presencePenalty: 1,
        frequencyPenalty: 1,
        logitBias: {},
        candidates: 2,
      },
      serviceTier: 'standard_only',
    });
    expect(notices.map(({ field }) => field).sort()).toEqual([
      'sampling.candidates',
      'sampling.frequencyPenalty',
      'sampling.logitBias',
      'sampling.presencePenalty',
      'sampling.seed',
      'sampling.stopSequences',
      'sampling.topK',
      'serviceTier',
    ]);
  });
  test('Q7 an identifier that is too long is digested, always to the same', () => {
    const long = JSON.stringify({ device_id: 'd'.repeat(64), account_uuid: '', session_id: 's'.repeat(36) });
    const id = encode({ endUser: long }).body.safety_identifier;
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(encode({ endUser: long }).body.safety_identifier).toBe(id);
    expect(encode({ endUser: `${long}x` }).body.safety_identifier).not.toBe(id);
    expect(encode({ endUser: 'u-1' }).body.safety_identifier).toBe('u-1');
  });
  test('extras of other dialects are reported, and never sent', () => {
    const { body, notices } = encode({ extras: { 'openai-chat': { prediction: 1, '@note': 2, nothing: null } } });
    expect(body).not.toHaveProperty('prediction');
    expect(notices).toMatchObject([{ type: 'dropped', field: 'prediction' }]);
  });
  test('N1 counting takes the members that make the prompt, and no others', () => {
    const { counting } = openaiResponses;
    const asked = decode({
      input: 'Hi',
      instructions: 'x',
      temperature: 1,
      store: true,
      stream: true,
      max_output_tokens: 20,
    });
    const body = counting?.encodeRequest(asked, {
      facts: {},
      signer: 'openai-responses',
      report: () => undefined,
    }).body;
    expect(Object.keys(body ?? {})).toEqual(['model', 'instructions', 'input']);
    expect(counting?.decodeReply({ object: 'response.input_tokens', input_tokens: 7 })).toBe(7);
    expect(counting?.encodeReply(7)).toEqual({ object: 'response.input_tokens', input_tokens: 7 });
    expect(() => counting?.decodeReply({})).toThrow(Failure);
  });
});
