import { describe, expect, test } from 'vitest';
import type { Conversation } from '../../conversation/conversation.ts';
import { Failure } from '../../conversation/failure.ts';
import { carrySeal } from '../../conversation/seal.ts';
import type { Json, JsonObject } from '../../json.ts';
import { decodeRequest } from './decode-request.ts';

const decode = (body: JsonObject): Conversation =>
  decodeRequest(body, {
    glance: { model: 'gemini-3.1-pro-preview', streaming: false },
    headers: {},
    report: (notice) => expect.unreachable(JSON.stringify(notice)),
  });
const user = (...parts: Json[]) => ({ role: 'user', parts });
const model = (...parts: Json[]) => ({ role: 'model', parts });
const partsOf = (body: JsonObject, at = 0) => {
  const message = decode(body).messages[at];
  return message?.role === 'tool' ? [] : (message?.parts ?? []);
};
const resultsOf = (...contents: JsonObject[]) =>
  decode({ contents }).messages.flatMap((message) => (message.role === 'tool' ? message.results : []));

describe('instructions and turns', () => {
  test.each([
    ['a string', 'Be brief.'],
    ['a Content with the role of a user', { role: 'user', parts: [{ text: 'Be brief.' }] }],
    ['a Content with one part', { parts: { text: 'Be brief.' } }],
    ['a bare part', { text: 'Be brief.' }],
    ['a list of strings', ['Be brief.']],
  ])('S7 systemInstruction may be %s', (_, systemInstruction) => {
    for (const name of ['systemInstruction', 'system_instruction']) {
      const [first, second, ...rest] = decode({ [name]: systemInstruction, contents: [user({ text: 'Hi' })] }).messages;
      expect(first).toMatchObject({ role: 'system', placement: 'top', parts: [{ type: 'text', text: 'Be brief.' }] });
      expect(second?.role).toBe('user');
      expect(rest).toEqual([]);
    }
  });

  test('S7 contents may be a bare string, one Content, or strings among them', () => {
    for (const contents of ['Hi', user({ text: 'Hi' }), ['Hi'], [{ parts: ['Hi'] }], [{ text: 'Hi' }]])
      expect(decode({ contents }).messages).toMatchObject([{ role: 'user', parts: [{ type: 'text', text: 'Hi' }] }]);
  });

  test('T11 turns of the same role are kept apart', () => {
    const { messages } = decode({ contents: [user({ text: 'a' }), user({ text: 'b' })] });
    expect(messages.map(({ role }) => role)).toEqual(['user', 'user']);
  });

  test('T4 results come before the words beside them', () => {
    const response = { functionResponse: { name: 'f', response: { output: 'x' } } };
    const { messages } = decode({
      contents: [model({ functionCall: { name: 'f' } }), user({ text: 'So?' }, response)],
    });
    expect(messages.map(({ role }) => role)).toEqual(['assistant', 'tool', 'user']);
  });

  test('every part tells where it stood', () => {
    const { messages } = decode({
      systemInstruction: 'x',
      contents: [user({ text: 'a' }, { text: 'b' })],
    });
    expect(messages.map(({ at }) => at)).toEqual(['systemInstruction', 'contents[0]']);
    expect(partsOf({ contents: [user({ text: 'a' }, { text: 'b' })] })[1]?.at).toBe('contents[0].parts[1]');
  });
});

