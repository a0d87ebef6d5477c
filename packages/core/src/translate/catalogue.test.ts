import { describe, expect, test } from 'vitest';
import { isObject, list, object, text, type Json, type JsonObject } from '../json.ts';
import { cases } from '../testing/cases.ts';
import { dialects, models, names, sent, type Name } from '../testing/pairs.ts';
import { translateRequest } from '../translators.ts';

/** Facts of the catalogue about requests whose right behaviour spans two dialects: what one says must reach the other. */

const messagesTurns = (...turns: Json[]): JsonObject => ({ messages: turns });
const look: Readonly<Record<Name, JsonObject>> = {
  chat: { tools: [{ type: 'function', function: { name: 'look', parameters: { type: 'object', properties: {} } } }] },
  messages: { tools: [{ name: 'look', input_schema: { type: 'object', properties: {} } }] },
  responses: {
    tools: [{ type: 'function', name: 'look', parameters: { type: 'object', properties: {} }, strict: false }],
  },
  gemini: { tools: [{ functionDeclarations: [{ name: 'look' }] }] },
};

/** Two parallel calls, answered in the order of completion, and words of the user behind them. */
const twoCalls: Readonly<Record<Name, JsonObject>> = {
  chat: {
    ...look.chat,
    messages: [
      { role: 'user', content: 'Hi' },
      {
        role: 'assistant',
        content: null,
        tool_calls: ['a', 'b'].map((id) => ({ id, type: 'function', function: { name: 'look', arguments: '{}' } })),
      },
      { role: 'tool', tool_call_id: 'b', content: 'of b' },
      { role: 'tool', tool_call_id: 'a', content: 'of a' },
      { role: 'user', content: 'So?' },
    ],
  },
  messages: {
    ...look.messages,
    messages: [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: ['a', 'b'].map((id) => ({ type: 'tool_use', id, name: 'look', input: {} })) },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'So?' },
          { type: 'tool_result', tool_use_id: 'b', content: 'of b' },
          { type: 'tool_result', tool_use_id: 'a', content: 'of a' },
        ],
      },
    ],
  },
  responses: {
    ...look.responses,
    input: [
      { role: 'user', content: 'Hi' },
      ...['a', 'b'].map((id) => ({ type: 'function_call', call_id: id, name: 'look', arguments: '{}' })),
      { type: 'function_call_output', call_id: 'b', output: 'of b' },
      { role: 'user', content: 'So?' },
      { type: 'function_call_output', call_id: 'a', output: 'of a' },
    ],
  },
  gemini: {
    ...look.gemini,
    contents: [
      { role: 'user', parts: [{ text: 'Hi' }] },
      { role: 'model', parts: ['a', 'b'].map((id) => ({ functionCall: { id, name: 'look', args: {} } })) },
      {
        role: 'user',
        parts: [
          ...['b', 'a'].map((id) => ({ functionResponse: { id, name: 'look', response: { output: `of ${id}` } } })),
          { text: 'So?' },
        ],
      },
    ],
  },
};

/** The turns of a body in short: role, and what stands in it. */
function outline(to: Name, body: JsonObject): readonly string[] {
  if (to === 'messages' || to === 'chat') return list(body.messages).map((turn) => outlineOf(object(turn) ?? {}));
  if (to === 'gemini')
    return list(body.contents).map((content) => {
      const { role, parts } = object(content) ?? {};
      return `${text(role)}: ${list(parts)
        .map((part) => kindOf(object(part) ?? {}))
        .join(' ')}`;
    });
  return list(body.input).map((item) => {
    const { type, role, call_id: id } = object(item) ?? {};
    return [text(role) ?? text(type), text(id)].filter(Boolean).join(' ');
  });
}

function outlineOf({ role, content, tool_calls: calls, tool_call_id: id }: JsonObject): string {
  const blocks = list(content).map((block) => kindOf(object(block) ?? {}));
  const made = list(calls).map((call) => `call ${text(object(call)?.id)}`);
  return [`${text(role)}:`, ...(typeof content === 'string' ? ['text'] : blocks), ...made, ...(id ? [text(id)] : [])].join(' '); // prettier-ignore
}

