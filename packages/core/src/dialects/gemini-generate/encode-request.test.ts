import { describe, expect, test } from 'vitest';
import type { Conversation } from '../../conversation/conversation.ts';
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
