import { describe, expect, test } from 'vitest';
import type { Conversation, Reasoning } from '../../conversation/conversation.ts';
import { Failure } from '../../conversation/failure.ts';
import type {
  AssistantMessage,
  MediaPart,
  Message,
  Part,
  ToolMessage,
  ToolResult,
} from '../../conversation/message.ts';
import type { Notice } from '../../conversation/notice.ts';
import type { Tool, ToolChoice } from '../../conversation/tool.ts';
import type { JsonObject } from '../../json.ts';
import { factsOf } from '../../models/facts.ts';
import type { ModelFacts } from '../../models/model-facts.ts';
import { sentinel } from './decode-parts.ts';
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
const call = (id: string, more: Partial<Extract<Part, { type: 'tool-call' }>> = {}): Part => ({
  type: 'tool-call',
  id,
  name: 'f',
  kind: 'function',
  arguments: '{"a":"x"}',
  ...more,
});
const assistant = (...parts: Part[]): AssistantMessage => ({ role: 'assistant', parts });
const results = (...list: Partial<ToolResult>[]): ToolMessage => ({
  role: 'tool',
  results: list.map((result) => ({
    callId: 'a',
    name: 'f',
    kind: 'function',
    content: [{ type: 'text', text: 'ok' }],
    failed: false,
    ...result,
  })),
});

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
const contents = (messages: readonly Message[], facts?: ModelFacts | string) =>
  encode({ messages }, facts).body['contents'];
const config = (change: Partial<Conversation>, facts?: ModelFacts | string) =>
  encode(change, facts).body['generationConfig'];

describe('turns', () => {
  test('S4 leading instructions keep their order, one part each', () => {
    const system = (text: string, authority: 'system' | 'developer'): Message => ({
      role: 'system',
      authority,
      placement: 'inline',
      parts: [{ type: 'text', text }],
    });
    const { body } = encode({ messages: [system('a', 'system'), system('b', 'developer'), hello] });
    expect(body['systemInstruction']).toEqual({ parts: [{ text: 'a' }, { text: 'b' }] });
    expect(body['contents']).toEqual([{ role: 'user', parts: [{ text: 'Hi' }] }]);
  });

  test("S1 later instructions are never the model's words", () => {
    const { body, notices } = encode({
      messages: [
        hello,
        assistant({ type: 'text', text: 'Yes?' }),
        {
          role: 'system',
          authority: 'system',
          placement: 'inline',
          parts: [{ type: 'text', text: 'Rhyme.' }],
          at: 'messages[2]',
        },
      ],
    });
    expect(body['contents']).toMatchObject([
      { role: 'user' },
      { role: 'model' },
      { role: 'user', parts: [{ text: '<system-reminder>\nRhyme.\n</system-reminder>' }] },
    ]);
    expect(notices).toMatchObject([{ type: 'approximated', field: 'messages[2]' }]);
  });

  test('S7 instructions alone get a turn of the user', () => {
    const { body, notices } = encode({
      messages: [{ role: 'system', authority: 'system', placement: 'top', parts: [{ type: 'text', text: 'x' }] }],
    });
    expect(body['contents']).toMatchObject([{ role: 'user', parts: [{ text: 'Begin.' }] }]);
    expect(notices).toMatchObject([{ type: 'defaulted' }]);
  });

  test('T2 all results of a step are one content, the words behind them in it', () => {
    const messages = [hello, assistant(call('a'), call('b')), results({ callId: 'a' }, { callId: 'b' }), hello];
    expect(contents(messages)).toMatchObject([
      { role: 'user' },
      { role: 'model', parts: [{ functionCall: { id: 'a' } }, { functionCall: { id: 'b' } }] },
      { role: 'user', parts: [{ functionResponse: { id: 'a' } }, { functionResponse: { id: 'b' } }, { text: 'Hi' }] },
    ]);
  });

  test('T11 turns of the user stay apart, turns of the model are joined', () => {
    const text = (words: string): Part => ({ type: 'text', text: words });
    expect(contents([hello, hello, assistant(text('a')), assistant(text('b'), call('a')), results({})])).toMatchObject([
      { role: 'user' },
      { role: 'user' },
      { role: 'model', parts: [{ text: 'a' }, { text: 'b' }, { functionCall: { id: 'a' } }] },
      { role: 'user' },
    ]);
  });

  test('T12 a turn of which nothing is left is not sent', () => {
    const hidden: Part = {
      type: 'reasoning',
      text: '',
      seal: { issuer: 'anthropic-messages', value: 'x' },
      redacted: true,
    };
    expect(contents([hello, assistant(hidden), hello])).toEqual([
      { role: 'user', parts: [{ text: 'Hi' }] },
      { role: 'user', parts: [{ text: 'Hi' }] },
    ]);
  });

  test('T14 a history of calls needs no declarations', () => {
    const { body } = encode({ messages: [hello, assistant(call('a')), results({}), hello] });
    expect(body).not.toHaveProperty('tools');
    expect(body).not.toHaveProperty('toolConfig');
  });

  test('T15 a last turn of the model is answered by the user', () => {
    const messages = [hello, assistant({ type: 'text', text: 'Once' })];
    const { body, notices } = encode({ messages });
    expect(body['contents']).toMatchObject([
      { role: 'user' },
      { role: 'model' },
      { role: 'user', parts: [{ text: 'Continue.' }] },
    ]);
    expect(notices).toMatchObject([{ type: 'approximated' }]);
    expect(contents(messages, { prefill: true })).toHaveLength(2);
  });

  test('P4 a grown conversation keeps its prefix', () => {
    const messages = [hello, assistant(call('a')), results({})];
    const short = contents(messages) as readonly unknown[]; // contents are always a list
    const long = contents([...messages, assistant({ type: 'text', text: 'Done' }), hello]) as readonly unknown[]; // as above
    expect(long.slice(0, short.length)).toEqual(short);
  });
});

