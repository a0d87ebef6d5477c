import { expect, test } from 'vitest';
import type { Conversation } from '../../conversation/conversation.ts';
import { Failure } from '../../conversation/failure.ts';
import type { Message, Part } from '../../conversation/message.ts';
import type { Notice } from '../../conversation/notice.ts';
import type { JsonObject } from '../../json.ts';
import { factsOf } from '../../models/facts.ts';
import type { ModelFacts } from '../../models/model-facts.ts';
import { openaiChat } from './index.ts';

const openai: ModelFacts = factsOf('gpt-4o');
const user: Message = { role: 'user', parts: [{ type: 'text', text: 'Hi' }] };
const tool = {
  type: 'function',
  name: 'f',
  parameters: { type: 'object', properties: { a: { type: 'string' } } },
} as const;

test('S1 S4 S5 system turns stay in place where the model takes them, and speak from the user turn elsewhere', () => {
  const messages: Message[] = [
    { role: 'system', authority: 'developer', placement: 'top', parts: [say('one'), say('two')] },
    user,
    { role: 'system', authority: 'system', placement: 'inline', parts: [say('three')] },
  ];
  const notices: Notice[] = [];
  expect(sent({ messages: [...messages.slice(0, 1), ...messages] }, {}, notices).messages).toEqual([
    { role: 'system', content: 'one\n\ntwo\n\none\n\ntwo' },
    { role: 'user', content: 'Hi\n\n<system-reminder>\nthree\n</system-reminder>' },
  ]);
  expect(notices).toMatchObject([{ type: 'approximated', field: 'messages' }]);
  expect(sent({ messages }, factsOf('gpt-5')).messages).toMatchObject([
    { role: 'developer', content: [{ text: 'one' }, { text: 'two' }] },
    { role: 'user' },
    { role: 'system' },
  ]);
});

test('T4 tool results come before the user text', () => {
  const messages: Message[] = [user, calling('a', 'b'), answering(['b', 'two'], ['a', 'one']), user];
  expect(roles(sent({ messages }))).toEqual(['user', 'assistant', 'tool', 'tool', 'user']);
});

test('Mistral gets an assistant turn between tool results and the user', () => {
  const messages: Message[] = [user, calling('a'), answering(['a', 'one']), user];
  expect(roles(sent({ messages }, factsOf('devstral-2512')))).toEqual([
    'user',
    'assistant',
    'tool',
    'assistant',
    'user',
  ]);
});

test('T9 D7 arguments are a JSON string, whatever a client sent', () => {
  const given = [undefined, null, '', 'null', '{"a":1}', { a: 1 }, '{"n":12345678901234567890}'];
  const tool_calls = given.map((value, index) => ({
    id: `c${index}`,
    type: 'function',
    function: { name: 'f', ...(value !== undefined && { arguments: value }) },
  }));
  const parts = partsOf(read({ messages: [{ role: 'assistant', content: null, tool_calls }] }));
  expect(parts.map((part) => part.type === 'tool-call' && part.arguments)).toEqual([
    '{}', '{}', '{}', '{}', '{"a":1}', '{"a":1}', '{"n":12345678901234567890}',
  ]); // prettier-ignore
});

test('T12 content is null only beside tool calls, and empty text is left out', () => {
  const messages: Message[] = [user, calling('a'), answering(['a', '']), { role: 'assistant', parts: [] }];
  expect(sent({ messages }).messages).toMatchObject([{}, { content: null }, { content: '' }, { content: '' }]);
  expect(partsOf(read({ messages: [{ role: 'user', content: [{ type: 'text', text: '' }] }] }))).toEqual([]);
});

test('T13 a failed tool says so in words, once', () => {
  const failed = (text: string): Message => ({
    role: 'tool',
    results: [{ callId: 'a', kind: 'function', content: [say(text)], failed: true }],
  });
  const messages = [user, calling('a'), failed('no such file'), calling('a'), failed('Error: no such file')];
  const texts = list(sent({ messages }).messages).flatMap(({ role, content }) => (role === 'tool' ? [content] : []));
  expect(texts).toEqual(['Error: no such file', 'Error: no such file']);
});

