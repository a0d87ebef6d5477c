import { describe, expect, test } from 'vitest';
import type { Conversation } from '../../conversation/conversation.ts';
import type { Message, Part, ToolCallPart } from '../../conversation/message.ts';
import type { Notice } from '../../conversation/notice.ts';
import type { FunctionTool, Tool } from '../../conversation/tool.ts';
import { list, object, type JsonObject } from '../../json.ts';
import { factsOf } from '../../models/facts.ts';
import type { ModelFacts } from '../../models/model-facts.ts';
import { anthropicMessages } from './index.ts';

const user = (text: string): Message => ({ role: 'user', parts: [{ type: 'text', text }] });
const assistant = (...parts: Part[]): Message => ({ role: 'assistant', parts });
const said = (text: string): Part => ({ type: 'text', text });
const system = (text: string, placement: 'top' | 'inline' = 'inline'): Message => ({
  role: 'system',
  authority: 'developer',
  placement,
  parts: [{ type: 'text', text }],
});
const call = (id: string, name = 'look'): ToolCallPart => ({
  type: 'tool-call',
  id,
  name,
  kind: 'function',
  arguments: '{}',
});
const result = (callId: string, text: string): Message => ({
  role: 'tool',
  results: [{ callId, kind: 'function', content: [said(text)], failed: false }],
});
const look: FunctionTool = { type: 'function', name: 'look', parameters: { type: 'object', properties: {} } };

function encode(
  change: Partial<Conversation>,
  facts: ModelFacts = factsOf('claude-opus-5-5'),
  signer = 'anthropic-messages',
) {
  const notices: Notice[] = [];
  const conversation: Conversation = {
    model: 'm',
    streaming: false,
    messages: [user('Hi')],
    tools: [],
    sampling: {},
    maxOutputTokens: 8000,
    ...change,
  };
  const { body, headers } = anthropicMessages.encodeRequest(conversation, {
    facts,
    signer,
    report: (notice) => void notices.push(notice),
  });
  return { body, headers, notices, fields: notices.map(({ type, field }) => `${type} ${field}`) };
}

const sonnet45 = factsOf('claude-sonnet-4-5');
const opus46 = factsOf('claude-opus-4-6');
const roles = (body: JsonObject) => list(body.messages).map((message) => object(message)?.role);

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

