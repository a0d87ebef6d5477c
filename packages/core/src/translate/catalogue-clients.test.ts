import { describe, expect, test } from 'vitest';
import { list, object, text, type JsonObject } from '../json.ts';
import { vendorTable } from '../providers/vendors/table.ts';
import { cases } from '../testing/cases.ts';
import { dialects, models, read, requests, type Name } from '../testing/pairs.ts';
import { translateRequest, translateStream } from '../translators.ts';

/** What Gemini CLI 0.61.0 and Codex CLI 0.169.0 really send, recorded, at other vendors' models. */

function recorded(from: Name, stem: string, to: Name, model = models[to], change: JsonObject = {}) {
  const one = cases.find((entry) => entry.dialect === dialects[from] && entry.stem === stem);
  if (!one?.request) throw new Error(`There is no recording ${stem}.`);
  const { headers, glance } = one;
  const streaming = glance.streaming;
  return translateRequest({ ...one.request, ...change }, { from: dialects[from], to: dialects[to], model, headers, streaming }); // prettier-ignore
}

const elsewhere = ['chat', 'messages', 'responses'] as const;

describe('Gemini CLI', () => {
  test.each(elsewhere)('G1 the side call that routes a turn asks %s for the same schema, with types in lower case', (to) => {
    const { body } = recorded('gemini', 'gemini-cli-router', to);
    const written = JSON.stringify(body);
    expect(written).toMatch(/"type":"(json_schema)"/);
    expect(written).toContain('"complexity_score":{"type":"integer"');
    expect(written).not.toMatch(/OBJECT|STRING|INTEGER/);
    expect(written).toMatch(/Earlier talk\..*Rename the variable\./);
  }); // prettier-ignore

  test.each(elsewhere)('G2 tools in parametersJsonSchema reach %s with their arguments', (to) => {
    const { body } = recorded('gemini', 'gemini-cli-turn', to);
    const tools = list(body.tools).map((tool) => object(object(tool)?.function) ?? object(tool) ?? {});
    expect(tools.map(({ name }) => name)).toEqual(['read_file', 'run_shell_command', 'list_skills']);
    const schema = object(tools[0]?.parameters ?? tools[0]?.input_schema);
    expect(object(schema?.properties)).toMatchObject({ absolute_path: { type: 'string', pattern: '^/' }, offset: { type: 'number', minimum: 0 } }); // prettier-ignore
    expect(schema).toMatchObject({ required: ['absolute_path'], additionalProperties: false });
  });

  test('G5 Q1 the sampling that it always sends is left out for a new Claude, clamped to one for an old', () => {
    const fresh = recorded('gemini', 'gemini-cli-turn', 'messages', 'claude-opus-5-5');
    for (const name of ['temperature', 'top_p', 'top_k']) expect(fresh.body).not.toHaveProperty(name);
    expect(fresh.body).toMatchObject({ thinking: { type: 'adaptive', display: 'summarized' }, output_config: { effort: 'high' } }); // prettier-ignore
    expect(fresh.notices.filter(({ type }) => type === 'dropped').map(({ field }) => field)).toEqual(
      expect.arrayContaining(['generationConfig.temperature', 'generationConfig.topP', 'generationConfig.topK']),
    );
    const old = recorded('gemini', 'gemini-cli-turn', 'messages', 'claude-3-5-sonnet-20241022').body;
    expect(old).toMatchObject({ temperature: 1 });
  });

  test.each(elsewhere)('G5 the sentinel on its calls means nothing to %s, and the id comes back as it was given', (to) => {
    const { body } = recorded('gemini', 'gemini-cli-tool-result', to);
    const written = JSON.stringify(body);
    expect(written).not.toContain('skip_thought_signature_validator');
    expect(written.match(/"toolu_01AbC"/g)).toHaveLength(2);
  }); // prettier-ignore

  test('G4 calls of vendors that use an id twice come to it under two', () => {
    const call = { id: 'same', type: 'function', function: { name: 'read_file', arguments: '{}' } };
    const reply = { id: 'c', object: 'chat.completion', created: 1, model: 'up', choices: [{ index: 0, message: { role: 'assistant', content: null, tool_calls: [call, call] }, finish_reason: 'tool_calls' }] }; // prettier-ignore
    const parts = list(object(object(list(read('gemini', 'chat', reply).candidates)[0])?.content)?.parts);
    const ids = parts.map((part) => text(object(object(part)?.functionCall)?.id));
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(2);
  });

  test('G3 a stream to it has a finish reason whoever was asked, once and at its end', () => {
    const chunk = (delta: JsonObject, finish: string | null) =>
      `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'up', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
    const stream = recorded('gemini', 'gemini-cli-turn', 'chat').stream();
    const pieces = [
      chunk({ content: 'Hel' }, null),
      chunk({ content: 'lo' }, null),
      chunk({}, 'stop'),
      'data: [DONE]\n\n',
    ];
    const written = [...pieces.map((piece) => stream.push(new TextEncoder().encode(piece))), stream.end()].join('');
    expect(written.match(/"finishReason"/g)).toHaveLength(1);
    expect(written.trimEnd().split('\n').at(-1)).toContain('"finishReason":"STOP"');
  });
});

describe('Codex', () => {
  const named = (body: JsonObject) =>
    list(body.tools).flatMap((tool) => {
      const { name, function: f, functionDeclarations } = object(tool) ?? {};
      return [text(name) ?? text(object(f)?.name), ...list(functionDeclarations).map((one) => text(object(one)?.name))].filter(Boolean); // prettier-ignore
    });

  test.each(['chat', 'messages', 'gemini'] as const)('CX1 CX2 its tools in an input item reach %s flat, and nothing that only it knows', (to) => {
    const { body } = recorded('responses', 'codex-catalogue-1', to);
    expect(named(body)).toEqual(['functions__exec', 'functions__wait', 'clock__curr_time', 'collaboration__spawn_agent']);
    const written = JSON.stringify(body);
    expect(written).not.toMatch(/client_metadata|additional_tools|at_019aa6f2|msg_019aa6f2|all_turns/);
    expect(written).toContain('You are a coding agent running in the Codex CLI.');
  }); // prettier-ignore

  test.each(['chat', 'messages', 'gemini'] as const)('CX3 CX4 a call that %s makes comes back as the custom or namespaced tool it was', (to) => {
    const made = (name: string, input: JsonObject): Readonly<Partial<Record<Name, JsonObject>>> => ({
      chat: { id: 'c', object: 'chat.completion', created: 1, model: 'up', choices: [{ index: 0, message: { role: 'assistant', content: null, tool_calls: [{ id: 'call_1', type: 'function', function: { name, arguments: JSON.stringify(input) } }] }, finish_reason: 'tool_calls' }] },
      messages: { id: 'msg_1', type: 'message', role: 'assistant', model: 'up', content: [{ type: 'tool_use', id: 'call_1', name, input }], stop_reason: 'tool_use', stop_sequence: null, usage: { input_tokens: 1, output_tokens: 1 } },
      gemini: { candidates: [{ content: { role: 'model', parts: [{ functionCall: { id: 'call_1', name, args: input } }] }, finishReason: 'STOP', index: 0 }] },
    }); // prettier-ignore
    const translated = recorded('responses', 'codex-catalogue-1', to);
    const items = (name: string, input: JsonObject) =>
      list(translated.reply(made(name, input)[to] ?? {}).body.output).filter((item) => object(item)?.type !== 'reasoning');
    expect(items('functions__exec', { input: 'ls()' })).toMatchObject([{ type: 'custom_tool_call', name: 'exec', namespace: 'functions', input: 'ls()', call_id: 'call_1' }]); // prettier-ignore
    expect(items('collaboration__spawn_agent', { task_name: 'a', message: 'b' })).toMatchObject([{ type: 'function_call', name: 'spawn_agent', namespace: 'collaboration', arguments: '{"task_name":"a","message":"b"}' }]); // prettier-ignore
  }); // prettier-ignore

  test.each(['chat', 'messages', 'gemini'] as const)('CX6 CX8 what it replays reaches %s without its reasoning, and never fails', (to) => {
    const { body } = recorded('responses', 'codex-catalogue-2', to);
    const written = JSON.stringify(body);
    expect(written).not.toContain('gAAAAABp');
    expect(written).toContain('call_js1');
    expect(named(body).slice(0, 4)).toEqual(['functions__exec', 'functions__wait', 'clock__curr_time', 'collaboration__spawn_agent']); // prettier-ignore
  }); // prettier-ignore
});

describe('vendors that speak Chat in their own way', () => {
  const chunk = (delta: JsonObject, more: JsonObject = {}, top: JsonObject = {}): string =>
    `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'up', choices: [{ index: 0, delta, finish_reason: null, ...more }], ...top })}\n\n`;
  const facts = (name: string) => vendorTable.find((row) => row.name === name)?.facts ?? {};
  function told(client: Name, vendor: string, stream: string): string {
    const request = { ...requests[client], ...(client !== 'gemini' && { stream: true }) };
    const machine = translateStream(request, { from: dialects[client], to: dialects.chat, model: 'm', modelFacts: [{ match: 'm', facts: facts(vendor), source: vendor }] }); // prettier-ignore
    return [machine.push(new TextEncoder().encode(stream)), machine.end()].join('');
  }

  test.each(['messages', 'responses', 'gemini'] as const)('B5 OpenRouter’s comments, thoughts, native reason and cache writes beside the prompt, to %s', (client) => {
    const usage = { prompt_tokens: 100, completion_tokens: 9, total_tokens: 129, prompt_tokens_details: { cached_tokens: 30, cache_write_tokens: 20 } };
    const thought = { reasoning: 'Hm.', reasoning_details: [{ type: 'reasoning.text', text: 'Hm.', index: 0 }] };
    const written = told(client, 'openrouter', [
      ': OPENROUTER PROCESSING\n\n',
      chunk({ role: 'assistant', content: '', ...thought }),
      ': OPENROUTER PROCESSING\n\n',
      chunk({ content: 'Hello' }),
      chunk({ content: '' }, { finish_reason: 'length', native_finish_reason: 'model_context_window_exceeded' }),
      chunk({}, {}, { choices: [], usage }),
      'data: [DONE]\n\n',
    ].join(''));
    expect(written).not.toContain('OPENROUTER');
    expect(written.match(/"(thinking|delta|text)":"Hm\."/g)?.length).toBeGreaterThan(0);
    expect(written.replace(/.*(output_item|content_part|summary_part|summary_text|response)\.(done|completed|incomplete).*/g, '').match(/Hm\./g)).toHaveLength(1);
    const ends = {
      messages: [/"stop_reason":"model_context_window_exceeded"/, /"input_tokens":70,/],
      responses: [/"incomplete_details":\{"reason":"max_output_tokens"/, /"input_tokens":120,/],
      gemini: [/"finishReason":"MAX_TOKENS"/, /"promptTokenCount":120,/],
    };
    for (const end of ends[client]) expect(written).toMatch(end);
  }); // prettier-ignore

  test.each(['messages', 'responses', 'gemini'] as const)('B5 E5 OpenRouter’s error in a chunk of a stream under 200 is an error to %s', (client) => {
    const error = { code: 502, message: 'The provider went away.' };
    const written = told(client, 'openrouter', chunk({ content: 'Hel' }) + chunk({ content: '' }, { finish_reason: 'error' }, { error }));
    expect(written).toMatch(/event: error|response\.failed|"error":\{"code":502/);
    expect(written).toContain('The provider went away.');
    expect(written).not.toMatch(/message_stop|response\.completed|"finishReason"/);
  }); // prettier-ignore

  test.each(['messages', 'responses', 'gemini'] as const)('B4 Ollama’s calls, all numbered 0, without ids, closed by a stop and without usage, are calls to %s', (client) => {
    const call = (name: string, args: string) =>
      chunk({ tool_calls: [{ index: 0, type: 'function', function: { name, arguments: args } }] });
    const written = told(client, 'ollama', [
      call('read', '{"path":"a"}'),
      call('list', '{"path":"b"}'),
      chunk({ content: '' }, { finish_reason: 'stop' }),
      'data: [DONE]\n\n',
    ].join(''));
    const made = {
      messages: /"type":"tool_use","id":"([^"]+)","name":"(read|list)"/g,
      responses: /"type":"response.output_item.done"[^\n]*"call_id":"([^"]+)","name":"(read|list)"/g,
      gemini: /"functionCall":\{"id":"([^"]+)","name":"(read|list)"/g,
    }[client];
    const calls = [...written.matchAll(made)];
    expect(calls.map(([, , name]) => name)).toEqual(['read', 'list']);
    expect(new Set(calls.map(([, id]) => id)).size).toBe(2);
    expect(written).toMatch({ messages: /"stop_reason":"tool_use"/, responses: /response\.completed/, gemini: /"finishReason":"STOP"/ }[client]);
    for (const path of ['a', 'b']) expect(written.replaceAll('\\', '')).toContain(`{"path":"${path}"}`);
  }); // prettier-ignore
});

test('U7 what Claude wrote to its cache, for five minutes or an hour, is written and not cached to others', () => {
  const usage = { input_tokens: 5, output_tokens: 1, cache_creation_input_tokens: 30, cache_read_input_tokens: 7, cache_creation: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 20 } }; // prettier-ignore
  const reply = { id: 'msg_1', type: 'message', role: 'assistant', model: 'up', content: [{ type: 'text', text: 'Hello' }], stop_reason: 'end_turn', stop_sequence: null, usage }; // prettier-ignore
  expect(read('chat', 'messages', reply).usage).toMatchObject({ prompt_tokens: 42, prompt_tokens_details: { cached_tokens: 7, cache_write_tokens: 30 } }); // prettier-ignore
  expect(read('responses', 'messages', reply).usage).toMatchObject({ input_tokens: 42, input_tokens_details: { cached_tokens: 7, cache_write_tokens: 30 } }); // prettier-ignore
  expect(read('messages', 'messages', reply).usage).toMatchObject(usage);
  const parted = { ...reply, usage: { ...usage, cache_creation_input_tokens: null } };
  expect(read('chat', 'messages', parted).usage).toMatchObject({ prompt_tokens: 42 });
});

test('W1 W2 a search that Claude made is one to a Responses client, with its citations at the right characters', () => {
  const content = [
    { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'tides' } },
    { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [{ type: 'web_search_result', url: 'https://a.example', title: 'A', encrypted_content: 'E', page_age: null }] },
    { type: 'text', text: '🌊 Hé: ' },
    { type: 'text', text: 'twice a day', citations: [{ type: 'web_search_result_location', url: 'https://a.example', title: 'A', cited_text: 'twice', encrypted_index: 'I' }] },
  ]; // prettier-ignore
  const reply = { id: 'msg_1', type: 'message', role: 'assistant', model: 'up', content, stop_reason: 'end_turn', stop_sequence: null, usage: { input_tokens: 1, output_tokens: 1, server_tool_use: { web_search_requests: 1 } } }; // prettier-ignore
  const { output } = read('responses', 'messages', reply);
  const [search, ...rest] = list(output);
  expect(search).toMatchObject({ type: 'web_search_call', action: { type: 'search', query: 'tides' } });
  const cited = rest
    .flatMap((item) => list(object(item)?.content))
    .flatMap((part) => {
      const { text: told, annotations } = object(part) ?? {};
      return list(annotations).map((one) => {
        const { start_index: from, end_index: to } = object(one) ?? {};
        return [...(text(told) ?? '')].slice(Number(from), Number(to)).join('');
      });
    });
  expect(cited).toEqual(['twice a day']);
});
