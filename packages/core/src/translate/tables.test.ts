import { describe, expect, test } from 'vitest';
import { Failure, type FailureKind } from '../conversation/failure.ts';
import { efforts, type Effort } from '../conversation/conversation.ts';
import { totalInputTokens, type Usage } from '../conversation/usage.ts';
import type { ModelFacts } from '../models/model-facts.ts';
import { isObject, list, object, type Json, type JsonObject } from '../json.ts';
import { dialects, models, names, read, requests, sent, streamOf, type Name } from '../testing/pairs.ts';
import { translateRequest } from '../translators.ts';

/** The catalogue's tables a1 to a6, held for every pair of dialects by way of the public translators. */

const chatReply = (finish: Json, message: JsonObject = { content: 'Hello' }, members: JsonObject = {}): JsonObject => ({
  id: 'c1',
  object: 'chat.completion',
  created: 1,
  model: 'up',
  choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: finish }],
  ...members,
});
const messagesReply = (
  stop: string,
  content: Json[] = [{ type: 'text', text: 'Hello' }],
  members: JsonObject = {},
): JsonObject => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'up',
  content,
  stop_reason: stop,
  stop_sequence: stop === 'stop_sequence' ? 'END' : null,
  usage: { input_tokens: 1, output_tokens: 1 },
  ...members,
});
const said: JsonObject = {
  type: 'message',
  id: 'msg_1',
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text: 'Hello', annotations: [] }],
};
const responsesReply = (status: string, members: JsonObject = {}): JsonObject => ({
  id: 'resp_1',
  object: 'response',
  created_at: 1,
  model: 'up',
  status,
  output: [said],
  ...members,
});
const geminiReply = (reason: Json, parts: Json[] = [{ text: 'Hello' }], members: JsonObject = {}): JsonObject => ({
  candidates: [{ content: { role: 'model', parts }, finishReason: reason, index: 0 }],
  modelVersion: 'up',
  ...members,
});
const chatCall: JsonObject = {
  content: null,
  tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } }],
};
const messagesCall: Json[] = [{ type: 'tool_use', id: 'toolu_1', name: 'f', input: {} }];
const geminiCall: Json[] = [{ functionCall: { name: 'f', args: {} } }];
const responsesCall: JsonObject = { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'f', arguments: '{}' };
const customCall: JsonObject = { type: 'custom_tool_call', id: 'ctc_1', call_id: 'call_1', name: 'f', input: 'x' };

/** How a reply ended, in one word or two, as its dialect tells it. */
function ending(client: Name, reply: JsonObject): string {
  if (client === 'chat') return String(object(list(reply.choices)[0])?.finish_reason);
  if (client === 'messages') return String(reply.stop_reason);
  if (client === 'gemini') {
    const blocked = object(reply.promptFeedback)?.blockReason;
    return String(blocked ?? object(list(reply.candidates)[0])?.finishReason);
  }
  const reason = object(reply.incomplete_details)?.reason ?? object(reply.error)?.code;
  return reason === undefined ? String(reply.status) : `${String(reply.status)} ${String(reason)}`;
}

interface StopRow {
  readonly upstream: Name;
  readonly word: string;
  readonly reply: JsonObject;
  readonly seen: readonly [chat: string, messages: string, responses: string, gemini: string];
}
const row = (upstream: Name, word: string, reply: JsonObject, ...seen: StopRow['seen']): StopRow => ({
  upstream,
  word,
  reply,
  seen,
});

const plain = ['stop', 'end_turn', 'completed', 'STOP'] as const;
const calls = ['tool_calls', 'tool_use', 'completed', 'STOP'] as const;
const cut = ['length', 'max_tokens', 'incomplete max_output_tokens', 'MAX_TOKENS'] as const;
const filtered = ['content_filter', 'refusal', 'incomplete content_filter', 'SAFETY'] as const;
const blocks = ['SAFETY', 'RECITATION', 'BLOCKLIST', 'PROHIBITED_CONTENT', 'SPII', 'LANGUAGE', 'IMAGE_SAFETY', 'IMAGE_PROHIBITED_CONTENT', 'IMAGE_RECITATION', 'IMAGE_OTHER', 'NO_IMAGE']; // prettier-ignore
const malformed = [
  'MALFORMED_FUNCTION_CALL',
  'UNEXPECTED_TOOL_CALL',
  'MALFORMED_RESPONSE',
  'MISSING_THOUGHT_SIGNATURE',
];
const incomplete = (reason: string) => responsesReply('incomplete', { incomplete_details: { reason } });