describe('Z11 how to think', () => {
  const think = (reasoning: Conversation['reasoning'], facts: ModelFacts, maxOutputTokens = 50_000) => {
    const { body, fields } = encode({ ...(reasoning && { reasoning }), maxOutputTokens }, facts);
    return { thinking: body.thinking, config: body.output_config, max: body.max_tokens, fields };
  };
  test('Z11 new models think adaptively with an effort', () => {
    expect(think({ effort: 'xhigh' }, factsOf('claude-opus-5-5'))).toEqual({
      thinking: { type: 'adaptive' },
      config: { effort: 'xhigh' },
      max: 50_000,
      fields: [],
    });
    expect(think({ effort: 'minimal' }, factsOf('claude-opus-5-5'))).toMatchObject({
      config: { effort: 'low' },
      fields: ['approximated reasoning.effort'],
    });
    expect(think({ effort: 'xhigh' }, opus46).config).toEqual({ effort: 'high' });
    expect(think({ budgetTokens: 20_000 }, factsOf('claude-opus-5-5'))).toMatchObject({
      thinking: { type: 'adaptive' },
      config: { effort: 'high' },
      fields: ['approximated reasoning.budgetTokens'],
    });
  });
  test('Z11 old models get a budget of at least 1024 and below max_tokens', () => {
    expect(think({ effort: 'low' }, sonnet45)).toEqual({
      thinking: { type: 'enabled', budget_tokens: 1024 },
      config: undefined,
      max: 50_000,
      fields: [],
    });
    expect(think({ effort: 'high' }, sonnet45, 4000)).toMatchObject({
      thinking: { budget_tokens: 24_576 },
      max: 28_576,
      fields: ['approximated maxOutputTokens'],
    });
    expect(think({ effort: 'max' }, sonnet45, 64_000)).toMatchObject({
      thinking: { budget_tokens: 32_000 },
      max: 64_000,
    });
    expect(think({ effort: 'medium' }, {}, 500).thinking, 'unknown models think as Claude Code makes them').toEqual({
      type: 'adaptive',
    });
    expect(think({ effort: 'medium' }, { thinking: ['budget'] }, 500)).toMatchObject({
      thinking: undefined,
      fields: ['dropped reasoning'],
    });
    expect(think({ effort: 'low' }, factsOf('claude-3-5-haiku-20241022'), 8000)).toMatchObject({
      thinking: undefined,
      fields: ['dropped reasoning'],
    });
  });
  test('Z11 a budget stays a budget where the model takes both forms', () => {
    expect(think({ budgetTokens: 2048 }, opus46).thinking).toEqual({ type: 'enabled', budget_tokens: 2048 });
    expect(think({ mode: 'adaptive' }, opus46).thinking).toEqual({ type: 'adaptive' });
  });
  test('Z11 thinking is turned off in the model’s own way, or turned down', () => {
    for (const off of [{ mode: 'disabled' }, { effort: 'none' }, { budgetTokens: 0 }] as const) {
      expect(think(off, sonnet45).thinking).toEqual({ type: 'disabled' });
      expect(think(off, factsOf('claude-sonnet-5-5')).thinking).toEqual({ type: 'between_tools' });
      expect(think(off, factsOf('claude-opus-5-5'))).toMatchObject({
        thinking: undefined,
        config: { effort: 'low' },
        fields: ['approximated reasoning.mode'],
      });
      expect(think(off, {})).toMatchObject({
        thinking: undefined,
        config: undefined,
        fields: ['approximated reasoning.mode'],
      });
      expect(think(off, factsOf('claude-3-opus-20240229'), 4000)).toMatchObject({ thinking: undefined, fields: [] });
    }
  });
  test('Z13 what is shown is independent of how much is thought', () => {
    expect(think({ effort: 'low', show: 'summary' }, factsOf('claude-opus-5-5')).thinking).toEqual({
      type: 'adaptive',
      display: 'summarized',
    });
    expect(think({ budgetTokens: 2000, show: 'none' }, sonnet45).thinking).toEqual({
      type: 'enabled',
      budget_tokens: 2000,
      display: 'omitted',
    });
    expect(think({ show: 'summary' }, factsOf('claude-opus-5-5')).thinking).toEqual({
      type: 'adaptive',
      display: 'summarized',
    });
    expect(think({ show: 'summary' }, sonnet45)).toMatchObject({
      thinking: undefined,
      fields: ['dropped reasoning.show'],
    });
    expect(think({ effort: 'low' }, factsOf('claude-opus-5-5')).thinking).toEqual({ type: 'adaptive' });
  });
});

