import { describe, expect, test } from 'vitest';
import type { Conversation, Reasoning } from '../../conversation/conversation.ts';
import type { Message } from '../../conversation/message.ts';
import type { Notice } from '../../conversation/notice.ts';
import type { Tool, ToolChoice } from '../../conversation/tool.ts';
import type { JsonObject } from '../../json.ts';
import { factsOf } from '../../models/facts.ts';
import type { ModelFacts } from '../../models/model-facts.ts';
import { encodeRequest } from './encode-request.ts';

const hello: Message = { role: 'user', parts: [{ type: 'text', text: 'Hi' }] };
const base: Conversation = {
  model: 'gemini-3.1-pro-preview',
  streaming: false,
  messages: [hello],
  tools: [],
  sampling: {},
};
const tool: Tool = {
  type: 'function',
  name: 'f',
  parameters: { type: 'object', properties: { a: { type: 'string' } } },
};

function encode(
  change: Partial<Conversation>,
  facts: ModelFacts | string = 'gemini-3.1-pro-preview',
  signer = 'gemini-generate',
) {
  const notices: Notice[] = [];
  const { body } = encodeRequest(
    { ...base, ...change },
    {
      facts: typeof facts === 'string' ? factsOf(facts) : facts,
      signer,
      report: (notice) => void notices.push(notice),
    },
  );
  return { body, notices, fields: notices.map(({ field }) => field) };
}
const config = (change: Partial<Conversation>, facts?: ModelFacts | string) =>
  encode(change, facts).body['generationConfig'];

describe('tools', () => {
  const tools = (list: readonly Tool[], facts?: ModelFacts | string) => encode({ tools: list }, facts).body['tools'];
  const search: Tool = { type: 'web-search', name: 'web_search', at: 'tools[0]' };

  test('J1 full JSON Schema where it is taken, the subset where that is not known', () => {
    const strict: Tool = {
      ...tool,
      parameters: { $schema: 's', type: 'object', properties: { a: { const: 1 } }, additionalProperties: false },
    };
    expect(tools([strict])).toEqual([
      { functionDeclarations: [{ name: 'f', parametersJsonSchema: strict.parameters }] },
    ]);
    for (const facts of ['some-model', 'gemini-2.0-flash', 'gemma-3-27b-it'])
      expect(tools([strict], facts)).toEqual([
        {
          functionDeclarations: [
            { name: 'f', parameters: { type: 'OBJECT', properties: { a: { type: 'STRING', enum: ['1'] } } } },
          ],
        },
      ]);
  });

  test('J4 a tool without arguments has no parameters', () => {
    for (const parameters of [undefined, {}, { type: 'object' }, { type: 'object', properties: {} }])
      expect(tools([{ type: 'function', name: 'f', ...(parameters && { parameters }) }], 'some-model')).toEqual([
        { functionDeclarations: [{ name: 'f' }] },
      ]);
    expect(tools([{ type: 'function', name: 'f', parameters: {} }])).toEqual([
      { functionDeclarations: [{ name: 'f' }] },
    ]);
  });

  test('J10 members that other vendors put on tools do not leak', () => {
    const { body, fields } = encode({
      tools: [{ ...tool, at: 'tools[0]', cache: {}, extras: { 'anthropic-messages': { defer_loading: true } } }],
    });
    expect(JSON.stringify(body)).not.toContain('defer_loading');
    expect(fields.sort()).toEqual(['tools[0].cache', 'tools[0].defer_loading']);
  });

  test('W1 web search is Google Search', () => {
    expect(tools([search])).toEqual([{ googleSearch: {} }]);
    const { fields } = encode({
      tools: [{ ...search, maxUses: 8, allowedDomains: ['a'], userLocation: { city: 'b' }, contextSize: 'high' }],
    });
    expect(fields).toEqual([
      'tools[0].maxUses',
      'tools[0].allowedDomains',
      'tools[0].userLocation',
      'tools[0].contextSize',
    ]);
  });

  test('W1 beside functions Google Search is left out, unless the caller can bear it', () => {
    const { body, notices } = encode({ tools: [search, tool] });
    expect(body['tools']).toMatchObject([{ functionDeclarations: [{ name: 'f' }] }]);
    expect(notices).toMatchObject([{ type: 'dropped', field: 'tools[0]' }]);
    expect(tools([search, tool], { webSearch: true })).toMatchObject([
      { googleSearch: {} },
      { functionDeclarations: [{ name: 'f' }] },
    ]);
    const extras = { 'gemini-generate': { toolConfig: { includeServerSideToolInvocations: true } } };
    expect(encode({ tools: [search, tool], extras }).body['tools']).toHaveLength(2);
  });

  test('J9 tools that only another vendor has are reported', () => {
    const { body, notices } = encode({
      tools: [{ type: 'native', dialect: 'openai-responses', value: { type: 'local_shell' }, at: 'tools[0]' }],
    });
    expect(body).not.toHaveProperty('tools');
    expect(notices).toMatchObject([{ type: 'dropped', field: 'tools[0]' }]);
  });
});