const stops: readonly StopRow[] = [
  row('messages', 'end_turn', messagesReply('end_turn'), ...plain),
  row('messages', 'stop_sequence', messagesReply('stop_sequence'), 'stop', 'stop_sequence', 'completed', 'STOP'),
  row('messages', 'max_tokens', messagesReply('max_tokens'), ...cut),
  row('messages', 'model_context_window_exceeded', messagesReply('model_context_window_exceeded'), 'length', 'model_context_window_exceeded', 'incomplete max_output_tokens', 'MAX_TOKENS'), // prettier-ignore
  row('messages', 'tool_use', messagesReply('tool_use', messagesCall), ...calls),
  row('messages', 'pause_turn', messagesReply('pause_turn'), 'stop', 'pause_turn', 'incomplete max_output_tokens', 'OTHER'), // prettier-ignore
  row('messages', 'refusal', messagesReply('refusal'), ...filtered),
  row('messages', 'compaction', messagesReply('compaction'), 'stop', 'compaction', 'completed', 'STOP'),
  row('chat', 'stop', chatReply('stop'), ...plain),
  row('chat', 'length', chatReply('length'), ...cut),
  row('chat', 'tool_calls', chatReply('tool_calls', chatCall), ...calls),
  row('chat', 'function_call', chatReply('function_call', chatCall), ...calls),
  row('chat', 'content_filter', chatReply('content_filter'), ...filtered),
  row('chat', 'sensitive (GLM)', chatReply('sensitive'), ...filtered),
  row('responses', 'completed', responsesReply('completed'), ...plain),
  row('responses', 'completed with function_call', responsesReply('completed', { output: [responsesCall] }), ...calls),
  row('responses', 'completed with custom_tool_call', responsesReply('completed', { output: [customCall] }), ...calls),
  row('responses', 'max_output_tokens', incomplete('max_output_tokens'), ...cut),
  row('responses', 'max_messages', incomplete('max_messages'), 'length', 'max_tokens', 'incomplete max_messages', 'MAX_TOKENS'), // prettier-ignore
  row('responses', 'content_filter', incomplete('content_filter'), ...filtered),
  row('responses', 'steered', incomplete('steered'), 'stop', 'end_turn', 'incomplete steered', 'STOP'),
  row('gemini', 'STOP', geminiReply('STOP'), ...plain),
  row('gemini', 'STOP with calls', geminiReply('STOP', geminiCall), ...calls),
  row('gemini', 'MAX_TOKENS', geminiReply('MAX_TOKENS'), ...cut),
  row('gemini', 'CONTINUATION', geminiReply('CONTINUATION'), 'length', 'max_tokens', 'incomplete max_output_tokens', 'CONTINUATION'), // prettier-ignore
  ...blocks.map((word) => row('gemini', word, geminiReply(word), 'content_filter', 'refusal', 'incomplete content_filter', word)), // prettier-ignore
  row('gemini', 'promptFeedback', { promptFeedback: { blockReason: 'SAFETY' } }, ...filtered),
  ...malformed.map((word) => row('gemini', word, geminiReply(word), 'stop', 'end_turn', 'failed server_error', word)),
  row('gemini', 'TOO_MANY_TOOL_CALLS', geminiReply('TOO_MANY_TOOL_CALLS'), 'stop', 'end_turn', 'completed', 'TOO_MANY_TOOL_CALLS'), // prettier-ignore
  row('gemini', 'OTHER', geminiReply('OTHER'), 'stop', 'end_turn', 'completed', 'OTHER'),
  row('gemini', 'FINISH_REASON_UNSPECIFIED', geminiReply('FINISH_REASON_UNSPECIFIED'), 'stop', 'end_turn', 'completed', 'FINISH_REASON_UNSPECIFIED'), // prettier-ignore
  row('gemini', 'a word of tomorrow', geminiReply('A_NEW_ONE'), 'stop', 'end_turn', 'completed', 'A_NEW_ONE'),
];

describe('a1 stop reasons', () => {
  test.each(stops)('a1 $upstream $word', ({ upstream, reply, seen }) => {
    expect(names.map((client) => ending(client, read(client, upstream, reply)))).toEqual(seen);
  });
});