describe('chats of the SDK, which send back every chunk as a content', () => {
  test('Z9 T11 a thought in pieces within one content is one thought, up to its signature', () => {
    const thought = (text: string, more: JsonObject = {}) => ({ text, thought: true, ...more });
    const pieces = [thought('I need th'), thought('e weather', { thoughtSignature: 'dGg=' }), thought('Next.')];
    const { messages } = decode({ contents: [user({ text: 'Hi' }), model(...pieces, { text: 'Sun.' })] });
    expect(messages[1]).toMatchObject({
      parts: [
        { type: 'reasoning', text: 'I need the weather', seal: { value: 'dGg=' } },
        { type: 'reasoning', text: 'Next.' },
        { type: 'text', text: 'Sun.' },
      ],
    });
  });

  test('T11 chunks of one reply are one turn, and cut text is whole again', () => {
    const { messages } = decode({
      contents: [
        user({ text: 'Hi' }),
        model({ text: 'Let me ', thought: true }),
        model({ text: 'see.', thought: true }),
        model({ text: '', thought: true, thoughtSignature: 'dGg=' }),
        model({ text: 'Hel' }),
        model({ text: 'lo' }),
        model({ functionCall: { id: 'a', name: 'f', args: {} } }),
        model({ text: '' }),
        user({ functionResponse: { id: 'a', name: 'f', response: { output: 'x' } } }),
        model({ text: 'Do' }),
        model({ text: 'ne.' }),
        model({ text: '', thoughtSignature: 'dHg=' }),
      ],
    });
    const seal = (value: string) => ({ issuer: 'gemini-generate', value });
    expect(messages).toMatchObject([
      { role: 'user' },
      {
        role: 'assistant',
        parts: [
          { type: 'reasoning', text: 'Let me see.', seal: seal('dGg=') },
          { type: 'text', text: 'Hello' },
          { type: 'tool-call', id: 'a' },
        ],
      },
      { role: 'tool' },
      { role: 'assistant', parts: [{ type: 'text', text: 'Done.', seal: seal('dHg=') }] },
    ]);
    expect(messages.map((message) => (message.role === 'tool' ? 1 : message.parts.length))).toEqual([1, 3, 1, 1]);
  });
});