describe('tool choice', () => {
  const calling = (
    toolChoice: ToolChoice,
    tools: readonly Tool[] = [tool, { type: 'function', name: 'g' }],
    facts?: ModelFacts,
  ) => {
    const { toolConfig } = encode({ tools, toolChoice }, facts).body;
    return (toolConfig as JsonObject | undefined)?.['functionCallingConfig']; // an object, when there is one
  };
  const f = { name: 'f' };
  const g = { name: 'g' };

  test.each<[ToolChoice, JsonObject]>([
    [{ type: 'auto' }, { mode: 'AUTO' }],
    [{ type: 'none' }, { mode: 'NONE' }],
    [{ type: 'required' }, { mode: 'ANY' }],
    [
      { type: 'tool', tool: f },
      { mode: 'ANY', allowedFunctionNames: ['f'] },
    ],
    [
      { type: 'allowed', mode: 'auto', tools: [f, g] },
      { mode: 'VALIDATED', allowedFunctionNames: ['f', 'g'] },
    ],
    [
      { type: 'allowed', mode: 'required', tools: [f, { name: 'x' }] },
      { mode: 'ANY', allowedFunctionNames: ['f'] },
    ],
  ])('C1 C2 C5 %j', (choice, expected) => {
    expect(calling(choice)).toEqual(expected);
  });

  test('C1 strict tools are VALIDATED where that is kept', () => {
    const strict = [{ ...tool, strict: true }];
    expect(calling({ type: 'auto' }, strict, { strictTools: true })).toEqual({ mode: 'VALIDATED' });
    expect(calling({ type: 'auto' }, strict, {})).toEqual({ mode: 'AUTO' });
  });

  test('C3 without functions there is no choice', () => {
    const search: Tool = { type: 'web-search', name: 'web_search' };
    expect(calling({ type: 'required' }, [search])).toBeUndefined();
    expect(encode({ tools: [search], toolChoice: { type: 'tool', tool: { name: 'web_search' } } }).fields).toEqual([
      'toolChoice',
    ]);
    expect(encode({ tools: [search], toolChoice: { type: 'auto' } }).fields).toEqual([]);
  });

  test('C3 parallel calls cannot be forbidden, and that is told', () => {
    expect(encode({ parallelToolCalls: false, tools: [tool] }).fields).toEqual(['parallelToolCalls']);
    expect(encode({ parallelToolCalls: true, tools: [tool] }).fields).toEqual([]);
  });

  test('C6 a choice of something that is no function becomes auto', () => {
    expect(calling({ type: 'tool', tool: { name: 'web_search' } })).toEqual({ mode: 'AUTO' });
    expect(encode({ tools: [tool], toolChoice: { type: 'tool', tool: { name: 'web_search' } } }).fields).toEqual([
      'toolChoice',
    ]);
  });

  test('C4 a model that cannot be forced is asked', () => {
    expect(calling({ type: 'required' }, [tool], { forcedToolChoice: false })).toEqual({ mode: 'AUTO' });
  });
});