/** What was thrown, or the reply that came instead. */
function failureOf(make: () => unknown): Failure {
  try {
    throw new Error(`A reply came instead: ${JSON.stringify(make())}`);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

describe('a1 what is no end', () => {
  const errors: readonly (readonly [string, Name, JsonObject, FailureKind])[] = [
    [
      'Responses failed',
      'responses',
      responsesReply('failed', { error: { code: 'server_error', message: 'x' } }),
      'server',
    ],
    ['Responses cancelled', 'responses', responsesReply('cancelled'), 'bad-upstream'],
    ['DeepSeek’s insufficient_system_resource', 'chat', chatReply('insufficient_system_resource'), 'overloaded'],
  ];
  test.each(errors)('a1 %s is an error to every client', (_, upstream, reply, kind) => {
    for (const client of names) expect(failureOf(() => read(client, upstream, reply)).kind, client).toBe(kind);
  });

  test('a1 a Chat stream that ends with null as its reason is an error to every client', () => {
    const chunk = { id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'up' };
    const delta = {
      content: 'Hel',
      tool_calls: [{ index: 0, id: 'call_1', function: { name: 'f', arguments: '{"a' } }],
    };
    const piece = `data: ${JSON.stringify({ ...chunk, choices: [{ index: 0, delta, finish_reason: null }] })}\n\n`;
    const told = names.map((client) => {
      const stream = streamOf(client, 'chat');
      return [stream.push(new TextEncoder().encode(piece)), stream.end()].join('');
    });
    expect(told[0]).toContain('data: {"error":{');
    expect(told[1]).toContain('event: error');
    expect(told[2]).toContain('event: response.failed');
    expect(told[3]).toContain('data: {"error":{');
    for (const text of told)
      expect(text).not.toMatch(/message_stop|response\.completed|\[DONE\]|"finishReason"|"finish_reason":"/);
  });

  test('a1 error outranks filter, filter length, length calls, and calls the declared reason', () => {
    const both = { output: [responsesCall] };
    for (const client of names) {
      const [chat, messages, responses, gemini] = [
        read(client, 'chat', chatReply('length', chatCall)),
        read(client, 'messages', messagesReply('refusal', messagesCall)),
        read(client, 'responses', responsesReply('incomplete', { ...both, incomplete_details: { reason: 'max_output_tokens' } })), // prettier-ignore
        read(client, 'gemini', geminiReply('SAFETY', geminiCall)),
      ].map((reply) => ending(client, reply));
      const at = names.indexOf(client);
      expect([chat, messages, responses, gemini], client).toEqual([cut[at], filtered[at], cut[at], filtered[at]]);
      expect(ending(client, read(client, 'chat', chatReply('stop', chatCall))), client).toBe(calls[at]);
      expect(ending(client, read(client, 'messages', messagesReply('end_turn', messagesCall))), client).toBe(calls[at]);
    }
  });
});

/** Every kind of token is in it, and each count tells its kind by its size. */
const usages: Readonly<Record<Name, JsonObject>> = {
  chat: {
    prompt_tokens: 1110,
    completion_tokens: 77,
    total_tokens: 1187,
    prompt_tokens_details: { cached_tokens: 100, cache_write_tokens: 10 },
    completion_tokens_details: { reasoning_tokens: 7 },
  },
  messages: {
    input_tokens: 1000,
    cache_read_input_tokens: 100,
    cache_creation_input_tokens: 10,
    output_tokens: 77,
    output_tokens_details: { thinking_tokens: 7 },
  },
  responses: {
    input_tokens: 1110,
    input_tokens_details: { cached_tokens: 100, cache_write_tokens: 10 },
    output_tokens: 77,
    output_tokens_details: { reasoning_tokens: 7 },
    total_tokens: 1187,
  },
  gemini: {
    promptTokenCount: 1100,
    cachedContentTokenCount: 100,
    candidatesTokenCount: 70,
    thoughtsTokenCount: 7,
    toolUsePromptTokenCount: 10,
    totalTokenCount: 1187,
  },
};
const withUsage: Readonly<Record<Name, JsonObject>> = {
  chat: chatReply('stop', { content: 'Hello' }, { usage: usages.chat }),
  messages: messagesReply('end_turn', undefined, { usage: usages.messages }),
  responses: responsesReply('completed', { usage: usages.responses }),
  gemini: geminiReply('STOP', undefined, { usageMetadata: usages.gemini }),
};

function usageIn(dialect: Name, reply: JsonObject): JsonObject {
  return object(dialect === 'gemini' ? reply.usageMetadata : reply.usage) ?? {};
}

/** As its own dialect reads it. */
function hubUsage(dialect: Name, reply: JsonObject): Usage {
  return dialects[dialect].decodeReply(reply, { facts: {}, signer: '', turn: 0 }).usage ?? {};
}

describe('a2 usage', () => {
  test.each(names)('a2 %s is read as uncached, read, written, all output and reasoning within it', (upstream) => {
    expect(hubUsage(upstream, withUsage[upstream])).toEqual({
      inputTokens: 1000,
      cacheReadTokens: 100,
      ...(upstream === 'gemini' ? { toolUseInputTokens: 10 } : { cacheWriteTokens: 10 }),
      outputTokens: 77,
      reasoningTokens: 7,
    });
  });

  test.each(names)('a2 %s as upstream: what each client is told', (upstream) => {
    const written = upstream === 'gemini' ? {} : { cache_write_tokens: 10 };
    expect(usageIn('chat', read('chat', upstream, withUsage[upstream]))).toEqual({
      prompt_tokens: 1110,
      completion_tokens: 77,
      total_tokens: 1187,
      prompt_tokens_details: { cached_tokens: 100, ...written },
      completion_tokens_details: { reasoning_tokens: 7 },
    });
    expect(usageIn('messages', read('messages', upstream, withUsage[upstream]))).toMatchObject({
      input_tokens: upstream === 'gemini' ? 1010 : 1000,
      cache_read_input_tokens: 100,
      cache_creation_input_tokens: upstream === 'gemini' ? null : 10,
      output_tokens: 77,
      output_tokens_details: { thinking_tokens: 7 },
    });
    expect(usageIn('responses', read('responses', upstream, withUsage[upstream]))).toEqual({
      input_tokens: 1110,
      input_tokens_details: { cached_tokens: 100, cache_write_tokens: upstream === 'gemini' ? 0 : 10 },
      output_tokens: 77,
      output_tokens_details: { reasoning_tokens: 7 },
      total_tokens: 1187,
    });
    expect(usageIn('gemini', read('gemini', upstream, withUsage[upstream]))).toEqual({
      promptTokenCount: upstream === 'gemini' ? 1100 : 1110,
      cachedContentTokenCount: 100,
      candidatesTokenCount: 70,
      thoughtsTokenCount: 7,
      totalTokenCount: 1187,
      ...(upstream === 'gemini' && { toolUsePromptTokenCount: 10 }),
    });
  });

  test('a2 the total of the input is the same over every pair, and over every pair of pairs', () => {
    for (const upstream of names)
      for (const middle of names)
        for (const client of names) {
          const once = read(middle, upstream, withUsage[upstream]);
          const total = totalInputTokens(hubUsage(client, read(client, middle, once)));
          expect(total, `${upstream} → ${middle} → ${client}`).toBe(1110);
        }
  });

  test('a2 counts are never negative, and DeepSeek’s hits and misses are the cached and the uncached', () => {
    const odd = chatReply('stop', undefined, {
      usage: { prompt_tokens: 5, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 9 } },
    });
    expect(usageIn('messages', read('messages', 'chat', odd))).toMatchObject({ input_tokens: 0, cache_read_input_tokens: 9 }); // prettier-ignore
    const deepseek = chatReply('stop', undefined, {
      usage: { prompt_tokens: 12, prompt_cache_hit_tokens: 8, prompt_cache_miss_tokens: 4, completion_tokens: 1 },
    });
    expect(usageIn('messages', read('messages', 'chat', deepseek))).toMatchObject({ input_tokens: 4, cache_read_input_tokens: 8 }); // prettier-ignore
  });
});

interface ChoiceRow {
  readonly meaning: string;
  readonly chat: JsonObject;
  readonly responses: JsonObject;
  readonly messages: JsonObject;
  /** `functionCallingConfig`; absent: Gemini has no word for it. */
  readonly gemini?: JsonObject;
}
const choices: readonly ChoiceRow[] = [
  { meaning: 'absent', chat: {}, responses: {}, messages: {}, gemini: {} },
  {
    meaning: 'auto',
    chat: { tool_choice: 'auto' },
    responses: { tool_choice: 'auto' },
    messages: { tool_choice: { type: 'auto' } },
    gemini: { mode: 'AUTO' },
  },
  {
    meaning: 'none',
    chat: { tool_choice: 'none' },
    responses: { tool_choice: 'none' },
    messages: { tool_choice: { type: 'none' } },
    gemini: { mode: 'NONE' },
  },
  {
    meaning: 'required',
    chat: { tool_choice: 'required' },
    responses: { tool_choice: 'required' },
    messages: { tool_choice: { type: 'any' } },
    gemini: { mode: 'ANY' },
  },
  {
    meaning: 'one function',
    chat: { tool_choice: { type: 'function', function: { name: 'f' } } },
    responses: { tool_choice: { type: 'function', name: 'f' } },
    messages: { tool_choice: { type: 'tool', name: 'f' } },
    gemini: { mode: 'ANY', allowedFunctionNames: ['f'] },
  },
  {
    meaning: 'auto, one call at a time',
    chat: { tool_choice: 'auto', parallel_tool_calls: false },
    responses: { tool_choice: 'auto', parallel_tool_calls: false },
    messages: { tool_choice: { type: 'auto', disable_parallel_tool_use: true } },
  },
];
const parameters: JsonObject = { type: 'object', properties: { a: { type: 'string' } } };
const toolNames = ['f', 'g'];
const tools: Readonly<Record<Name, JsonObject>> = {
  chat: { tools: toolNames.map((name) => ({ type: 'function', function: { name, parameters } })) },
  responses: { tools: toolNames.map((name) => ({ type: 'function', name, parameters, strict: false })) },
  messages: { tools: toolNames.map((name) => ({ name, input_schema: parameters })) },
  gemini: {
    tools: [{ functionDeclarations: toolNames.map((name) => ({ name, parametersJsonSchema: parameters })) }],
  },
};
function choiceIn(dialect: Name, row: ChoiceRow): JsonObject | undefined {
  if (dialect !== 'gemini') return row[dialect];
  if (!row.gemini) return undefined;
  return row.meaning === 'absent' ? {} : { toolConfig: { functionCallingConfig: row.gemini } };
}

function choiceOf(body: JsonObject): JsonObject {
  const { tool_choice, parallel_tool_calls, toolConfig } = body;
  return {
    ...(tool_choice !== undefined && { tool_choice }),
    ...(parallel_tool_calls !== undefined && { parallel_tool_calls }),
    ...(toolConfig !== undefined && { toolConfig }),
  };
}

function offered(body: JsonObject): readonly Json[] {
  return list(body.tools).flatMap((tool) => {
    if (!isObject(tool)) return [];
    const declared = list(tool.functionDeclarations);
    if (declared.length > 0) return declared.map((one) => object(one)?.name ?? null);
    return [tool.name ?? object(tool.function)?.name ?? null];
  });
}

describe('a4 tool choice', () => {
  const pairs = names.flatMap((from) => names.map((to) => ({ from, to })));
  for (const row of choices)
    test.each(pairs.filter(({ from, to }) => choiceIn(from, row) && choiceIn(to, row)))(
      `a4 ${row.meaning}: $from to $to`,
      ({ from, to }) => {
        const [given, wanted] = [choiceIn(from, row), choiceIn(to, row)];
        const { body, notices } = sent(from, to, { ...tools[from], ...given });
        expect(choiceOf(body)).toEqual(wanted);
        expect(notices.filter(({ type }) => type === 'dropped')).toEqual([]);
        expect(offered(body)).toEqual(toolNames);
      },
    );

  test.each(['chat', 'responses', 'messages'] as const)(
    'a4 one call at a time has no word in Gemini, from %s',
    (from) => {
      const row = choices.find(({ gemini }) => !gemini);
      const { body, notices } = sent(from, 'gemini', { ...tools[from], ...row?.[from] });
      expect(choiceOf(body)).toEqual({ toolConfig: { functionCallingConfig: { mode: 'AUTO' } } });
      expect(notices).toMatchObject([{ type: 'dropped', field: expect.stringMatching(/parallel/) }]);
    },
  );
  test('a4 one call at a time without a choice is a choice of auto in Messages, and there only', () => {
    const members = { ...tools.chat, parallel_tool_calls: false };
    expect(choiceOf(sent('chat', 'responses', members).body)).toEqual({ parallel_tool_calls: false });
    expect(choiceOf(sent('chat', 'messages', members).body)).toEqual({
      tool_choice: { type: 'auto', disable_parallel_tool_use: true },
    });
  });

  const allowed = (mode: string): Readonly<Partial<Record<Name, JsonObject>>> => ({
    chat: {
      tool_choice: {
        type: 'allowed_tools',
        allowed_tools: { mode, tools: [{ type: 'function', function: { name: 'f' } }] },
      },
    },
    responses: { tool_choice: { type: 'allowed_tools', mode, tools: [{ type: 'function', name: 'f' }] } },
    gemini: {
      toolConfig: {
        functionCallingConfig: { mode: mode === 'auto' ? 'VALIDATED' : 'ANY', allowedFunctionNames: ['f'] },
      },
    },
  });
  const listers = ['chat', 'responses'] as const;
  test.each(listers.flatMap((from) => ['auto', 'required'].map((mode) => ({ from, mode }))))(
    'a4 a list of allowed tools, $mode, from $from',
    ({ from, mode }) => {
      const members = { ...tools[from], ...allowed(mode)[from] };
      for (const to of ['chat', 'responses', 'gemini'] as const) {
        const { body } = sent(from, to, members);
        expect(choiceOf(body), to).toEqual(allowed(mode)[to]);
        expect(offered(body), to).toEqual(toolNames);
      }
      const { body } = sent(from, 'messages', members);
      expect(choiceOf(body)).toEqual({ tool_choice: { type: mode === 'auto' ? 'auto' : 'any' } });
      expect(offered(body)).toEqual(['f']);
    },
  );

  test.each(listers)('a4 a custom tool that is chosen, from %s, is the function it became', (from) => {
    const members: JsonObject =
      from === 'chat'
        ? { tools: [{ type: 'custom', custom: { name: 'x' } }], tool_choice: { type: 'custom', custom: { name: 'x' } } }
        : { tools: [{ type: 'custom', name: 'x' }], tool_choice: { type: 'custom', name: 'x' } };
    // Only Responses is given custom tools as such: docs/facts.md, a4.
    expect(choiceOf(sent(from, 'chat', members).body)).toEqual({
      tool_choice: { type: 'function', function: { name: 'x' } },
    });
    expect(choiceOf(sent(from, 'responses', members).body)).toEqual({ tool_choice: { type: 'custom', name: 'x' } });
    expect(choiceOf(sent(from, 'messages', members).body)).toEqual({ tool_choice: { type: 'tool', name: 'x' } });
    expect(choiceOf(sent(from, 'gemini', members).body)).toEqual({
      toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['x'] } },
    });
  });

  test.each(['claude-fable-5-1', 'claude-opus-5-5', 'claude-sonnet-5-5'])(
    'a4 whatever is forced is auto for %s, and that is told',
    (model) => {
      for (const row of choices.filter(({ meaning }) => meaning === 'required' || meaning === 'one function')) {
        const { body, notices } = sent('chat', 'messages', { ...tools.chat, ...row.chat }, model);
        expect(choiceOf(body), row.meaning).toEqual({ tool_choice: { type: 'auto' } });
        expect(notices.map(({ field }) => field)).toContain('tool_choice');
      }
    },
  );
});