describe('calls and results', () => {
  test('T7 ids are sent only where they are understood; names always', () => {
    const messages = [hello, assistant(call('a')), results({})];
    expect(contents(messages, 'gemini-3-flash-preview')).toMatchObject([
      {},
      { parts: [{ functionCall: { id: 'a', name: 'f' } }] },
      { parts: [{ functionResponse: { id: 'a', name: 'f' } }] },
    ]);
    for (const facts of ['gemini-2.5-flash', 'some-model']) {
      const written = JSON.stringify(contents(messages, facts));
      expect(written).not.toContain('"id"');
      expect(written).toContain('"functionResponse":{"name":"f"');
    }
  });

  test('T7 results without a name get that of the call they answer', () => {
    const nameless: ToolMessage = {
      role: 'tool',
      results: [{ callId: 'b', kind: 'function', content: [], failed: false }],
    };
    for (const facts of ['gemini-3-flash-preview', 'gemini-2.5-flash'])
      expect(contents([hello, assistant(call('b', { name: 'look_up' })), nameless], facts)).toMatchObject([
        {},
        {},
        { parts: [{ functionResponse: { name: 'look_up' } }] },
      ]);
  });

  test('T9 arguments are an object, numbers exact', () => {
    const part = (written: string) =>
      JSON.stringify(contents([hello, assistant(call('a', { arguments: written })), results({})]));
    expect(part('{"id":9007199254740993}')).toContain('"args":{"id":9007199254740993}');
    expect(part('')).toContain('"args":{}');
    expect(part('[1]')).toContain('"args":{"input":[1]}');
    expect(part('{"broken')).toContain('"args":{"input":"{\\"broken"}');
  });

  test('T13 text is an output or an error, structure is left as it is', () => {
    const response = (result: Partial<ToolResult>) => contents([hello, assistant(call('a')), results(result)]);
    expect(response({})).toMatchObject([{}, {}, { parts: [{ functionResponse: { response: { output: 'ok' } } }] }]);
    expect(response({ failed: true })).toMatchObject([
      {},
      {},
      { parts: [{ functionResponse: { response: { error: 'ok' } } }] },
    ]);
    expect(response({ structured: { n: 1 } })).toMatchObject([
      {},
      {},
      { parts: [{ functionResponse: { response: { n: 1 } } }] },
    ]);
    expect(response({ content: [] })).toMatchObject([
      {},
      {},
      { parts: [{ functionResponse: { response: { output: '' } } }] },
    ]);
  });

  test('M3 media stand in the response where the model takes them there, else right behind it', () => {
    const image: MediaPart = {
      type: 'media',
      kind: 'image',
      source: { type: 'base64', mediaType: 'image/png', data: 'AAAA' },
      at: 'm[2].c[1]',
    };
    const messages = [hello, assistant(call('a'), call('b')), results({ content: [image] }, { callId: 'b' })];
    expect(contents(messages)).toMatchObject([
      {},
      {},
      { parts: [{ functionResponse: { parts: [{ inlineData: { data: 'AAAA' } }] } }, { functionResponse: {} }] },
    ]);
    const { body, notices } = encode({ messages }, 'gemini-2.5-flash');
    expect(body['contents']).toMatchObject([
      {},
      {},
      {
        parts: [
          { functionResponse: { response: { output: 'The output is attached.' } } },
          { inlineData: { data: 'AAAA' } },
          { functionResponse: {} },
        ],
      },
    ]);
    expect(notices).toMatchObject([{ type: 'approximated', field: 'm[2].c[1]' }]);
  });
});

