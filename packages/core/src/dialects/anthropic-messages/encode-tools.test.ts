import { describe, expect, test } from 'vitest';
import type { Conversation } from '../../conversation/conversation.ts';
import type { FunctionTool, Tool } from '../../conversation/tool.ts';
import { list, object } from '../../json.ts';
import { factsOf } from '../../models/facts.ts';
import type { ModelFacts } from '../../models/model-facts.ts';
import { encode, look, sonnet45, system, user } from '../../testing/anthropic.ts';
import { anthropicMessages } from './index.ts';

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