/** A model that takes every effort, and every budget that its dialect has. */
const everyEffort: Readonly<Record<Name, ModelFacts>> = {
  chat: { efforts, reasoningEffort: true },
  responses: { efforts },
  messages: { efforts: [], thinking: ['disabled', 'budget'], minThinkingBudget: 1024, maxOutputTokens: 200_000 },
  gemini: { thinkingControl: 'budget', minThinkingBudget: 0, maxThinkingBudget: 128_000 },
};

function effortOf(dialect: 'chat' | 'responses', effort: Effort): JsonObject {
  return dialect === 'chat' ? { reasoning_effort: effort } : { reasoning: { effort } };
}

/** What a request says about thinking, nothing else of it. */
function thinkingIn({
  reasoning_effort,
  reasoning,
  thinking,
  output_config,
  generationConfig,
}: JsonObject): JsonObject {
  const config = object(generationConfig)?.thinkingConfig;
  return {
    ...(reasoning_effort !== undefined && { effort: reasoning_effort }),
    ...(reasoning !== undefined && { effort: object(reasoning)?.effort ?? null }),
    ...(thinking !== undefined && { thinking }),
    ...(output_config !== undefined && { effort: object(output_config)?.effort ?? null }),
    ...object(config),
  };
}

function thought(from: Name, to: Name, members: JsonObject, model: string | ModelFacts): JsonObject {
  const known = typeof model === 'string';
  const { body } = translateRequest(
    { ...requests[from], ...members },
    {
      from: dialects[from],
      to: dialects[to],
      model: known ? model : 'm',
      ...(!known && { modelFacts: [{ match: 'm', facts: model, source: 'made up' }] }),
    },
  );
  return thinkingIn(body);
}