describe('limits and sampling', () => {
  test('Q3 max_tokens is always there: asked, else the model’s own limit, else a cautious one', () => {
    const { maxOutputTokens: _, ...none } = { maxOutputTokens: 1 };
    const conversation = { ...none, messages: [user('Hi')] };
    const max = (facts: ModelFacts, asked?: number) => {
      const notices: Notice[] = [];
      const { body } = anthropicMessages.encodeRequest(
        {
          model: 'm',
          streaming: false,
          tools: [],
          sampling: {},
          ...conversation,
          ...(asked !== undefined && { maxOutputTokens: asked }),
        },
        { facts, signer: 'x', report: (notice) => void notices.push(notice) },
      );
      return [body.max_tokens, ...notices.map(({ type }) => type)];
    };
    expect(max(sonnet45)).toEqual([64_000, 'defaulted']);
    expect(max({})).toEqual([32_000, 'defaulted']);
    expect(max(sonnet45, 128_000)).toEqual([64_000, 'approximated']);
    expect(max({}, 128_000)).toEqual([128_000]);
    expect(max({}, 0)).toEqual([0]);
  });
  test('Q1 H2 temperature is clamped for old models and dropped for new ones', () => {
    const sampling = { temperature: 1.5, topP: 0.9, topK: 5 };
    expect(encode({ sampling }, sonnet45)).toMatchObject({
      body: { temperature: 1, top_k: 5 },
      fields: ['approximated sampling.temperature', 'dropped sampling.topP'],
    });
    expect(encode({ sampling: { topP: 0.9 } }, sonnet45).body.top_p).toBe(0.9);
    const { body, fields } = encode({ sampling });
    expect([body.temperature, body.top_p, body.top_k]).toEqual([undefined, undefined, undefined]);
    expect(fields).toEqual(['dropped sampling.temperature', 'dropped sampling.topP', 'dropped sampling.topK']);
  });
  test('Q1 no temperature but 1 and no top_k while a budget thinks', () => {
    const { body, fields } = encode(
      { sampling: { temperature: 0.5, topK: 5 }, reasoning: { budgetTokens: 2000 } },
      sonnet45,
    );
    expect([body.temperature, body.top_k]).toEqual([undefined, undefined]);
    expect(fields).toEqual(['dropped sampling.temperature', 'dropped sampling.topK']);
  });
  test('Q4 stop sequences of white space alone are left out', () => {
    expect(encode({ sampling: { stopSequences: ['\n', 'END'] } })).toMatchObject({
      body: { stop_sequences: ['END'] },
      fields: ['dropped sampling.stopSequences'],
    });
  });
  test('Q5 Q6 what Messages has no word for is reported, member by member', () => {
    const { fields } = encode({
      sampling: {
        seed: 1,
        presencePenalty: 1,
        frequencyPenalty: 1,
        candidates: 2,
        logprobs: true,
        topLogprobs: 2,
        logitBias: { '1': 1 },
      },
      verbosity: 'low',
      cacheKey: 'k',
      serviceTier: 'flex',
    });
    expect(fields).toEqual(
      ['sampling.seed', 'sampling.presencePenalty', 'sampling.frequencyPenalty', 'sampling.logprobs', 'sampling.topLogprobs',
        'sampling.logitBias', 'sampling.candidates', 'verbosity', 'cacheKey', 'serviceTier'].map((field) => `dropped ${field}`), // prettier-ignore
    );
  });
  test('Q7 an address is sent as a fingerprint, an opaque id and Claude Code’s JSON as they are', () => {
    const id = (endUser: string) => object(encode({ endUser }).body.metadata)?.user_id;
    expect(id('u-17')).toBe('u-17');
    expect(id('{"device_id":"d"}')).toBe('{"device_id":"d"}');
    expect(id('ada@example.com')).toMatch(/^user_[0-9a-f]{16}$/);
    expect(id('x'.repeat(300))).toMatch(/^user_[0-9a-f]{16}$/);
  });
});