function kindOf(part: JsonObject): string {
  const call = object(part.functionCall);
  const response = object(part.functionResponse);
  if (call) return `call ${text(call.id) ?? ''}`;
  if (response) return `result ${text(response.id) ?? ''}`;
  if (part.type === 'tool_use') return `call ${text(part.id)}`;
  if (part.type === 'tool_result') return `result ${text(part.tool_use_id)}`;
  return text(part.type) ?? 'text';
}

describe('turns', () => {
  const turns: Readonly<Record<Name, readonly string[]>> = {
    chat: ['user: text', 'assistant: call a call b', 'tool: text a', 'tool: text b', 'user: text'],
    messages: ['user: text', 'assistant: call a call b', 'user: result a result b text'],
    responses: [
      'user',
      'function_call a',
      'function_call b',
      'function_call_output a',
      'function_call_output b',
      'user',
    ],
    gemini: ['user: text', 'model: call a call b', 'user: result a result b text'],
  };
  test.each(names.flatMap((from) => names.map((to) => ({ from, to }))))(
    'T1 T2 T4 T5 results stand together, in call order, before the words: $from to $to',
    ({ from, to }) => {
      expect(outline(to, sent(from, to, twoCalls[from]).body)).toEqual(turns[to]);
    },
  );

  test.each(names)(
    'T8 ids too long or with characters that are not taken are the same for call and result, to %s',
    (to) => {
      const ids = ['x'.repeat(90), 'call.with:dots', `${'y'.repeat(80)}1`, `${'y'.repeat(80)}2`, ''];
      const history = ids.flatMap((id): Json[] => [
        { role: 'model', parts: [{ functionCall: { ...(id && { id }), name: 'look', args: {} } }] },
        { role: 'user', parts: [{ functionResponse: { ...(id && { id }), name: 'look', response: { output: 'x' } } }] },
      ]);
      const contents = [{ role: 'user', parts: [{ text: 'Hi' }] }, ...history];
      const { body } = sent('gemini', to, { ...look.gemini, contents });
      const written = JSON.stringify(body);
      const of = (pattern: RegExp) => [...written.matchAll(pattern)].map(([, id = '']) => id);
      const [calls, results] = {
        chat: [of(/"tool_calls":\[\{"id":"([^"]*)"/g), of(/"tool_call_id":"([^"]*)"/g)],
        messages: [of(/"type":"tool_use","id":"([^"]*)"/g), of(/"tool_use_id":"([^"]*)"/g)],
        responses: [
          of(/"type":"function_call","call_id":"([^"]*)"/g),
          of(/"type":"function_call_output","call_id":"([^"]*)"/g),
        ],
        gemini: [of(/"functionCall":\{"id":"([^"]*)"/g), of(/"functionResponse":\{"id":"([^"]*)"/g)],
      }[to];
      expect(calls).toHaveLength(5);
      expect(results).toEqual(calls);
      expect(new Set(calls).size).toBe(5);
      const taken = { chat: /^[\w-]{1,40}$/, messages: /^[\w-]+$/, responses: /^.{1,64}$/, gemini: /^.+$/ }[to];
      for (const id of calls ?? []) expect(id).toMatch(taken);
      expect(JSON.stringify(sent('gemini', to, { ...look.gemini, contents }).body)).toBe(written);
    },
  );

  test.each(names)('T14 a history of calls without a tool list goes to %s without complaint', (to) => {
    const { tools: _, ...history } = twoCalls.chat;
    const { body } = sent('chat', to, history);
    expect(outline(to, body)).toEqual(turns[to]);
  });

  test('T10 orphans, unanswered calls and second answers leave every upstream a history it takes', () => {
    const broken = {
      ...look.chat,
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'tool', tool_call_id: 'gone', content: 'late' },
        twoCallsTurn,
        { role: 'tool', tool_call_id: 'a', content: 'old' },
        { role: 'tool', tool_call_id: 'a', content: 'new' },
        { role: 'user', content: 'So?' },
      ],
    };
    for (const to of names) {
      const { body, notices } = sent('chat', to, broken);
      const written = JSON.stringify(body);
      expect(written, to).toContain('late');
      expect(written, to).toContain('new');
      expect(written, to).not.toContain('old');
      expect(written, to).toContain('No result: the call was interrupted.');
      expect(
        outline(to, body)
          .join(' ')
          .match(/call a/g),
        to,
      ).toHaveLength(1);
      expect(
        notices.map(({ type }) => type),
        to,
      ).toEqual(expect.arrayContaining(['approximated', 'defaulted']));
    }
  });
  const twoCallsTurn = list(twoCalls.chat.messages)[1] ?? null;

  test('T16 an interrupted Responses history goes to Messages as alternating turns', () => {
    const input = [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'I shall look.' },
      { type: 'function_call', call_id: 'a', name: 'look', arguments: '{}' },
      { type: 'function_call', call_id: 'b', name: 'look', arguments: '{}' },
      { type: 'function_call_output', call_id: 'a', output: '1' },
      { type: 'function_call_output', call_id: 'b', output: '2' },
      { role: 'assistant', content: 'Done.' },
      { role: 'user', content: 'Thanks' },
    ];
    expect(outline('messages', sent('responses', 'messages', { ...look.responses, input }).body)).toEqual([
      'user: text',
      'assistant: text call a call b',
      'user: result a result b',
      'assistant: text',
      'user: text',
    ]);
  });

  test('T11 two turns of the user in a row stay whole, and no call is torn from its result', () => {
    for (const to of names) {
      const contents = [
        { role: 'user', parts: [{ text: 'One' }] },
        { role: 'user', parts: [{ text: 'Two' }] },
        ...list(twoCalls.gemini.contents).slice(1),
      ];
      const { body } = sent('gemini', to, { ...look.gemini, contents });
      expect(JSON.stringify(body), to).toMatch(/One.*Two.*look.*of a.*of b.*So\?/);
      expect(outline(to, body).slice(-turns[to].length + 1), to).toEqual(turns[to].slice(1));
    }
  });
});