const adaptive = (effort: string): JsonObject => ({ thinking: { type: 'adaptive' }, effort });
const budget = (budget_tokens: number): JsonObject => ({ thinking: { type: 'enabled', budget_tokens } });
const level = (thinkingLevel: string): JsonObject => ({ thinkingLevel });
const thinkingBudget = (tokens: number): JsonObject => ({ thinkingBudget: tokens });
const off: JsonObject = { thinking: { type: 'disabled' } };

/** Columns of a5, each for a model that stands for it. */
const effortColumns: readonly (readonly [to: Name, model: string, Readonly<Record<Effort, JsonObject>>])[] = [
  ['messages', 'claude-opus-5-5', { none: { effort: 'low' }, minimal: adaptive('low'), low: adaptive('low'), medium: adaptive('medium'), high: adaptive('high'), xhigh: adaptive('xhigh'), max: adaptive('max') }],
  ['messages', 'claude-sonnet-5-5', { none: { thinking: { type: 'between_tools' } }, minimal: adaptive('low'), low: adaptive('low'), medium: adaptive('medium'), high: adaptive('high'), xhigh: adaptive('xhigh'), max: adaptive('max') }],
  ['messages', 'claude-opus-4-6', { none: off, minimal: adaptive('low'), low: adaptive('low'), medium: adaptive('medium'), high: adaptive('high'), xhigh: adaptive('high'), max: adaptive('max') }],
  ['messages', 'claude-sonnet-4-5', { none: off, minimal: budget(1024), low: budget(1024), medium: budget(8192), high: budget(24_576), xhigh: budget(32_768), max: budget(63_900) }],
  ['gemini', 'gemini-3.5-flash', { none: level('MINIMAL'), minimal: level('MINIMAL'), low: level('LOW'), medium: level('MEDIUM'), high: level('HIGH'), xhigh: level('HIGH'), max: level('HIGH') }],
  ['gemini', 'gemini-3-pro-preview', { none: level('LOW'), minimal: level('LOW'), low: level('LOW'), medium: level('HIGH'), high: level('HIGH'), xhigh: level('HIGH'), max: level('HIGH') }],
  ['gemini', 'gemini-2.5-pro', { none: thinkingBudget(128), minimal: thinkingBudget(512), low: thinkingBudget(1024), medium: thinkingBudget(8192), high: thinkingBudget(24_576), xhigh: thinkingBudget(32_768), max: thinkingBudget(32_768) }],
]; // prettier-ignore