describe('tools', () => {
  const tool = (change: Partial<FunctionTool>, facts?: ModelFacts) => {
    const { body, fields } = encode({ tools: [{ ...look, ...change }] }, facts);
    return { tool: object(list(body.tools)[0]) ?? {}, fields };
  };
  test('J4 a tool without arguments has an empty object schema', () => {
    const { parameters: _, ...bare } = look;
    expect(object(list(encode({ tools: [bare] }).body.tools)[0])).toEqual({
      name: 'look',
      input_schema: { type: 'object', properties: {} },
    });
    expect(tool({ parameters: {} }).tool.input_schema).toEqual({ type: 'object', properties: {} });
  });
  test('J6 schemas travel opaquely, but for a combinator at the root', () => {
    const parameters = {
      type: 'object',
      properties: { a: { $ref: '#/$defs/a' } },
      $defs: { a: { type: 'string', maxLength: 3 } },
      additionalProperties: false,
    };
    expect(tool({ parameters }).tool.input_schema).toEqual(parameters);
    const root = tool({
      parameters: {
        anyOf: [
          { type: 'object', properties: { a: {}, c: {} }, required: ['a', 'c'] },
          { type: 'object', properties: { b: {} }, required: ['c'] },
        ],
      },
    });
    expect(root.tool.input_schema).toMatchObject({
      type: 'object',
      properties: { a: {}, b: {}, c: {} },
      required: ['c'],
    });
    expect(root.tool.input_schema).not.toHaveProperty('anyOf');
    expect(root.fields).toEqual(['approximated tools']);
    const all = tool({
      parameters: {
        allOf: [{ properties: { a: {} }, required: ['a'] }, { $ref: '#/$defs/b' }],
        $defs: { b: { properties: { b: {} }, required: ['b'] } },
      },
    });
    expect(all.tool.input_schema).toMatchObject({ type: 'object', properties: { a: {}, b: {} }, required: ['a', 'b'] });
  });
  test('J7 strict goes along only where the schema and the model allow it', () => {
    const closed = {
      type: 'object',
      properties: { a: { type: 'string' } },
      required: ['a'],
      additionalProperties: false,
    };
    expect(tool({ strict: true, parameters: closed }).tool.strict).toBe(true);
    const open = tool({
      strict: true,
      parameters: { ...closed, properties: { a: { type: 'array', items: {}, maxItems: 3 } } },
    });
    expect(open.tool.strict).toBeUndefined();
    expect(open.fields).toEqual(['dropped tools.strict']);
    expect(tool({ strict: true, parameters: closed }, factsOf('claude-opus-4-1')).fields).toEqual([
      'dropped tools.strict',
    ]);
    expect(tool({ strict: false }, factsOf('claude-opus-4-1'))).toMatchObject({
      tool: expect.not.objectContaining({ strict: expect.anything() }),
      fields: [],
    });
  });
  test('J9 another vendor’s own tools are dropped with their choice', () => {
    const native: Tool = {
      type: 'native',
      dialect: 'openai-responses',
      name: 'local_shell',
      value: { type: 'local_shell' },
    };
    const { body, fields } = encode(
      { tools: [native], toolChoice: { type: 'tool', tool: { name: 'local_shell' } } },
      sonnet45,
    );
    expect([body.tools, body.tool_choice]).toEqual([undefined, undefined]);
    expect(fields).toEqual(['dropped tools']);
    expect(
      encode({ tools: [native, look], toolChoice: { type: 'tool', tool: { name: 'local_shell' } } }, sonnet45).fields,
    ).toEqual(['dropped tools', 'dropped toolChoice']);
  });
  test('J10 only this dialect’s extras are written; others are reported', () => {
    const extras = { 'anthropic-messages': { defer_loading: true }, 'openai-responses': { async: true } };
    const { tool: written, fields } = tool({ extras, at: 'tools[0]' });
    expect(written).toMatchObject({ defer_loading: true });
    expect(written).not.toHaveProperty('async');
    expect(fields).toEqual(['dropped tools[0].async']);
  });
  test('C1 C2 every choice has its form', () => {
    const choice = (toolChoice: Conversation['toolChoice']) =>
      encode({ tools: [look], ...(toolChoice && { toolChoice }) }, sonnet45).body.tool_choice;
    expect(choice(undefined)).toBeUndefined();
    expect(choice({ type: 'auto' })).toEqual({ type: 'auto' });
    expect(choice({ type: 'none' })).toEqual({ type: 'none' });
    expect(choice({ type: 'required' })).toEqual({ type: 'any' });
    expect(choice({ type: 'tool', tool: { name: 'look' } })).toEqual({ type: 'tool', name: 'look' });
  });
  test('C3 one call at a time is said beside the choice, and only where there are tools', () => {
    expect(encode({ tools: [look], parallelToolCalls: false }).body.tool_choice).toEqual({
      type: 'auto',
      disable_parallel_tool_use: true,
    });
    expect(
      encode({ tools: [look], parallelToolCalls: false, toolChoice: { type: 'required' } }, sonnet45).body.tool_choice,
    ).toEqual({ type: 'any', disable_parallel_tool_use: true });
    expect(encode({ parallelToolCalls: false, toolChoice: { type: 'auto' } }).body.tool_choice).toBeUndefined();
    expect(encode({ tools: [look], parallelToolCalls: true }).body.tool_choice).toBeUndefined();
  });
  test('C4 the newest models are not forced', () => {
    for (const model of ['claude-opus-5-5', 'claude-sonnet-5-5', 'claude-fable-5-1', 'some-model']) {
      const { body, fields } = encode(
        { tools: [look], toolChoice: { type: 'required' }, parallelToolCalls: false },
        factsOf(model),
      );
      expect(body.tool_choice, model).toEqual({ type: 'auto', disable_parallel_tool_use: true });
      expect(fields).toEqual(['approximated toolChoice']);
    }
    expect(
      encode({ tools: [look], toolChoice: { type: 'required' } }, factsOf('claude-opus-4-8')).body.tool_choice,
    ).toEqual({ type: 'any' });
  });
  test('C4 an old model that is forced does not think', () => {
    const { body, fields } = encode(
      { tools: [look], toolChoice: { type: 'required' }, reasoning: { effort: 'high' } },
      sonnet45,
    );
    expect(body).toMatchObject({ tool_choice: { type: 'any' }, thinking: { type: 'disabled' } });
    expect(fields).toEqual(['dropped reasoning']);
  });
  test('C5 of allowed tools only those are offered', () => {
    const toolChoice = { type: 'allowed', mode: 'required', tools: [{ name: 'look' }] } as const;
    const { body } = encode({ tools: [look, { ...look, name: 'other' }], toolChoice }, sonnet45);
    expect(list(body.tools).map((each) => object(each)?.name)).toEqual(['look']);
    expect(body.tool_choice).toEqual({ type: 'any' });
  });
  test('C6 W1 a forced web search is chosen by the name it has here', () => {
    const search: Tool = { type: 'web-search', name: 'web_search_preview', maxUses: 3, blockedDomains: ['a.example'] };
    const { body } = encode(
      { tools: [search], toolChoice: { type: 'tool', tool: { name: 'web_search_preview' } } },
      sonnet45,
    );
    expect(body.tools).toEqual([
      { type: 'web_search_20250305', name: 'web_search', max_uses: 3, blocked_domains: ['a.example'] },
    ]);
    expect(body.tool_choice).toEqual({ type: 'tool', name: 'web_search' });
  });
});