test('T6 legacy functions get ids from their place, the same every time', () => {
  const request = {
    functions: [{ name: 'f' }],
    messages: [
      { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{}' } },
      { role: 'function', name: 'f', content: 'done' },
    ],
  };
  const { messages, parallelToolCalls } = read(request);
  expect(messages).toMatchObject([{ parts: [{ id: 'call_0_0' }] }, { results: [{ callId: 'call_0_0' }] }]);
  expect(parallelToolCalls).toBe(false);
  expect(read(request)).toEqual(read(request));
});

test('J4 a tool without arguments has one meaning and one form', () => {
  const spellings = [undefined, null, {}, { type: 'object' }, { type: 'object', properties: {}, required: [] }];
  for (const parameters of spellings) {
    const function_ = { name: 'f', ...(parameters !== undefined && { parameters }) };
    const { tools } = read({ messages: [], tools: [{ type: 'function', function: function_ }] });
    expect(tools).toEqual([{ type: 'function', name: 'f', at: 'tools[0]' }]);
    expect(sent({ tools }).tools).toMatchObject([{ function: { parameters: { type: 'object', properties: {} } } }]);
  }
});

test('J7 strict is sent only where the model has it and the schema keeps its promise', () => {
  const open = { ...tool, strict: true };
  const closed = { ...open, parameters: { ...tool.parameters, required: ['a'], additionalProperties: false } };
  const strict = (tools: Conversation['tools'], facts: ModelFacts, notices: Notice[] = []) =>
    list(sent({ tools }, facts, notices).tools).map((one) => (one.function as JsonObject).strict);
  const notices: Notice[] = [];
  expect(strict([open], openai, notices)).toEqual([undefined]);
  expect(notices).toMatchObject([{ type: 'approximated', field: 'tools.strict' }]);
  expect(strict([closed], openai)).toEqual([true]);
  expect(strict([closed], {})).toEqual([undefined]);
  expect(strict([{ ...tool, strict: false }], openai)).toEqual([false]);
});

test('C1 every tool choice is read, written and read again', () => {
  const custom = { type: 'custom', name: 'c' } as const;
  for (const choice of [
    'auto',
    'none',
    'required',
    { type: 'function', function: { name: 'f' } },
    { type: 'custom', custom: { name: 'c' } },
    {
      type: 'allowed_tools',
      allowed_tools: {
        mode: 'auto',
        tools: [
          { type: 'function', function: { name: 'f' } },
          { type: 'custom', custom: { name: 'c' } },
        ],
      },
    },
  ]) {
    const { toolChoice } = read({ messages: [], tool_choice: choice });
    expect(sent({ tools: [tool, custom], ...(toolChoice && { toolChoice }) }, openai).tool_choice).toEqual(choice);
  }
  expect(read({ messages: [], tool_choice: { type: 'function', name: 'f' } }).toolChoice).toMatchObject({
    tool: { name: 'f' },
  });
});

test('C3 choice and parallelism go only with tools', () => {
  const asked = { toolChoice: { type: 'auto' }, parallelToolCalls: false } as const;
  expect(Object.keys(sent({ ...asked, tools: [] }))).toEqual(['model', 'messages']);
  expect(sent({ ...asked, tools: [tool] })).toMatchObject({ tool_choice: 'auto', parallel_tool_calls: false });
  expect(sent({ tools: [tool], parallelToolCalls: true })).not.toHaveProperty('parallel_tool_calls');
});

test('C4 a forced choice becomes auto where it is refused', () => {
  const notices: Notice[] = [];
  const forced = { tools: [tool], toolChoice: { type: 'required' } } as const;
  expect(sent(forced, { forcedToolChoice: false }, notices).tool_choice).toBe('auto');
  expect(notices).toMatchObject([{ type: 'approximated', field: 'toolChoice' }]);
  expect(sent(forced, factsOf('kimi-k2.6')).tool_choice).toBe('auto');
  expect(sent({ ...forced, reasoning: { mode: 'disabled' } }, factsOf('kimi-k2.6')).tool_choice).toBe('required');
});

test('C5 allowed tools are the only ones offered to vendors that know no list', () => {
  const other = { ...tool, name: 'g' };
  const toolChoice = { type: 'allowed', mode: 'required', tools: [{ name: 'g' }] } as const;
  const body = sent({ tools: [tool, other], toolChoice });
  expect(body.tool_choice).toBe('required');
  expect(list(body.tools)).toMatchObject([{ function: { name: 'g' } }]);
});

test('C6 a choice of a tool that did not come along is left out', () => {
  const search = { type: 'web-search', name: 'web_search', at: 'tools[1]' } as const;
  const notices: Notice[] = [];
  const body = sent({ tools: [tool, search], toolChoice: { type: 'tool', tool: { name: 'web_search' } } }, {}, notices);
  expect(body).not.toHaveProperty('tool_choice');
  expect(notices.map(({ field }) => field)).toEqual(['tools[1]', 'toolChoice']);
});

test('Z9 reasoning in several members is read once', () => {
  const message = {
    role: 'assistant',
    content: 'x',
    reasoning: 'Hm.',
    reasoning_content: 'Hm.',
    reasoning_details: [{ type: 'reasoning.text', text: 'Hm.', signature: 's' }],
  };
  expect(partsOf(read({ messages: [message] }))).toMatchObject([
    { type: 'reasoning', text: 'Hm.', seal: { issuer: 'openai-chat', value: 's' } },
    { type: 'text' },
  ]);
});

test('Z10 turns with calls bring their reasoning back to those that insist, and nobody else gets any', () => {
  const thought: Message = {
    role: 'assistant',
    parts: [{ type: 'reasoning', text: 'Hm.' }, ...partsOf2(calling('a'))],
  };
  const messages: Message[] = [user, thought, answering(['a', 'x']), calling('b'), answering(['b', 'y'])];
  const reasoning = (facts: ModelFacts) =>
    list(sent({ messages }, facts).messages).flatMap((turn) =>
      turn.role === 'assistant' ? [turn.reasoning_content] : [],
    );
  expect(reasoning(factsOf('deepseek-v4-pro'))).toEqual(['Hm.', ' ']);
  expect(reasoning({})).toEqual([undefined, undefined]);
  expect(reasoning(openai)).toEqual([undefined, undefined]);
});

test('Z2 a seal goes back to its signer alone', () => {
  const sealed = (issuer: string): Message => ({
    role: 'assistant',
    parts: [{ type: 'reasoning', text: 'Hm.', seal: { issuer, value: 's' } }, say('x')],
  });
  const body = sent({ messages: [sealed('openai-chat'), sealed('anthropic-messages')] });
  expect(body.messages).toMatchObject([{ reasoning_details: [{ text: 'Hm.', signature: 's' }] }, {}]);
  expect(JSON.stringify(list(body.messages)[1])).not.toContain('reasoning');
});

test('Z4 Z6 Gemini behind Chat gets its signatures back, and a sentinel on the first call it did not sign', () => {
  const facts: ModelFacts = { thoughtSignatures: true };
  const signed: Message = {
    role: 'assistant',
    parts: partsOf2(calling('a', 'b')).map((part, index) =>
      index === 0 ? { ...part, seal: { issuer: 'gemini-generate', value: 'sig' } } : part,
    ),
  };
  const signatures = (message: Message, known: ModelFacts) =>
    list(list(sent({ messages: [message] }, known).messages)[0]?.tool_calls).map((call) => call.extra_content);
  expect(signatures(signed, facts)).toEqual([{ google: { thought_signature: 'sig' } }, undefined]);
  expect(signatures(calling('a', 'b'), facts)).toEqual([
    { google: { thought_signature: 'skip_thought_signature_validator' } },
    undefined,
  ]);
  expect(signatures(signed, openai)).toEqual([undefined, undefined]);
});

test('U5 usage is always asked for in a stream', () => {
  expect(sent({ streaming: true })).toMatchObject({ stream: true, stream_options: { include_usage: true } });
  expect(sent({ streaming: true }, { streamUsage: false })).not.toHaveProperty('stream_options');
  expect(sent({})).not.toHaveProperty('stream');
});

test('P2 cache marks go to models that keep them, and one notice speaks for the rest', () => {
  const marked: Part = { type: 'text', text: 'long', cache: { ttl: '1h' }, at: 'system[0]' };
  const messages: Message[] = [
    { role: 'system', authority: 'system', placement: 'top', parts: [marked] },
    { role: 'user', parts: [{ ...marked, at: 'messages[0]', cache: {} }] },
  ];
  expect(sent({ messages }, factsOf('gpt-5.6-sol')).messages).toMatchObject([
    { content: [{ prompt_cache_breakpoint: { mode: 'explicit', ttl: '12h' } }] },
    { content: [{ prompt_cache_breakpoint: { mode: 'explicit' } }] },
  ]);
  const notices: Notice[] = [];
  expect(JSON.stringify(sent({ messages }, openai, notices))).not.toContain('prompt_cache_breakpoint');
  expect(notices).toMatchObject([{ type: 'dropped', field: 'system[0]' }]);
});

test('P3 one text in a list and one text alone are the same bytes', () => {
  const listed = read({ messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }] });
  const alone = read({ messages: [{ role: 'user', content: 'Hi' }] });
  expect(JSON.stringify(sent(listed))).toBe(JSON.stringify(sent(alone)));
});