/** The last column of a5, at both ends of each range. */
const budgetRanges: readonly (readonly [Effort, lowest: number, highest: number])[] = [
  ['minimal', 1, 512],
  ['low', 513, 1024],
  ['medium', 1025, 8192],
  ['high', 8193, 24_576],
  ['xhigh', 24_577, 65_536],
  ['max', 65_537, 100_000],
];

describe('a5 effort and budget', () => {
  for (const [to, model, column] of effortColumns)
    test.each(efforts)(`a5 effort %s for ${model}`, (effort) => {
      for (const from of ['chat', 'responses'] as const) {
        const limit = from === 'chat' ? { max_completion_tokens: 100 } : { max_output_tokens: 100 };
        expect(thought(from, to, { ...effortOf(from, effort), ...limit }, model), from).toEqual(column[effort]);
      }
    });

  test('a5 nothing said is nothing sent', () => {
    for (const from of names)
      for (const to of names) expect(thought(from, to, {}, models[to]), `${from} → ${to}`).toEqual({});
  });

  test.each(budgetRanges)('a5 an effort of %s stands for budgets from %i to %i', (effort, ...ends) => {
    for (const tokens of ends)
      for (const to of ['chat', 'responses'] as const) {
        const gemini = { generationConfig: { thinkingConfig: { thinkingBudget: tokens } } };
        expect(thought('gemini', to, gemini, everyEffort[to]), `${tokens}`).toEqual({ effort });
        const messages = { max_tokens: 200_000, thinking: { type: 'enabled', budget_tokens: tokens } };
        expect(thought('messages', to, messages, everyEffort[to]), `${tokens}`).toEqual({ effort });
      }
  });

  test('a5 a budget of 0 is none, and one of -1 says nothing', () => {
    for (const to of ['chat', 'responses'] as const) {
      const asked = (tokens: number) => ({ generationConfig: { thinkingConfig: { thinkingBudget: tokens } } });
      expect(thought('gemini', to, asked(0), everyEffort[to])).toEqual({ effort: 'none' });
      expect(thought('gemini', to, asked(-1), everyEffort[to])).toEqual({});
    }
  });

  test.each(efforts)('a5 effort %s comes back from a budget as itself', (effort) => {
    for (const home of ['chat', 'responses'] as const) {
      const there = thought(home, 'gemini', effortOf(home, effort), everyEffort.gemini);
      const gemini = { generationConfig: { thinkingConfig: there } };
      expect(thought('gemini', home, gemini, everyEffort[home]), 'over Gemini').toEqual({ effort });
      const claude = thought(home, 'messages', effortOf(home, effort), everyEffort.messages);
      // Anthropic's least budget is what `low` stands for.
      const least = effort === 'minimal' ? 'low' : effort;
      expect(thought('messages', home, { max_tokens: 200_000, ...claude }, everyEffort[home]), 'over Messages').toEqual(
        {
          effort: least,
        },
      );
    }
  });

  test('a5 a budget is at least 1024 and below max_tokens, whatever is asked', () => {
    for (const effort of efforts.filter((word) => word !== 'none'))
      for (const max_completion_tokens of [1, 1024, 1025, 5000, 63_999, 64_000, 1_000_000]) {
        const { body } = sent(
          'chat',
          'messages',
          { reasoning_effort: effort, max_completion_tokens },
          'claude-sonnet-4-5',
        );
        const tokens = Number(object(body.thinking)?.budget_tokens);
        expect(tokens, `${effort} ${max_completion_tokens}`).toBeGreaterThanOrEqual(1024);
        expect(tokens, `${effort} ${max_completion_tokens}`).toBeLessThan(Number(body.max_tokens));
        expect(body.max_tokens).toBeLessThanOrEqual(64_000);
      }
  });
});