describe('roles', () => {
  const full: Readonly<Record<Name, JsonObject>> = {
    chat: { ...twoCalls.chat, messages: [{ role: 'system', content: 'Be brief.' }, ...list(twoCalls.chat.messages)] },
    messages: { ...twoCalls.messages, system: 'Be brief.' },
    responses: { ...twoCalls.responses, instructions: 'Be brief.' },
    gemini: { ...twoCalls.gemini, systemInstruction: { parts: [{ text: 'Be brief.' }] } },
  };
  test.each(names.flatMap((from) => names.map((to) => ({ from, to }))))(
    'a3 instructions, user, model and results have their places: $from to $to',
    ({ from, to }) => {
      const { body, notices } = sent(from, to, full[from]);
      const { messages, system, instructions, input, systemInstruction } = body;
      const places = {
        chat: list(messages)[0],
        messages: system,
        responses: instructions ?? list(input)[0],
        gemini: systemInstruction,
      };
      expect(JSON.stringify(places[to])).toContain('Be brief.');
      const roles = outline(to, body).map((turn) => turn.split(/[: ]/)[0] ?? '');
      const expected: Readonly<Record<Name, readonly string[]>> = {
        chat: ['user', 'assistant', 'tool', 'tool', 'user'],
        messages: ['user', 'assistant', 'user'],
        responses: ['user', 'function_call', 'function_call', 'function_call_output', 'function_call_output', 'user'],
        gemini: ['user', 'model', 'user'],
      };
      expect(roles.filter((role) => role !== 'system' && role !== 'developer')).toEqual(expected[to]);
      expect(notices.filter(({ type }) => type === 'dropped')).toEqual([]);
    },
  );

  test('a3 a late list of tools joins the others in every dialect that has no place for it', () => {
    const late = {
      input: [
        { role: 'user', content: 'Hi' },
        {
          type: 'additional_tools',
          role: 'developer',
          tools: [{ type: 'function', name: 'look', parameters: {}, strict: false }],
        },
        { role: 'user', content: 'So?' },
      ],
    };
    for (const to of ['chat', 'messages', 'gemini'] as const)
      expect(JSON.stringify(sent('responses', to, late).body.tools), to).toContain('"name":"look"');
  });
});