describe('seals', () => {
  const own = { issuer: 'gemini-generate', value: 'c2ln' };
  const foreign = { issuer: 'anthropic-messages', value: 'EqQB' };
  const signatures = (messages: readonly Message[], facts?: ModelFacts | string) =>
    (contents(messages, facts) as { role: string; parts: JsonObject[] }[]) // contents are always a list of these
      .filter(({ role }) => role === 'model')
      .map(({ parts }) => parts.map((part) => part['thoughtSignature']));

  test('Z4 the first unsigned call of each step carries the sentinel, its siblings nothing', () => {
    const messages = [
      hello,
      assistant({ type: 'text', text: 'x' }, call('a'), call('b')),
      results({}, { callId: 'b' }),
      assistant(call('c')),
      results({ callId: 'c' }),
    ];
    expect(signatures(messages)).toEqual([[undefined, sentinel, undefined], [sentinel]]);
  });

  test('Z4 a real signature is never doubled', () => {
    expect(signatures([hello, assistant(call('a', { seal: own }), call('b')), results({}, { callId: 'b' })])).toEqual([
      ['c2ln', undefined],
    ]);
    expect(signatures([hello, assistant(call('a'), call('b', { seal: own })), results({}, { callId: 'b' })])).toEqual([
      [undefined, 'c2ln'],
    ]);
  });

  test('Z2 Z4 foreign seals stay behind, and the sentinel stands in', () => {
    expect(signatures([hello, assistant(call('a', { seal: foreign })), results({})])).toEqual([[sentinel]]);
    expect(
      JSON.stringify(
        encode({ messages: [hello, assistant(call('a', { seal: own })), results({})] }, 'gemini-3-flash', 'vertex')
          .body,
      ),
    ).not.toContain('c2ln');
  });

  test('Z4 models that do not ask for signatures get no sentinel', () => {
    for (const facts of ['gemini-2.5-pro', 'some-model'])
      expect(signatures([hello, assistant(call('a')), results({})], facts)).toEqual([[undefined]]);
  });

  test('Z5 signatures stand on the part, beside what they sign', () => {
    expect(contents([hello, assistant({ type: 'text', text: 'x', seal: own }), hello])).toMatchObject([
      {},
      { parts: [{ text: 'x', thoughtSignature: 'c2ln' }] },
      {},
    ]);
  });

  test('Z14 reasoning goes back as a thought, hidden foreign reasoning not at all', () => {
    const parts: Part[] = [
      { type: 'reasoning', text: 'hm', seal: foreign },
      { type: 'reasoning', text: '', seal: own },
      { type: 'reasoning', text: '', seal: foreign, redacted: true, at: 'm[1].c[2]' },
      { type: 'text', text: 'Yes.' },
    ];
    const { body, fields } = encode({ messages: [hello, assistant(...parts), hello] });
    expect(body['contents']).toEqual([
      { role: 'user', parts: [{ text: 'Hi' }] },
      {
        role: 'model',
        parts: [{ text: 'hm', thought: true }, { text: '', thought: true, thoughtSignature: 'c2ln' }, { text: 'Yes.' }],
      },
      { role: 'user', parts: [{ text: 'Hi' }] },
    ]);
    expect(fields).toEqual(['m[1].c[2]']);
  });

  test('Z14 models that do not think get no thoughts', () => {
    const { body, fields } = encode(
      {
        messages: [
          hello,
          assistant({ type: 'reasoning', text: 'hm', at: 'm[1]' }, { type: 'text', text: 'Yes.' }),
          hello,
        ],
      },
      'gemini-2.0-flash',
    );
    expect(JSON.stringify(body)).not.toContain('hm');
    expect(fields).toEqual(['m[1]']);
  });
});