test('M1 image/jpg is image/jpeg, and the data URL comes back whole', () => {
  const content = [{ type: 'image_url', image_url: { url: 'data:image/jpg;base64,AAAA', detail: 'high' } }];
  const conversation = read({ messages: [{ role: 'user', content }] });
  expect(partsOf(conversation)).toMatchObject([{ source: { mediaType: 'image/jpeg', data: 'AAAA' }, detail: 'high' }]);
  expect(sent(conversation).messages).toMatchObject([
    { content: [{ image_url: { url: 'data:image/jpeg;base64,AAAA' } }] },
  ]);
});

test('M3 images in tool results follow in a user turn, after all results', () => {
  const image: Part = {
    type: 'media',
    kind: 'image',
    source: { type: 'base64', mediaType: 'image/png', data: 'AA==' },
    at: 'x',
  };
  const results: Message = {
    role: 'tool',
    results: [
      { callId: 'a', kind: 'function', content: [image, say('320x200')], failed: false },
      { callId: 'b', kind: 'function', content: [say('two')], failed: false },
    ],
  };
  const notices: Notice[] = [];
  const body = sent({ messages: [user, calling('a', 'b'), results, user] }, {}, notices);
  expect(roles(body)).toEqual(['user', 'assistant', 'tool', 'tool', 'user', 'user']);
  expect(list(body.messages)[4]?.content).toMatchObject([
    { type: 'text' },
    { image_url: { url: 'data:image/png;base64,AA==' } },
  ]);
  expect(notices).toMatchObject([{ type: 'approximated', field: 'x' }]);
});