/** What Claude Code 2.1.329 really sends, recorded. */
function claudeCode(turn: 'first' | 'second' | 'web-search') {
  const one = cases.find(
    ({ dialect, stem }) => dialect.name === 'anthropic-messages' && stem === `claude-code-${turn}`,
  );
  if (!one?.request) throw new Error(`There is no recording of the turn ${turn}.`);
  return { request: one.request, headers: one.headers };
}

function fromClaudeCode(
  turn: 'first' | 'second' | 'web-search',
  to: Name,
  change: JsonObject = {},
  model = models[to],
) {
  const { request, headers } = claudeCode(turn);
  return translateRequest({ ...request, ...change }, { from: dialects.messages, to: dialects[to], model, headers });
}

const elsewhere = ['chat', 'responses', 'gemini'] as const;
const withoutSystemTurns = ['mistral-large-2512', 'some-model'];

describe('Claude Code', () => {
  test.each(elsewhere)('CC2 CC4 CC5 the flags and members that only Anthropic knows do not reach %s', (to) => {
    for (const turn of ['first', 'second'] as const) {
      const { body, headers, notices } = fromClaudeCode(turn, to);
      const written = JSON.stringify(body);
      for (const foreign of [
        'anthropic',
        'context_management',
        'clear_thinking',
        'output_config',
        'metadata',
        'DeferredToolPlaceholder',
        'defer_loading',
        'cc_version',
        'max_tokens":128000',
      ])
        expect(written, `${foreign} in the turn ${turn}`).not.toContain(foreign);
      expect(Object.keys(headers).filter((name) => name.startsWith('anthropic'))).toEqual([]);
      expect(notices.map(({ field }) => field)).toEqual(expect.arrayContaining(['context_management']));
    }
  });

  test('CC2 CC4 CC5 the same flags and members go back to Claude', () => {
    const { body, headers } = fromClaudeCode('first', 'messages', {}, 'claude-opus-5-5');
    expect(headers['anthropic-beta']?.split(',')).toEqual(expect.arrayContaining(['claude-code-20250219', 'context-management-2025-06-27', 'effort-2025-11-24'])); // prettier-ignore
    expect(body).toMatchObject({
      thinking: { type: 'adaptive', display: 'omitted' },
      output_config: { effort: 'medium' },
      context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] },
      max_tokens: 128_000,
    });
    expect(list(body.messages)[1]).toMatchObject({ role: 'system', output_config: { effort: 'medium' } });
  });

  test.each(elsewhere)('CC3 %s is not told what Claude Code is billed by', (to) => {
    expect(JSON.stringify(fromClaudeCode('first', to).body)).not.toMatch(/billing|cc_entrypoint/);
  });

  test.each(elsewhere)(
    'S1 S3 CC4 a system turn in the middle or at the end is taken, and %s never hears it as the model’s',
    (to) => {
      const { body } = fromClaudeCode('second', to);
      const roles = outline(to, body).map((turn) => turn.split(/[: ]/)[0]);
      const written = JSON.stringify(body);
      expect(written).toContain('Platform: linux');
      expect(written).toContain('New tools are available.');
      expect(['model', 'assistant']).not.toContain(roles.at(-1));
      if (to === 'gemini') expect(roles.at(-1)).toBe('user');
      else expect(['system', 'developer']).toContain(roles.at(-1));
      for (const model of to === 'chat' ? withoutSystemTurns : []) {
        const [first, ...rest] = outline('chat', fromClaudeCode('second', 'chat', {}, model).body);
        expect(first).toMatch(/^system/);
        expect(rest.join()).not.toMatch(/system:|developer:/);
      }
    },
  );

  test.each(names)('P3 CC4 a system turn as a string and as blocks, marked or not, gives %s the same bytes', (to) => {
    const { request } = claudeCode('first');
    const [user, system] = list(request.messages);
    const asString = { ...object(system), content: '# Environment\nPlatform: linux' };
    const asBlocks = { ...object(system), content: [{ type: 'text', text: '# Environment\nPlatform: linux' }] };
    const bodies = [asString, asBlocks].map((turn) => JSON.stringify(fromClaudeCode('first', to, { messages: [user ?? null, turn] }).body)); // prettier-ignore
    expect(bodies[0]).toBe(bodies[1]);
  });

  test.each(elsewhere)(
    'CC6 J1 the tools reach %s with a schema it takes, and a list that grows keeps its beginning',
    (to) => {
      const { request } = claudeCode('first');
      const tools = list(request.tools);
      const grown = [...tools, { name: 'WebFetch', description: 'Fetches.', input_schema: { type: 'object', properties: { url: { type: 'string' } } } }]; // prettier-ignore
      const listOf = (body: JsonObject): readonly Json[] =>
        to === 'gemini' ? list(object(list(body.tools)[0])?.functionDeclarations) : list(body.tools);
      const [before, after] = [tools, grown].map((given) => listOf(fromClaudeCode('first', to, { tools: given }).body));
      expect(before).toHaveLength(2);
      expect(after).toHaveLength(3);
      expect(after?.slice(0, 2)).toEqual(before);
    },
  );

  test.each(elsewhere)(
    'CC7 results in mixed order reach %s in call order, the image with them and nothing signed',
    (to) => {
      const { body } = fromClaudeCode('second', to);
      const written = JSON.stringify(body);
      expect(written).toContain('iVBORw0KGgo');
      expect(written).toContain('Loaded tool WebFetch.');
      expect(written).not.toContain('EqQBCkYIBxgC');
      const results = outline(to, body).flatMap((turn) => turn.match(/toolu_\w+/g) ?? []);
      expect(results).toEqual(['toolu_01CC1', 'toolu_01CC2', 'toolu_01CC1', 'toolu_01CC2']);
    },
  );

  test('CC7 to Claude the results keep their marks, and thinking its signature', () => {
    const { body } = fromClaudeCode('second', 'messages', {}, 'claude-opus-5-5');
    const written = JSON.stringify(body);
    expect(written).toContain('"signature":"EqQBCkYIBxgC');
    const results = list(object(list(body.messages)[3])?.content);
    expect(results.map((block) => object(block)?.tool_use_id)).toEqual(['toolu_01CC1', 'toolu_01CC2', undefined]);
    expect(results[0]).toMatchObject({ cache_control: { type: 'ephemeral' } });
  });

  test('W1 C6 the search that Claude Code forces is a search that Responses and Gemini run', () => {
    const responses = fromClaudeCode('web-search', 'responses').body;
    expect(list(responses.tools).map((tool) => object(tool)?.type)).toEqual(['web_search']);
    expect(responses.tool_choice).toBe('required');
    const gemini = fromClaudeCode('web-search', 'gemini').body;
    expect(gemini.tools).toEqual([{ googleSearch: {} }]);
    expect(gemini.toolConfig).toBeUndefined();
  });
});