describe('thinking', () => {
  const thinking = (reasoning: Reasoning, facts: ModelFacts | string) =>
    (config({ reasoning }, facts) as JsonObject | undefined)?.['thinkingConfig']; // an object, when there is one

  test.each([
    [
      'gemini-3.1-pro-preview',
      { minimal: 'LOW', low: 'LOW', medium: 'MEDIUM', high: 'HIGH', xhigh: 'HIGH', max: 'HIGH', none: 'LOW' },
    ],
    ['gemini-3.5-flash', { minimal: 'MINIMAL', low: 'LOW', medium: 'MEDIUM', high: 'HIGH', none: 'MINIMAL' }],
    ['gemini-3-pro-preview', { minimal: 'LOW', medium: 'HIGH', max: 'HIGH' }],
    ['gemini-9-unheard-of', { minimal: 'LOW', medium: 'HIGH' }],
  ] as const)('Z12 %s takes levels, never a budget', (model, levels) => {
    for (const [effort, thinkingLevel] of Object.entries(levels) as [NonNullable<Reasoning['effort']>, string][])
      // keys are efforts
      expect(thinking({ effort }, model), effort).toEqual({ thinkingLevel });
  });

  test.each([
    ['gemini-2.5-pro', { none: 128, minimal: 512, low: 1024, medium: 8192, high: 24_576, xhigh: 32_768, max: 32_768 }],
    ['gemini-2.5-flash', { none: 0, minimal: 512, low: 1024, medium: 8192, high: 24_576, xhigh: 24_576, max: 24_576 }],
  ] as const)('Z12 %s takes a budget, never a level', (model, budgets) => {
    for (const [effort, thinkingBudget] of Object.entries(budgets) as [NonNullable<Reasoning['effort']>, number][])
      // keys are efforts
      expect(thinking({ effort }, model), effort).toEqual({ thinkingBudget });
  });

  test('Z12 budgets become levels by table a5, and are clamped where they are budgets', () => {
    for (const [budgetTokens, thinkingLevel] of [
      [300, 'LOW'],
      [1024, 'LOW'],
      [5000, 'MEDIUM'],
      [31_999, 'HIGH'],
    ] as const)
      expect(thinking({ budgetTokens }, 'gemini-3.1-pro-preview')).toEqual({ thinkingLevel });
    expect(thinking({ budgetTokens: 60_000 }, 'gemini-2.5-flash')).toEqual({ thinkingBudget: 24_576 });
    expect(thinking({ budgetTokens: 64 }, 'gemini-2.5-flash-lite')).toEqual({ thinkingBudget: 512 });
    expect(thinking({ mode: 'adaptive' }, 'gemini-2.5-flash')).toEqual({ thinkingBudget: -1 });
    expect(thinking({ mode: 'adaptive', show: 'summary' }, 'gemini-3.5-flash')).toEqual({ includeThoughts: true });
  });

  test('Z13 showing thoughts is a matter of its own', () => {
    expect(thinking({ effort: 'high' }, 'gemini-3.5-flash')).not.toHaveProperty('includeThoughts');
    expect(thinking({ show: 'summary' }, 'gemini-3.5-flash')).toEqual({ includeThoughts: true });
    expect(thinking({ effort: 'high', show: 'none' }, 'gemini-3.5-flash')).toEqual({
      includeThoughts: false,
      thinkingLevel: 'HIGH',
    });
    expect(thinking({ mode: 'disabled', show: 'summary' }, 'gemini-2.5-flash')).toEqual({ thinkingBudget: 0 });
  });

  test('Z12 models that do not think, or are not known to, are not asked', () => {
    for (const facts of ['gemini-2.0-flash', 'some-model']) {
      expect(thinking({ effort: 'high' }, facts)).toBeUndefined();
      expect(encode({ reasoning: { effort: 'high' } }, facts).fields).toEqual(['reasoning']);
      expect(encode({ reasoning: { mode: 'disabled' } }, facts).fields).toEqual([]);
    }
  });
});

describe('generationConfig', () => {
  test('Q1 Q4 Q5 Q6 sampling, within what the model takes', () => {
    const { body, fields } = encode({
      maxOutputTokens: 128_000,
      sampling: {
        temperature: 3,
        topP: 0.9,
        topK: 5,
        seed: 1,
        stopSequences: ['1', '2', '3', '4', '5', '6'],
        presencePenalty: 1,
        frequencyPenalty: 0,
        candidates: 2,
        logprobs: true,
        topLogprobs: 3,
        logitBias: { 1: 2 },
      },
    });
    expect(body['generationConfig']).toEqual({
      temperature: 2,
      topP: 0.9,
      topK: 5,
      seed: 1,
      stopSequences: ['1', '2', '3', '4', '5'],
      frequencyPenalty: 0,
      candidateCount: 2,
      responseLogprobs: true,
      logprobs: 3,
      maxOutputTokens: 65_536,
    });
    expect(fields.sort()).toEqual([
      'maxOutputTokens',
      'sampling.logitBias',
      'sampling.presencePenalty',
      'sampling.stopSequences',
      'sampling.temperature',
    ]);
  });

  test('O1 a schema is full JSON Schema where it is taken, else the subset', () => {
    const output = {
      type: 'json-schema',
      name: 'n',
      schema: { type: 'object', properties: { a: { const: 'x' } } },
    } as const;
    expect(config({ output })).toEqual({ responseMimeType: 'application/json', responseJsonSchema: output.schema });
    expect(config({ output }, 'some-model')).toEqual({
      responseMimeType: 'application/json',
      responseSchema: { type: 'OBJECT', properties: { a: { type: 'STRING', enum: ['x'] } } },
    });
  });

  test('O4 json_object is a MIME type alone', () => {
    expect(config({ output: { type: 'json' } })).toEqual({ responseMimeType: 'application/json' });
  });

  test('O4 beside functions, older models are asked for JSON in words', () => {
    const change = { output: { type: 'json-schema', schema: { type: 'object' } }, tools: [tool] } as const;
    expect(config(change)).toHaveProperty('responseMimeType');
    const { body, fields } = encode(change, 'gemini-2.5-flash');
    expect(body).not.toHaveProperty('generationConfig');
    expect(JSON.stringify(body['systemInstruction'])).toContain('JSON Schema: {\\"type\\":\\"object\\"}');
    expect(fields).toEqual(['output']);
  });

  test('an empty config is left out', () => {
    expect(encode({}).body).toEqual({ contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] });
  });
});