test('M2 M4 M5 M6 what has no form on this wire is refused by name', () => {
  const refused = (part: Part) => () =>
    sent({ messages: [{ role: 'user', parts: [{ ...part, at: 'messages[0].content[0]' }] }] });
  const media = { type: 'media', kind: 'document' } as const;
  for (const part of [
    { ...media, source: { type: 'url', url: 'https://x/a.pdf' } },
    { ...media, source: { type: 'file', dialect: 'anthropic-messages', id: 'file_1' } },
    { ...media, kind: 'audio', source: { type: 'base64', mediaType: 'audio/ogg', data: '' } },
    { ...media, kind: 'image', source: { type: 'file', dialect: 'gemini-generate', id: 'files/1' } },
  ] as const)
    expect(refused(part)).toThrow(
      expect.objectContaining({ kind: 'bad-request', details: { field: 'messages[0].content[0]' } }),
    );
  const text: Part = { ...media, name: 'notes.txt', source: { type: 'text', mediaType: 'text/plain', text: 'Milk' } };
  expect(sent({ messages: [{ role: 'user', parts: [text] }] }).messages).toEqual([
    { role: 'user', content: 'notes.txt\n\nMilk' },
  ]);
});

test('O1 a schema goes natively or into the instructions', () => {
  const output = { type: 'json-schema', schema: { type: 'object' } } as const;
  expect(sent({ output }, openai).response_format).toEqual({
    type: 'json_schema',
    json_schema: { name: 'response', schema: { type: 'object' } },
  });
  const notices: Notice[] = [];
  const body = sent({ output }, {}, notices);
  expect(body.response_format).toEqual({ type: 'json_object' });
  expect(body.messages).toMatchObject([{ role: 'system', content: expect.stringContaining('{"type":"object"}') }, {}]);
  expect(notices).toMatchObject([{ type: 'approximated', field: 'output' }]);
});

test('O4 JSON mode comes with the word that vendors look for', () => {
  const output = { type: 'json' } as const;
  expect(sent({ output }).messages).toMatchObject([{ role: 'system', content: 'Answer with a JSON object.' }, {}]);
  const asking: Message = { role: 'user', parts: [say('As json, please')] };
  expect(sent({ output, messages: [asking] }).messages).toHaveLength(1);
});