describe('content', () => {
  const png = 'iVBORw0KGgo=';
  const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } };
  test('M1 one image, four forms, none with a stray prefix', () => {
    const members = messagesTurns({ role: 'user', content: [image] });
    const first = (to: Name) => {
      const { body } = sent('messages', to, members);
      const turn = object(list(to === 'gemini' ? body.contents : to === 'responses' ? body.input : body.messages)[0]);
      return list(turn?.content ?? turn?.parts)[0];
    };
    expect(first('chat')).toMatchObject({ type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } });
    expect(first('messages')).toMatchObject(image);
    expect(first('responses')).toMatchObject({ type: 'input_image', image_url: `data:image/png;base64,${png}` });
    expect(first('gemini')).toMatchObject({ inlineData: { mimeType: 'image/png', data: png } });
  });

  test('M2 an image by its address stays an address, and never stands where bytes belong', () => {
    const url = 'https://pictures.example/a.png';
    for (const to of names) {
      const { body } = sent('messages', to, messagesTurns({ role: 'user', content: [{ type: 'image', source: { type: 'url', url } }] })); // prettier-ignore
      const written = JSON.stringify(body);
      expect(written, to).toContain(url);
      expect(written, to).not.toContain('inlineData');
      expect(written, to).not.toContain('base64');
    }
  });

  test('M4 a PDF is a document in every dialect, and a text document is text', () => {
    const pdf = { type: 'document', title: 'a.pdf', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' } }; // prettier-ignore
    const written = (to: Name, block: Json) =>
      JSON.stringify(sent('messages', to, messagesTurns({ role: 'user', content: [block] })).body);
    expect(written('chat', pdf)).toContain('"type":"file","file":{"file_data":"data:application/pdf;base64,JVBERi0="');
    expect(written('responses', pdf)).toMatch(
      /"type":"input_file".*"file_data":"data:application\/pdf;base64,JVBERi0="/,
    );
    expect(written('gemini', pdf)).toContain('"inlineData":{"mimeType":"application/pdf","data":"JVBERi0="}');
    const notes = { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'Milk, eggs' } };
    for (const to of elsewhere)
      expect(written(to, notes), to).toMatch(/"text":"[^"]*Milk, eggs"|"content":"Milk, eggs"/);
  });

  test('M5 M6 audio for Claude, and files of another vendor for anybody, are refused by their place', () => {
    const audio = { messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } }] }] }; // prettier-ignore
    expect(() => sent('chat', 'messages', audio)).toThrow(expect.objectContaining({ kind: 'bad-request', details: { field: 'messages[0].content[0]' } })); // prettier-ignore
    expect(JSON.stringify(sent('chat', 'gemini', audio).body)).toContain('"inlineData":{"mimeType":"audio/wav","data":"AAAA"}'); // prettier-ignore
    const file = messagesTurns({ role: 'user', content: [{ type: 'document', source: { type: 'file', file_id: 'file_1' } }] }); // prettier-ignore
    for (const to of elsewhere)
      expect(() => sent('messages', to, file), to).toThrow(expect.objectContaining({ kind: 'bad-request', details: { field: 'messages[0].content[0]' } })); // prettier-ignore
  });

  test('P3 the mark on a tool result reaches the models that keep marks', () => {
    const marked = {
      ...look.messages,
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'look', input: {} }] },
        {
          role: 'user',
          content: [{ type: 'tool_result', tool_use_id: 'a', content: 'x', cache_control: { type: 'ephemeral' } }],
        },
      ],
    };
    expect(JSON.stringify(sent('messages', 'messages', marked).body)).toContain('"cache_control"');
    for (const to of ['chat', 'responses'] as const)
      expect(JSON.stringify(sent('messages', to, marked, 'gpt-5.6-sol').body), to).toContain('prompt_cache_breakpoint');
  });

  test('O1 a schema goes from every form into every other', () => {
    const schema = {
      type: 'object',
      properties: { n: { type: 'integer' } },
      required: ['n'],
      additionalProperties: false,
    };
    const asked: Readonly<Record<Name, JsonObject>> = {
      chat: { response_format: { type: 'json_schema', json_schema: { name: 'answer', schema, strict: true } } },
      responses: { text: { format: { type: 'json_schema', name: 'answer', schema, strict: true } } },
      messages: { output_config: { format: { type: 'json_schema', schema } } },
      gemini: { generationConfig: { responseMimeType: 'application/json', responseJsonSchema: schema } },
    };
    for (const from of names)
      for (const to of names) {
        const { body } = sent(from, to, asked[from]);
        const found = {
          chat: object(body.response_format)?.json_schema,
          responses: object(body.text)?.format,
          messages: object(body.output_config)?.format,
          gemini: body.generationConfig,
        }[to];
        const written = object(found);
        expect(written?.schema ?? written?.responseJsonSchema, `${from} → ${to}`).toEqual(schema);
        if (to === 'chat' || to === 'responses')
          expect(text(written?.name), `${from} → ${to}`).toMatch(/^[\w-]{1,64}$/);
        if (to === 'gemini') expect(written?.responseMimeType).toBe('application/json');
      }
  });

  test('O4 a request for any JSON object is native where there is a word for it, and forces no tool anywhere', () => {
    const gemini = { generationConfig: { responseMimeType: 'application/json' } };
    const chat = sent('gemini', 'chat', gemini).body;
    expect(chat.response_format).toEqual({ type: 'json_object' });
    expect(JSON.stringify(chat.messages)).toMatch(/json/i);
    const responses = sent('gemini', 'responses', { ...gemini, systemInstruction: 'Speak JSON.' }).body;
    expect(responses.text).toEqual({ format: { type: 'json_object' } });
    expect(JSON.stringify(responses.input)).toMatch(/json/i);
    const told = { ...gemini, contents: [{ role: 'user', parts: [{ text: 'Give me JSON.' }] }] };
    expect(list(sent('gemini', 'responses', told).body.input)).toHaveLength(1);
    expect(sent('chat', 'gemini', { response_format: { type: 'json_object' } }).body.generationConfig).toEqual({
      responseMimeType: 'application/json',
    });
    const claude = sent('chat', 'messages', { response_format: { type: 'json_object' } }).body;
    expect(claude.system).toMatch(/JSON object/);
    expect([claude.tools, claude.tool_choice, claude.output_config]).toEqual([undefined, undefined, undefined]);
  });

  test.each(names)(
    'J9 a tool that only one vendor runs is left out with a notice, and a choice that named it too: %s',
    (to) => {
      const own = { type: 'computer_20251124', name: 'computer', display_width_px: 1, display_height_px: 1 };
      const tools = [own, ...list(look.messages.tools)];
      const { body, notices } = sent('messages', to, { tools, tool_choice: { type: 'tool', name: 'computer' } });
      if (to === 'messages') expect(list(body.tools)).toEqual([own, ...list(look.messages.tools)]);
      else {
        expect(JSON.stringify(body)).not.toContain('computer');
        expect(notices.map(({ field }) => field)).toEqual(expect.arrayContaining(['tools[0]', 'tool_choice']));
      }
    },
  );

  test.each(elsewhere)('J10 members that Anthropic puts on tools do not leak to %s', (to) => {
    const [tool] = list(look.messages.tools);
    const extra = { cache_control: { type: 'ephemeral' }, defer_loading: true, eager_input_streaming: true, input_examples: [{}], allowed_callers: ['direct'] }; // prettier-ignore
    const { body } = sent('messages', to, { tools: [{ ...object(tool), ...extra }] });
    for (const name of Object.keys(extra)) expect(JSON.stringify(body)).not.toContain(name);
  });

  test('J10 members that OpenAI puts on tools do not leak to others', () => {
    const tools = [
      { ...object(list(look.responses.tools)[0]), defer_loading: true, output_schema: {}, allowed_callers: ['x'] },
    ];
    for (const to of ['chat', 'messages', 'gemini'] as const)
      expect(JSON.stringify(sent('responses', to, { tools }).body), to).not.toMatch(/defer_loading|output_schema|allowed_callers/); // prettier-ignore
  });

  test('J5 Gemini’s upper-case types come down in every schema', () => {
    const parameters = { type: 'OBJECT', properties: { a: { type: 'ARRAY', items: { type: 'STRING' } } } };
    for (const to of ['chat', 'responses', 'messages'] as const) {
      const { body } = sent('gemini', to, {
        tools: [{ functionDeclarations: [{ name: 'look', parameters }] }],
        generationConfig: { responseMimeType: 'application/json', responseJsonSchema: parameters },
      });
      expect(JSON.stringify(body), to).not.toMatch(/OBJECT|ARRAY|STRING/);
    }
  });

  test('J6 a schema travels to Claude as it is, definitions and all, but for a combinator at its root', () => {
    const opaque = {
      type: 'object',
      properties: { a: { $ref: '#/$defs/a' } },
      $defs: { a: { type: 'string' } },
      additionalProperties: false,
    };
    const schemaOf = (parameters: JsonObject) => {
      const tools = [{ type: 'function', function: { name: 'look', parameters } }];
      return object(object(list(sent('chat', 'messages', { tools }).body.tools)[0])?.input_schema);
    };
    expect(schemaOf(opaque)).toEqual(opaque);
    const combined = schemaOf({ type: 'object', anyOf: [opaque, { type: 'object', properties: { b: {} } }] });
    expect(combined?.type).toBe('object');
    expect(Object.keys(combined ?? {})).not.toEqual(expect.arrayContaining(['anyOf']));
    expect(JSON.stringify(combined)).toContain('"b"');
  });

  test('Q7 the metadata of a Messages client never becomes OpenAI’s, and its long user id is digested', () => {
    const user_id = JSON.stringify({ device_id: 'd'.repeat(64), account_uuid: '', session_id: 's'.repeat(36) });
    for (const to of ['chat', 'responses'] as const) {
      const { body } = sent('messages', to, { metadata: { user_id } });
      expect(body.metadata, to).toBeUndefined();
      expect(text(body.safety_identifier), to).toMatch(/^\w{1,64}$/);
    }
  });

  test('Q3 max_tokens: the first of two names, the model’s ceiling, and a default where Messages must have one', () => {
    expect(sent('chat', 'messages', { max_tokens: 5, max_completion_tokens: 9 }).body.max_tokens).toBe(9);
    expect(sent('chat', 'messages', {}, 'claude-sonnet-4-5').body.max_tokens).toBe(64_000);
    expect(sent('messages', 'responses', { max_tokens: 1 }).body.max_output_tokens).toBe(16);
    expect(sent('messages', 'chat', { max_tokens: 128_000 }, 'gpt-4o').body).toMatchObject({
      max_completion_tokens: 16_384,
    });
    expect(sent('messages', 'gemini', { max_tokens: 9 }).body.generationConfig).toMatchObject({ maxOutputTokens: 9 });
  });

  test('Z14 Gemini’s thoughts in a history are nobody’s visible text', () => {
    const contents = [
      { role: 'user', parts: [{ text: 'Hi' }] },
      { role: 'model', parts: [{ text: 'secret thought', thought: true }, { text: 'Hello' }] },
      { role: 'user', parts: [{ text: 'So?' }] },
    ];
    for (const to of ['chat', 'responses', 'messages'] as const) {
      const { body } = sent('gemini', to, { contents });
      expect(JSON.stringify(body), to).not.toMatch(/"(text|content)":"[^"]*secret thought/);
      expect(JSON.stringify(body), to).toContain('Hello');
    }
  });

  test('W4 what Claude Code calls deferred is an ordinary tool elsewhere, and a reference to it is text', () => {
    const content = [
      { type: 'tool_result', tool_use_id: 'a', content: [{ type: 'tool_reference', tool_name: 'WebFetch' }] },
    ];
    const members = {
      tools: [{ name: 'WebFetch', input_schema: { type: 'object' }, defer_loading: true }, { name: 'DeferredToolPlaceholder', input_schema: { type: 'object' }, defer_loading: true }],
      messages: [{ role: 'user', content: 'Hi' }, { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'WebFetch', input: {} }] }, { role: 'user', content }],
    }; // prettier-ignore
    for (const to of elsewhere) {
      const written = JSON.stringify(sent('messages', to, members).body);
      expect(written, to).toContain('Loaded tool WebFetch.');
      expect(written, to).not.toMatch(/defer_loading|Placeholder|tool_reference/);
    }
  });
});

test('P4 the translated conversation of Claude Code begins with the same bytes when it has grown', () => {
  for (const to of names) {
    const { request } = claudeCode('second');
    const messages = list(request.messages);
    const grown = [...messages, { role: 'assistant', content: 'Done.' }, { role: 'user', content: 'Thanks' }];
    const [short, long] = [messages, grown].map((turns) => {
      const { body } = fromClaudeCode('second', to, { messages: turns });
      return list(to === 'gemini' ? body.contents : to === 'responses' ? body.input : body.messages);
    });
    expect(JSON.stringify(long?.slice(0, short?.length)), to).toBe(JSON.stringify(short));
    expect(isObject(long?.at(-1)), to).toBe(true);
  }
});