describe('calls and results', () => {
  const call = (name: string, id?: string) => ({ functionCall: { name, args: {}, ...(id && { id }) } });
  const answer = (name: string, response: Json, id?: string) => ({
    functionResponse: { name, response, ...(id && { id }) },
  });

  test('T5 results are matched by id, whatever their order', () => {
    const results = resultsOf(model(call('f', 'a'), call('g', 'b')), user(answer('g', {}, 'b'), answer('f', {}, 'a')));
    expect(results.map(({ callId, name }) => [callId, name])).toEqual([
      ['b', 'g'],
      ['a', 'f'],
    ]);
  });

  test('T6 calls without ids get ids of their place, and results find them by name, first come first served', () => {
    const contents = [
      model(call('f'), call('g'), call('f')),
      user(answer('f', { n: 1 }), answer('f', { n: 2 }), answer('g', { n: 3 })),
      model(call('f')),
      user(answer('f', { n: 4 })),
    ];
    expect(resultsOf(...contents).map(({ callId }) => callId)).toEqual([
      'call_0_0',
      'call_0_2',
      'call_0_1',
      'call_2_0',
    ]);
  });

  test('T6 an id made up never meets one that was given', () => {
    const ids = decode({ contents: [model(call('f'), call('g', 'call_0_0'))] }).messages.flatMap((message) =>
      message.role === 'assistant' ? message.parts.map((part) => (part.type === 'tool-call' ? part.id : '')) : [],
    );
    expect(ids).toEqual(['call_0_0_', 'call_0_0']);
  });

  test('T6 the same history gets the same ids as it grows', () => {
    const contents = [model(call('f')), user(answer('f', {}))];
    const grown = [...contents, model(call('f')), user(answer('f', {}))];
    expect(resultsOf(...grown)[0]).toEqual(resultsOf(...contents)[0]);
  });

  test('T7 the name of a result comes from its call where the wire has none', () => {
    expect(resultsOf(model(call('f', 'a')), user(answer('', {}, 'a')))[0]).toMatchObject({ callId: 'a', name: 'f' });
  });

  test('a result nobody asked for keeps what it said', () => {
    expect(resultsOf(user(answer('f', {}, 'lost')))[0]).toMatchObject({ callId: 'lost', name: 'f' });
    expect(resultsOf(user(answer('f', {})))[0]).toMatchObject({ callId: '', name: 'f' });
  });

  test.each([
    ['output as text', { output: 'fine' }, { text: 'fine', failed: false, structured: undefined }],
    ['error as text', { error: 'broken' }, { text: 'broken', failed: true, structured: undefined }],
    ['output as data', { output: { n: 1 } }, { text: '{"n":1}', failed: false, structured: { output: { n: 1 } } }],
    ['neither', { n: 1 }, { text: '{"n":1}', failed: false, structured: { n: 1 } }],
    [
      'an error among data',
      { error: 'x', n: 1 },
      { text: '{"error":"x","n":1}', failed: true, structured: { error: 'x', n: 1 } },
    ],
    ['an error of null', { error: null }, { text: '{"error":null}', failed: false, structured: { error: null } }],
    ['text where an object is due', 'plain', { text: 'plain', failed: false, structured: undefined }],
  ])('T13 a response with %s', (_, response, { text, failed, structured }) => {
    const [result] = resultsOf(model(call('f', 'a')), user(answer('f', response, 'a')));
    expect(result).toMatchObject({ failed, content: [{ type: 'text', text }] });
    expect(result?.structured).toEqual(structured);
  });

  test('T9 arguments that are no object are put into one', () => {
    for (const [args, written] of [
      [null, '{}'],
      [undefined, '{}'],
      ['x', '{"input":"x"}'],
      [{ a: [1] }, '{"a":[1]}'],
    ] as const)
      expect(
        partsOf({ contents: [model({ functionCall: { name: 'f', ...(args !== undefined && { args }) } })] })[0],
      ).toMatchObject({
        type: 'tool-call',
        arguments: written,
      });
  });

  test('M3 media within a response are content of the result', () => {
    const parts = [
      { inlineData: { mimeType: 'image/png', data: 'AAAA' } },
      { fileData: { fileUri: 'https://x.example/a.pdf' } },
    ];
    const [result] = resultsOf(
      model(call('f', 'a')),
      user({ functionResponse: { id: 'a', name: 'f', response: { output: 'two' }, parts } }),
    );
    expect(result?.content).toMatchObject([
      { type: 'text', text: 'two' },
      { type: 'media', kind: 'image' },
      { type: 'media', kind: 'document', source: { type: 'url' } },
    ]);
  });

  test('a legacy function or tool role is a user', () => {
    for (const role of ['function', 'tool'])
      expect(
        decode({ contents: [{ role, parts: [answer('f', {})] }] }).messages.map((message) => message.role),
      ).toEqual(['tool']);
  });
});

describe('thoughts and seals', () => {
  const signed = (thoughtSignature: string) =>
    partsOf({ contents: [model({ functionCall: { name: 'f' }, thoughtSignature })] })[0];

  test('G5 Z3 the sentinel is no seal, under either of its names', () => {
    for (const word of ['skip_thought_signature_validator', 'context_engineering_is_the_way_to_go', ''])
      expect(signed(word)).not.toHaveProperty('seal');
  });

  test('Z5 a signature belongs to its part, and one alone to the part before', () => {
    expect(signed('c2ln')).toMatchObject({ seal: { issuer: 'gemini-generate', value: 'c2ln' } });
    const parts = partsOf({ contents: [model({ text: 'Hi' }, { text: '', thoughtSignature: 'c2ln' })] });
    expect(parts).toMatchObject([{ type: 'text', text: 'Hi', seal: { value: 'c2ln' } }]);
    expect(parts).toHaveLength(1);
  });

  test('Z5 a signature alone behind a call stays a part of its own', () => {
    const parts = partsOf({
      contents: [model({ functionCall: { name: 'f' } }, { text: '', thoughtSignature: 'c2ln' })],
    });
    expect(parts.map((part) => [part.type, 'seal' in part])).toEqual([
      ['tool-call', false],
      ['text', true],
    ]);
  });

  test('Z7 foreign seals come out of their envelopes', () => {
    const seal = { issuer: 'anthropic-messages', value: 'EqQB' };
    expect(signed(carrySeal(seal, 'gemini-generate'))).toMatchObject({ seal });
    const thoughtSignature = carrySeal(seal, 'gemini-generate', 'redacted');
    expect(
      partsOf({ contents: [model({ text: 'a', thought: true }, { text: '', thought: true, thoughtSignature })] }),
    ).toMatchObject([
      { type: 'reasoning', text: 'a' },
      { type: 'reasoning', text: '', redacted: true, seal },
    ]);
  });

  test('Z14 thoughts in the history are reasoning, never text', () => {
    const parts = partsOf({ contents: [model({ text: 'hm', thought: true }, { text: 'So.' }, { thought: true })] });
    expect(parts).toMatchObject([
      { type: 'reasoning', text: 'hm' },
      { type: 'text', text: 'So.' },
      { type: 'reasoning', text: '' },
    ]);
  });
});