test('Q2 reasoning models get neither sampling nor stop, and a notice for each', () => {
  const notices: Notice[] = [];
  const sampling = { temperature: 0.5, topP: 0.9, stopSequences: ['X'], presencePenalty: 1, seed: 3 };
  const body = sent({ sampling, maxOutputTokens: 100 }, factsOf('o4-mini'), notices);
  expect(body).toEqual({
    model: 'm',
    messages: [{ role: 'user', content: 'Hi' }],
    max_completion_tokens: 100,
    seed: 3,
  });
  expect(notices.map(({ field }) => field)).toEqual([
    'sampling.temperature', 'sampling.topP', 'sampling.presencePenalty', 'sampling.stopSequences',
  ]); // prettier-ignore
});

test('Q3 max_completion_tokens is read first, and the target decides the member and the ceiling', () => {
  expect(read({ messages: [], max_tokens: 5, max_completion_tokens: 9 }).maxOutputTokens).toBe(9);
  expect(sent({ maxOutputTokens: 9 })).toMatchObject({ max_tokens: 9 });
  const notices: Notice[] = [];
  expect(sent({ maxOutputTokens: 128_000 }, openai, notices)).toMatchObject({ max_completion_tokens: 16_384 });
  expect(notices).toMatchObject([{ type: 'approximated', field: 'maxOutputTokens' }]);
});

test('Q4 stop is always a list of at most four', () => {
  expect(read({ messages: [], stop: 'END' }).sampling.stopSequences).toEqual(['END']);
  expect(sent({ sampling: { stopSequences: ['a', 'b', '', 'c', 'd', 'e'] } }).stop).toEqual(['a', 'b', 'c', 'd']);
});

test('Q5 n is carried both ways', () => {
  expect(read({ messages: [], n: 3 }).sampling).toEqual({ candidates: 3 });
  expect(sent({ sampling: { candidates: 3 } }).n).toBe(3);
});

test('Q6 what Chat has is sent, what it has not is told', () => {
  const notices: Notice[] = [];
  const sampling = { seed: 7, logitBias: { '5': -1 }, logprobs: true, topLogprobs: 2, topK: 40 };
  expect(sent({ sampling }, {}, notices)).toMatchObject({
    seed: 7,
    logit_bias: { '5': -1 },
    logprobs: true,
    top_logprobs: 2,
  });
  expect(notices).toMatchObject([{ type: 'dropped', field: 'sampling.topK' }]);
  expect(sent({ sampling }, factsOf('qwen3.7-plus')).top_k).toBe(40);
});

test('Q1 temperature is clamped to what the model takes', () => {
  expect(sent({ sampling: { temperature: 1.5 } }, factsOf('glm-5.1')).temperature).toBe(1);
  expect(sent({ sampling: { temperature: 1.5 } }, openai).temperature).toBe(1.5);
});

test('Q7 a long user id is hashed for OpenAI and stays away from others', () => {
  const endUser = JSON.stringify({ device_id: 'x'.repeat(64), session_id: 'y'.repeat(36) });
  const sentId = sent({ endUser }, openai).safety_identifier;
  expect(sentId).toMatch(/^user_[0-9a-f]{16}$/);
  expect(sent({ endUser }, openai).safety_identifier).toBe(sentId);
  expect(sent({ endUser: 'short' }, openai).safety_identifier).toBe('short');
  expect(sent({ endUser: '{"session":1}' }, openai).safety_identifier).toMatch(/^user_/);
  expect(Object.keys(sent({ endUser, cacheKey: 'k', verbosity: 'low', serviceTier: 'flex' }))).toEqual([
    'model',
    'messages',
  ]);
});

test('an effort is the nearest that the model has, and none beside tools where OpenAI refuses it', () => {
  const effort = (wanted: 'minimal' | 'xhigh', facts: ModelFacts) =>
    sent({ reasoning: { effort: wanted } }, facts).reasoning_effort;
  expect(effort('xhigh', factsOf('gpt-5'))).toBe('high');
  expect(effort('minimal', factsOf('gpt-5.1'))).toBe('low');
  expect(effort('xhigh', {})).toBeUndefined();
  expect(sent({ reasoning: { budgetTokens: 8000 } }, factsOf('gpt-5')).reasoning_effort).toBe('medium');
  expect(sent({ reasoning: { effort: 'high' }, tools: [tool] }, factsOf('gpt-6-sol')).reasoning_effort).toBe('none');
  expect(sent({ tools: [tool] }, factsOf('gpt-6-sol')).reasoning_effort).toBe('none');
  expect(sent({ reasoning: { effort: 'high' }, tools: [tool] }, factsOf('gpt-5.4'))).not.toHaveProperty(
    'reasoning_effort',
  );
});