interface ErrorRow {
  readonly kind: FailureKind;
  readonly chat: readonly [status: number, type: string, code: string | null];
  readonly messages: readonly [status: number, type: string];
  readonly gemini: readonly [code: number, status: string];
  /** `response.failed.error.code`. */
  readonly failed: string;
}
const errors: readonly ErrorRow[] = [
  { kind: 'bad-request', messages: [400, 'invalid_request_error'], chat: [400, 'invalid_request_error', null], failed: 'invalid_prompt', gemini: [400, 'INVALID_ARGUMENT'] },
  { kind: 'context-too-long', messages: [400, 'invalid_request_error'], chat: [400, 'invalid_request_error', 'context_length_exceeded'], failed: 'context_length_exceeded', gemini: [400, 'INVALID_ARGUMENT'] },
  { kind: 'unauthenticated', messages: [401, 'authentication_error'], chat: [401, 'invalid_request_error', 'invalid_api_key'], failed: 'invalid_api_key', gemini: [401, 'UNAUTHENTICATED'] },
  { kind: 'billing', messages: [402, 'billing_error'], chat: [429, 'insufficient_quota', 'insufficient_quota'], failed: 'insufficient_quota', gemini: [429, 'RESOURCE_EXHAUSTED'] },
  { kind: 'forbidden', messages: [403, 'permission_error'], chat: [403, 'permission_error', null], failed: 'permission_denied', gemini: [403, 'PERMISSION_DENIED'] },
  { kind: 'not-found', messages: [404, 'not_found_error'], chat: [404, 'invalid_request_error', 'model_not_found'], failed: 'model_not_found', gemini: [404, 'NOT_FOUND'] },
  { kind: 'conflict', messages: [409, 'conflict_error'], chat: [409, 'invalid_request_error', null], failed: 'invalid_prompt', gemini: [409, 'ABORTED'] },
  { kind: 'too-large', messages: [413, 'request_too_large'], chat: [413, 'invalid_request_error', null], failed: 'invalid_prompt', gemini: [413, 'INVALID_ARGUMENT'] },
  { kind: 'rate-limited', messages: [429, 'rate_limit_error'], chat: [429, 'rate_limit_error', 'rate_limit_exceeded'], failed: 'rate_limit_exceeded', gemini: [429, 'RESOURCE_EXHAUSTED'] },
  { kind: 'client-gone', messages: [499, 'api_error'], chat: [499, 'invalid_request_error', null], failed: 'server_error', gemini: [499, 'CANCELLED'] },
  { kind: 'server', messages: [500, 'api_error'], chat: [500, 'server_error', null], failed: 'server_error', gemini: [500, 'INTERNAL'] },
  { kind: 'bad-upstream', messages: [502, 'api_error'], chat: [502, 'server_error', null], failed: 'server_error', gemini: [502, 'INTERNAL'] },
  { kind: 'overloaded', messages: [529, 'overloaded_error'], chat: [503, 'server_error', null], failed: 'server_error', gemini: [503, 'UNAVAILABLE'] },
  { kind: 'timeout', messages: [504, 'timeout_error'], chat: [504, 'server_error', null], failed: 'server_error', gemini: [504, 'DEADLINE_EXCEEDED'] },
]; // prettier-ignore