describe('output forms', () => {
  const schema = { type: 'object', properties: { n: { type: 'integer', minimum: 1 } }, required: ['n'] };
  test('O1 O2 a schema goes out natively, within the subset', () => {
    const { body } = encode({ output: { type: 'json-schema', name: 'x', schema, strict: true } });
    expect(body.output_config).toEqual({
      format: {
        type: 'json_schema',
        schema: {
          type: 'object',
          properties: { n: { type: 'integer', description: '{minimum: 1}' } },
          required: ['n'],
          additionalProperties: false,
        },
      },
    });
  });
  test('O3 a model without native support is forced to call a tool, whose input is unwrapped', () => {
    const facts = factsOf('claude-opus-4-1');
    const output = { type: 'json-schema', schema } as const;
    const { body } = encode({ output }, facts);
    expect(body.tools).toEqual([
      { name: 'json', description: 'Give the answer by calling this tool.', input_schema: schema },
    ]);
    expect(body.tool_choice).toEqual({ type: 'tool', name: 'json' });
    const conversation: Conversation = {
      model: 'm',
      streaming: false,
      messages: [user('Hi')],
      tools: [],
      sampling: {},
      output,
    };
    const context = { facts, signer: 'anthropic-messages', turn: 1, conversation };
    const content = [{ type: 'tool_use', id: 'toolu_1', name: 'json', input: { n: 2 } }];
    const [candidate] = anthropicMessages.decodeReply(
      { id: 'msg', model: 'm', content, stop_reason: 'tool_use' },
      context,
    ).candidates;
    expect(candidate).toEqual({ parts: [{ type: 'text', text: '{"n":2}' }], finish: { reason: 'stop' } });
  });
  test('O3 with tools of its own, or thinking, the schema is asked for in words', () => {
    const facts = factsOf('claude-opus-4-1');
    const output = { type: 'json-schema', schema } as const;
    for (const change of [{ tools: [look] }, { reasoning: { effort: 'low' as const } }]) {
      const { body } = encode({ output, messages: [system('Be exact.'), user('Hi')], ...change }, facts);
      expect(body.tool_choice).toBeUndefined();
      expect(JSON.stringify(body.system)).toContain('follows this schema');
    }
  });
  test('O3 an answer that is no object cannot be a tool’s input', () => {
    const { body } = encode(
      { output: { type: 'json-schema', schema: { type: 'array', items: {} } } },
      factsOf('claude-opus-4-1'),
    );
    expect(body.tools).toBeUndefined();
    expect(body.system).toContain('follows this schema');
  });
  test('O4 a JSON object without schema is asked for in words, never by a tool', () => {
    const { body } = encode({ output: { type: 'json' } }, sonnet45);
    expect(body.system).toBe('Answer with one JSON object and nothing else.');
    expect(body.tools).toBeUndefined();
  });
  test('O2 a recursive schema is not sent natively', () => {
    const node = { type: 'object', properties: { next: { $ref: '#/$defs/node' } } };
    const { body } = encode({ output: { type: 'json-schema', schema: { $ref: '#/$defs/node', $defs: { node } } } });
    expect(body.output_config).toBeUndefined();
    expect(body.system).toContain('follows this schema');
  });
});