test('B3 thinking is switched in the vendor’s own words', () => {
  const off = { reasoning: { mode: 'disabled' } } as const;
  expect(sent(off, factsOf('deepseek-v4-pro'))).toMatchObject({ thinking: { type: 'disabled' } });
  expect(sent(off, factsOf('qwen3.7-plus'))).toMatchObject({ enable_thinking: false });
  expect(sent({ reasoning: { effort: 'medium' } }, factsOf('deepseek-v4-pro'))).toMatchObject({
    thinking: { type: 'enabled' },
    reasoning_effort: 'high',
  });
  expect(read({ messages: [], thinking: { type: 'disabled' } }).reasoning).toEqual({ mode: 'disabled' });
  expect(read({ messages: [], enable_thinking: true, thinking_budget: 900 }).reasoning).toEqual({ budgetTokens: 900 });
  expect(read({ messages: [], reasoning: { effort: 'low', exclude: true } }).reasoning).toEqual({
    effort: 'low',
    show: 'none',
  });
});

test('members of another dialect are reported, members of our own go home', () => {
  const notices: Notice[] = [];
  const extras = { 'anthropic-messages': { context_management: {} }, 'openai-chat': { metadata: { a: 'b' } } };
  expect(sent({ extras }, {}, notices)).toMatchObject({ metadata: { a: 'b' } });
  expect(notices).toMatchObject([{ type: 'dropped', field: 'context_management' }]);
});

test('texts that something came between do not run together', () => {
  const assistant: Message = {
    role: 'assistant',
    parts: [say('One.'), ...partsOf2(calling('a')), say('Two'), say(' three.')],
  };
  expect(sent({ messages: [assistant] }).messages).toMatchObject([{ content: 'One.\n\nTwo three.' }]);
});

test('bad requests name the field', () => {
  const field = (body: JsonObject) => {
    try {
      read(body);
    } catch (error) {
      return error instanceof Failure && error.kind === 'bad-request' && error.details.field;
    }
    return undefined;
  };
  expect(field({})).toBe('messages');
  expect(field({ messages: ['x'] })).toBe('messages[0]');
  expect(field({ messages: [{ role: 'user', content: 7 }] })).toBe('messages[0].content');
  expect(field({ messages: [{ role: 'user', content: [7] }] })).toBe('messages[0].content[0]');
  expect(field({ messages: [], tools: [{ type: 'function', function: {} }] })).toBe('tools[0].function.name');
  expect(field({ messages: [], temperature: 'hot' })).toBe('temperature');
  expect(field({ messages: [], max_tokens: -1 })).toBe('max_tokens');
  expect(field({ messages: [], stop: [1] })).toBe('stop');
  expect(field({ messages: [], response_format: { type: 'json_schema' } })).toBe('response_format.json_schema.schema');
});

function read(body: JsonObject): Conversation {
  return openaiChat.decodeRequest(body, {
    glance: { model: 'm', streaming: false },
    headers: {},
    report: () => undefined,
  });
}

function sent(asked: Partial<Conversation>, facts: ModelFacts = {}, notices: Notice[] = []): JsonObject {
  const conversation: Conversation = {
    model: 'm',
    streaming: false,
    messages: [user],
    tools: [],
    sampling: {},
    ...asked,
  };
  return openaiChat.encodeRequest(conversation, {
    facts,
    signer: 'openai-chat',
    report: (notice) => void notices.push(notice),
  }).body;
}

function say(text: string): Part {
  return { type: 'text', text };
}

function calling(...ids: string[]): Message {
  return {
    role: 'assistant',
    parts: ids.map((id) => ({ type: 'tool-call', id, name: 'f', kind: 'function', arguments: '{}' })),
  };
}

function answering(...pairs: [string, string][]): Message {
  return {
    role: 'tool',
    results: pairs.map(([callId, text]) => ({
      callId,
      kind: 'function',
      content: text === '' ? [] : [say(text)],
      failed: false,
    })),
  };
}

function partsOf2(message: Message): readonly Part[] {
  return message.role === 'tool' ? [] : message.parts;
}

function partsOf(conversation: Conversation): readonly Part[] {
  return conversation.messages.flatMap(partsOf2);
}

function list(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? (value as JsonObject[]) : []; // what we wrote ourselves
}

function roles(body: JsonObject): readonly unknown[] {
  return list(body.messages).map(({ role }) => role);
}