describe('media', () => {
  const encodeMedia = (part: Partial<MediaPart>, facts?: ModelFacts | string) =>
    encode(
      {
        messages: [
          {
            role: 'user',
            parts: [
              {
                type: 'media',
                kind: 'image',
                source: { type: 'base64', mediaType: 'image/png', data: 'AAAA' },
                at: 'm[0].c[0]',
                ...part,
              },
            ],
          },
        ],
      },
      facts,
    );
  const partOf = (part: Partial<MediaPart>, facts?: ModelFacts | string) =>
    (encodeMedia(part, facts).body['contents'] as { parts: JsonObject[] }[])[0]?.parts[0]; // one content was sent

  test('M1 base64 is inlineData', () => {
    expect(partOf({})).toEqual({ inlineData: { mimeType: 'image/png', data: 'AAAA' } });
  });

  test('M2 an address is fileData, with the type it seems to have', () => {
    expect(partOf({ source: { type: 'url', url: 'https://x.example/a.webp?b=1' } })).toEqual({
      fileData: { mimeType: 'image/webp', fileUri: 'https://x.example/a.webp?b=1' },
    });
    expect(partOf({ source: { type: 'url', url: 'https://x.example/a' } })).toEqual({
      fileData: { mimeType: 'image/jpeg', fileUri: 'https://x.example/a' },
    });
    expect(partOf({ kind: 'video', source: { type: 'url', url: 'https://youtu.be/x' } })).toEqual({
      fileData: { fileUri: 'https://youtu.be/x' },
    });
  });

  test('M4 a document of text is text', () => {
    const { body, fields } = encodeMedia({
      kind: 'document',
      source: { type: 'text', mediaType: 'text/plain', text: 'Annex' },
      context: 'c',
      citable: true,
    });
    expect(body['contents']).toEqual([{ role: 'user', parts: [{ text: 'Annex' }] }]);
    expect(fields).toEqual(['m[0].c[0]', 'm[0].c[0].context', 'm[0].c[0].citations']);
  });

  test('M6 a file of another vendor is refused by name', () => {
    const source = { type: 'file', dialect: 'openai-chat', id: 'file-1' } as const;
    expect(() => partOf({ source })).toThrow(Failure);
    expect(() => partOf({ source })).toThrow(/m\[0\]\.c\[0\]/);
    expect(partOf({ source: { ...source, dialect: 'gemini-generate', id: 'files/a' } })).toEqual({
      fileData: { fileUri: 'files/a' },
    });
  });

  test('M6 detail is a resolution, where parts have one', () => {
    expect(partOf({ detail: 'low' })).toHaveProperty('mediaResolution', { level: 'MEDIA_RESOLUTION_LOW' });
    expect(partOf({ detail: 'original' })).toHaveProperty('mediaResolution', { level: 'MEDIA_RESOLUTION_ULTRA_HIGH' });
    expect(partOf({ detail: 'auto' })).not.toHaveProperty('mediaResolution');
    expect(encodeMedia({ detail: 'low' }, 'gemini-2.5-flash').fields).toEqual(['m[0].c[0].detail']);
  });

  test('a file name is dropped with a notice, unless Gemini gave it', () => {
    expect(encodeMedia({ name: 'a.png' }).fields).toEqual(['m[0].c[0].name']);
    expect(partOf({ name: 'a.png', extras: { 'gemini-generate': { displayName: 'a.png' } } })).toEqual({
      inlineData: { mimeType: 'image/png', data: 'AAAA', displayName: 'a.png' },
    });
  });
});

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
    expect(calling({ type: 'required' }, [{ type: 'web-search', name: 'web_search' }])).toBeUndefined();
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

test('what Gemini has no word for is told', () => {
  const { body, fields } = encode({
    verbosity: 'low',
    endUser: 'ada',
    cacheKey: 'k',
    serviceTier: 'scale',
    cache: {},
    messages: [{ role: 'user', name: 'ada', parts: [{ type: 'text', text: 'Hi', cache: {} }], at: 'm[0]' }],
    extras: { 'openai-chat': { metadata: { a: 'b' } } },
  });
  expect(body).toEqual({ contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] });
  expect(fields.sort()).toEqual(['cache', 'cacheKey', 'endUser', 'm[0].name', 'metadata', 'serviceTier', 'verbosity']);
});

test('W3 searches of other vendors, and parts that only they have, are left out with a notice', () => {
  const parts: Part[] = [
    { type: 'server-tool-call', id: 's', name: 'web_search', query: 'q', at: 'm[1].c[0]' },
    { type: 'server-tool-result', callId: 's', name: 'web_search', results: [], at: 'm[1].c[1]' },
    { type: 'native', dialect: 'anthropic-messages', value: {}, at: 'm[1].c[2]' },
    { type: 'text', text: 'So.', citations: [{ type: 'url', url: 'https://x.example' }], at: 'm[1].c[3]' },
  ];
  const { body, fields } = encode({ messages: [hello, assistant(...parts), hello] });
  expect(body['contents']).toMatchObject([{}, { parts: [{ text: 'So.' }] }, {}]);
  expect(fields).toEqual(['m[1].c[0]', 'm[1].c[1]', 'm[1].c[2]', 'm[1].c[3].citations']);
});

test('service tiers go by their names here', () => {
  expect(encode({ serviceTier: 'priority' }).body['serviceTier']).toBe('priority');
  expect(encode({ serviceTier: 'default' }).body['serviceTier']).toBe('standard');
  expect(encode({ serviceTier: 'auto' })).toMatchObject({ notices: [] });
});