describe('cache, media, flags', () => {
  test('P1 of more than four marks the first and the last three stay', () => {
    const parts = ['1', '2', '3', '4', '5'].map((text): Part => ({ type: 'text', text, cache: {} }));
    const { body, fields } = encode({
      messages: [{ role: 'user', parts }],
      tools: [{ ...look, cache: { ttl: '1h' } }],
    });
    expect(list(body.tools)[0]).toHaveProperty('cache_control', { type: 'ephemeral', ttl: '1h' });
    const marked = list(object(list(body.messages)[0])?.content).map(
      (block) => object(block)?.cache_control !== undefined,
    );
    expect(marked).toEqual([false, false, true, true, true]);
    expect(fields).toEqual(['dropped cache']);
  });
  test('P1 the automatic mark takes a place of its own', () => {
    const parts = ['1', '2', '3', '4'].map((text): Part => ({ type: 'text', text, cache: {} }));
    const { body } = encode({ messages: [{ role: 'user', parts }], cache: {} });
    expect(JSON.stringify(body).match(/cache_control/g)).toHaveLength(4);
    expect(body.cache_control).toEqual({ type: 'ephemeral' });
  });
  test('P1 a schema property called cache_control is not a mark', () => {
    const parameters = { type: 'object', properties: { cache_control: { type: 'object' } } };
    const parts = ['1', '2', '3', '4'].map((text): Part => ({ type: 'text', text, cache: {} }));
    const { body, notices } = encode({ messages: [{ role: 'user', parts }], tools: [{ ...look, parameters }] });
    expect(notices).toEqual([]);
    expect(object(list(body.tools)[0])?.input_schema).toEqual(parameters);
  });
  test('P2 other dialects’ lifetimes become the nearest that is long enough', () => {
    const ttl = (mark: '5m' | '30m' | '1h' | '12h') => object(encode({ cache: { ttl: mark } }).body.cache_control)?.ttl;
    expect([ttl('5m'), ttl('30m'), ttl('1h'), ttl('12h')]).toEqual(['5m', '1h', '1h', '1h']);
  });
  test('M4 a text document in base64 is sent as text, other formats are refused by name', () => {
    const document = (mediaType: string, data: string): Message => ({
      role: 'user',
      parts: [
        {
          type: 'media',
          kind: 'document',
          source: { type: 'base64', mediaType, data },
          name: 'notes',
          at: 'messages[0].content[0]',
        },
      ],
    });
    const { body } = encode({ messages: [document('text/markdown', 'IyBIaQ==')] });
    expect(object(list(body.messages)[0])?.content).toEqual([
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: '# Hi' }, title: 'notes' },
    ]);
    expect(() => encode({ messages: [document('application/msword', 'AAAA')] })).toThrow('not application/msword');
  });
  test('M5 M6 audio and another vendor’s files are refused, not left out', () => {
    const part = (media: Part): Message => ({ role: 'user', parts: [media] });
    const audio: Part = {
      type: 'media',
      kind: 'audio',
      source: { type: 'base64', mediaType: 'audio/wav', data: '' },
      at: 'messages[0].content[1]',
    };
    expect(() => encode({ messages: [part(audio)] })).toThrow(
      expect.objectContaining({ kind: 'bad-request', details: { field: 'messages[0].content[1]' } }),
    );
    const file: Part = { type: 'media', kind: 'image', source: { type: 'file', dialect: 'openai-chat', id: 'file-1' } };
    expect(() => encode({ messages: [part(file)] })).toThrow('Send its content instead');
  });
  test('W3 another vendor’s search in the history is told as text', () => {
    const { body, fields } = encode({
      messages: [
        user('Hi'),
        assistant(
          { type: 'server-tool-call', id: 'ws_1', name: 'web_search', query: 'tides' },
          {
            type: 'server-tool-result',
            callId: 'ws_1',
            name: 'web_search',
            results: [{ url: 'https://a.example', title: 'A' }],
          },
        ),
        user('Go.'),
      ],
    });
    expect(object(list(body.messages)[1])?.content).toEqual([
      { type: 'text', text: '(Searched the web for: tides)' },
      { type: 'text', text: '(Web search results)\nA: https://a.example' },
    ]);
    expect(fields).toEqual(['approximated messages', 'approximated messages']);
  });
  test('W2 only citations with the vendor’s own reference go back', () => {
    const cited: Part = {
      type: 'text',
      text: 'So.',
      citations: [
        {
          type: 'url',
          url: 'https://a.example',
          quote: 'q',
          extras: { 'anthropic-messages': { '@encrypted_index': 'E' } },
        },
        { type: 'url', url: 'https://b.example' },
      ],
    };
    const { body, fields } = encode({ messages: [user('Hi'), assistant(cited), user('Go.')] });
    expect(object(list(body.messages)[1])?.content).toEqual([
      {
        type: 'text',
        text: 'So.',
        citations: [
          {
            type: 'web_search_result_location',
            cited_text: 'q',
            encrypted_index: 'E',
            title: null,
            url: 'https://a.example',
          },
        ],
      },
    ]);
    expect(fields).toEqual(['dropped messages.citations']);
  });
  test('H4 flags come with the fields that need them, and leave with them', () => {
    const flags = (extras: JsonObject) =>
      encode({ extras: { 'anthropic-messages': extras } }).headers?.['anthropic-beta'];
    expect(flags({})).toBeUndefined();
    expect(flags({ speed: 'fast', context_management: { edits: [] } })).toBe(
      'fast-mode-2026-02-01,context-management-2025-06-27',
    );
    expect(
      flags({ mcp_servers: [], '@betas': ['mcp-client-2025-04-04'] }),
      'the version the body was written for',
    ).toBe('mcp-client-2025-04-04');
    expect(flags({ '@betas': ['context-1m-2025-08-07', 'context-management-2025-06-27'] })).toBe(
      'context-1m-2025-08-07',
    );
  });
  test('H2 the first API version is the one all models take', () => {
    expect(encode({}).headers).toEqual({ 'anthropic-version': '2023-06-01' });
  });
  test('extras of another dialect is reported, bookkeeping is not', () => {
    expect(encode({ extras: { 'gemini-generate': { safetySettings: [], '@x': 1 } } }).fields).toEqual([
      'dropped safetySettings',
    ]);
  });
  test('N1 counting takes the prompt, and neither limit nor sampling', () => {
    const notices: Notice[] = [];
    const encoded = anthropicMessages.counting?.encodeRequest(
      {
        model: 'm',
        streaming: true,
        messages: [system('S', 'top'), user('Hi')],
        tools: [look],
        sampling: { temperature: 1 },
        endUser: 'u',
      },
      { facts: sonnet45, signer: 'x', report: (notice) => void notices.push(notice) },
    );
    expect(Object.keys(encoded?.body ?? {}).sort()).toEqual(['messages', 'model', 'system', 'tools']);
    expect(notices).toEqual([]);
    expect(anthropicMessages.counting?.decodeReply({ input_tokens: 14 })).toBe(14);
    expect(() => anthropicMessages.counting?.decodeReply({})).toThrow('input_tokens');
    expect(anthropicMessages.counting?.encodeReply(14)).toEqual({ input_tokens: 14 });
  });
});