describe('media', () => {
  const media = (part: JsonObject) => partsOf({ contents: [user(part)] })[0];

  test('M1 M6 both spellings, a stray prefix and image/jpg are read', () => {
    const expected = {
      type: 'media',
      kind: 'image',
      source: { type: 'base64', mediaType: 'image/jpeg', data: 'AAAA' },
    };
    expect(media({ inlineData: { mimeType: 'image/jpg', data: 'AAAA' } })).toMatchObject(expected);
    expect(media({ inline_data: { mime_type: 'image/jpeg', data: 'data:image/jpeg;base64,AAAA' } })).toMatchObject(
      expected,
    );
  });

  test.each([
    ['https://generativelanguage.googleapis.com/v1beta/files/abc', 'file'],
    ['files/abc', 'file'],
    ['gs://bucket/a.png', 'file'],
    ['https://example.com/files/a.png', 'url'],
    ['https://youtu.be/abc', 'url'],
  ])('M2 M6 %s is a %s', (fileUri, type) => {
    expect(media({ fileData: { fileUri } })).toMatchObject({ type: 'media', source: { type } });
  });

  test('M4 M5 the kind follows the type', () => {
    for (const [mimeType, kind] of [
      ['application/pdf', 'document'],
      ['text/plain', 'document'],
      ['audio/mp3', 'audio'],
      ['video/mp4', 'video'],
    ])
      expect(media({ inlineData: { mimeType: mimeType ?? '', data: '' } })).toMatchObject({ kind });
  });
});

describe('tools', () => {
  test('G2 parametersJsonSchema is read, and goes before parameters', () => {
    const declaration = {
      name: 'f',
      parametersJsonSchema: { type: 'object', properties: { a: {} } },
      parameters: { type: 'OBJECT' },
    };
    expect(decode({ contents: 'x', tools: [{ functionDeclarations: [declaration] }] }).tools[0]).toMatchObject({
      parameters: { type: 'object', properties: { a: {} } },
    });
  });

  test('one entry may hold functions and tools of Google', () => {
    const tools = [{ functionDeclarations: [{ name: 'f' }], google_search: {}, codeExecution: {} }];
    expect(decode({ contents: 'x', tools }).tools).toMatchObject([
      { type: 'function', name: 'f' },
      { type: 'web-search' },
      { type: 'native', value: { codeExecution: {} } },
    ]);
  });

  test.each([
    [{ mode: 'AUTO' }, { type: 'auto' }],
    [{ mode: 'NONE' }, { type: 'none' }],
    [{ mode: 'ANY' }, { type: 'required' }],
    [
      { mode: 'ANY', allowedFunctionNames: ['f'] },
      { type: 'tool', tool: { name: 'f', kind: 'function' } },
    ],
    [
      { mode: 'VALIDATED', allowed_function_names: ['f'] },
      { type: 'allowed', mode: 'auto', tools: [{ name: 'f', kind: 'function' }] },
    ],
    [{ mode: 'any', allowedFunctionNames: [] }, { type: 'required' }],
    [{ mode: 'MODE_UNSPECIFIED' }, undefined],
    [{ mode: 'NEWER_THAN_US' }, undefined],
  ])('C1 C2 C5 %j is %j', (functionCallingConfig, choice) => {
    expect(decode({ contents: 'x', toolConfig: { functionCallingConfig } }).toolChoice).toEqual(choice);
  });
});