describe('a6 errors', () => {
  test.each(errors)('a6 $kind', ({ kind, chat, messages, gemini, failed }) => {
    const failure = new Failure(kind, 'Too bad.');
    const written = (name: Name) => dialects[name].encodeError(failure, {});
    for (const name of ['chat', 'responses'] as const) {
      const { status, body } = written(name);
      const { type, code } = object(body.error) ?? {};
      expect([status, type, code], name).toEqual(chat);
    }
    const anthropic = written('messages');
    expect([anthropic.status, object(anthropic.body.error)?.type]).toEqual(messages);
    const google = written('gemini');
    expect([google.status, object(google.body.error)?.status]).toEqual(gemini);
    expect(object(google.body.error)?.code).toBe(google.status);
    const stream = streamOf('responses', 'chat').fail(failure);
    const line = /^data: (.*"type":"response\.failed".*)$/m.exec(String(stream))?.[1] ?? '{}';
    const response = object((JSON.parse(line) as JsonObject).response); // our own encoder wrote it
    expect(object(response?.error)?.code).toBe(failed);
  });

  test.each(errors)('a6 $kind goes from every vendor to every client as the same', ({ kind }) => {
    for (const upstream of names)
      for (const client of names) {
        const { status, body, headers } = dialects[upstream].encodeError(new Failure(kind, 'Too bad.'), {});
        const read = dialects[upstream].decodeError(status, body, headers);
        const told = dialects[client].encodeError(read, {});
        const direct = dialects[client].encodeError(new Failure(kind, 'Too bad.'), {});
        expect(told.status, `${upstream} → ${client}`).toBe(direct.status);
        expect(dialects[client].decodeError(told.status, told.body, told.headers).kind, `${upstream} → ${client}`).toBe(kind); // prettier-ignore
      }
  });
});