describe('generationConfig', () => {
  const config = (generationConfig: JsonObject) => decode({ contents: 'x', generationConfig });

  test('every sampling member is read, numbers as strings too', () => {
    expect(
      config({
        temperature: '0.5',
        top_p: 0.9,
        topK: 5,
        seed: 1,
        presencePenalty: 0.1,
        frequencyPenalty: 0.2,
        candidateCount: 2,
        responseLogprobs: true,
        logprobs: 3,
        stopSequences: ['a'],
      }).sampling,
    ).toEqual({
      temperature: 0.5,
      topP: 0.9,
      topK: 5,
      seed: 1,
      presencePenalty: 0.1,
      frequencyPenalty: 0.2,
      candidates: 2,
      logprobs: true,
      topLogprobs: 3,
      stopSequences: ['a'],
    });
  });

  test.each([
    [
      { thinkingLevel: 'HIGH', includeThoughts: true },
      { effort: 'high', show: 'summary' },
    ],
    [{ thinkingLevel: 'minimal' }, { effort: 'minimal' }],
    [{ thinkingLevel: 'THINKING_LEVEL_UNSPECIFIED' }, undefined],
    [{ thinkingBudget: 0 }, { mode: 'disabled' }],
    [
      { thinkingBudget: -1, includeThoughts: false },
      { mode: 'adaptive', show: 'none' },
    ],
    [{ thinkingBudget: '512' }, { budgetTokens: 512 }],
    [{ includeThoughts: true }, { show: 'summary' }],
  ])('Z12 Z13 thinkingConfig %j', (thinkingConfig, reasoning) => {
    expect(config({ thinkingConfig }).reasoning).toEqual(reasoning);
  });

  test.each([
    [{ responseMimeType: 'application/json' }, { type: 'json' }],
    [{ responseMimeType: 'text/plain' }, { type: 'text' }],
    [
      { response_mime_type: 'application/json', response_schema: { type: 'STRING' } },
      { type: 'json-schema', schema: { type: 'string' } },
    ],
    [
      { responseMimeType: 'application/json', responseJsonSchema: { type: 'OBJECT' } },
      { type: 'json-schema', schema: { type: 'object' } },
    ],
    [{ responseMimeType: 'text/x.enum', responseSchema: { type: 'STRING', enum: ['a'] } }, undefined],
  ])('O1 O4 %j', (generationConfig, output) => {
    const conversation = config(generationConfig);
    expect(conversation.output).toEqual(output);
    if (!output) expect(conversation.extras).toEqual({ 'gemini-generate': { generationConfig } });
  });
});

test.each([
  ['contents[0]', { contents: [7] }],
  ['contents[0].role', { contents: [{ role: 'robot', parts: [{ text: 'x' }] }] }],
  ['contents[0].parts[0]', { contents: [user(7)] }],
  ['contents[0].parts[0].text', { contents: [user({ text: 7 })] }],
  ['contents[0].parts[0]', { contents: [user({ inlineData: { data: 'AAAA' } })] }],
  ['contents[0].parts[0].functionCall.name', { contents: [model({ functionCall: {} })] }],
  ['tools[0]', { tools: ['f'] }],
  ['tools[0].functionDeclarations[0].name', { tools: [{ functionDeclarations: [{}] }] }],
  ['generationConfig', { generationConfig: 'hot' }],
  ['generationConfig.topK', { generationConfig: { topK: [] } }],
  ['generationConfig.stopSequences', { generationConfig: { stopSequences: [1] } }],
])('a malformed %s is named', (field, body) => {
  expect(() => decode(body)).toThrow(Failure);
  try {
    decode(body);
  } catch (error) {
    expect(error).toMatchObject({ kind: 'bad-request', details: { field } });
  }
});
