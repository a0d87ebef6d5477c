import { describe, expect, test } from 'vitest';
import { claudeGateway, question } from './claude-gateway.ts';
import { serviceTypes, type Script, type ServiceType } from './vendors.ts';

// Acceptance rows D9–D15: what a Messages request becomes, and what comes back of it.

/** What the upstream was asked, when a Messages client asked this of it. */
async function asked(serviceType: ServiceType, request: object) {
  const { post, seen } = await claudeGateway(serviceType, { text: ['hi'] });
  const answer = await post({ ...question, ...request });
  expect([answer.status, seen.length], await answer.text()).toEqual([200, 1]);
  return { body: seen[0]?.body ?? {}, notices: answer.headers.get('x-proxy-notices') };
}

describe('D9 a system prompt', () => {
  const blocks = [
    { type: 'text', text: 'Be brief.' },
    { type: 'text', text: 'Be kind.', cache_control: { type: 'ephemeral' } },
  ];

  test('as a text', async () => {
    const system = 'Be brief.';
    expect((await asked('openai', { system })).body.messages).toEqual([
      { role: 'system', content: system },
      { role: 'user', content: 'Hi' },
    ]);
    expect((await asked('gemini', { system })).body).toMatchObject({
      systemInstruction: { parts: [{ text: system }] },
    });
  });

  test('as blocks', async () => {
    expect((await asked('openaiold', { system: blocks })).body.messages).toEqual([
      { role: 'system', content: 'Be brief.\n\nBe kind.' },
      { role: 'user', content: 'Hi' },
    ]);
    const { systemInstruction } = (await asked('gemini', { system: blocks })).body;
    expect(systemInstruction).toMatchObject({ parts: [{ text: 'Be brief.' }, { text: 'Be kind.' }] });
  });
});

const schema = {
  type: 'object',
  properties: { city: { type: 'string', description: 'Where' }, days: { type: 'integer', format: 'int32' } },
  required: ['city'],
};

describe('D10 tools', () => {
  const noisy = { $schema: 'http://json-schema.org/draft-07/schema#', ...schema, additionalProperties: false };
  const claudeShape = { name: 'get_weather', description: 'The weather', input_schema: noisy };
  const openaiShape = {
    type: 'function',
    function: { name: 'get_weather', description: 'The weather', parameters: noisy },
  };

  test.each([
    ['Claude’s', claudeShape],
    ['OpenAI’s, as the predecessor’s sample has it', openaiShape],
  ])('in %s shape are functions to OpenAI and Gemini', async (_whose, tool) => {
    const { tools } = (await asked('openai', { tools: [tool] })).body;
    expect(tools).toMatchObject([
      { type: 'function', function: { name: 'get_weather', description: 'The weather', parameters: schema } },
    ]);
    const declared = (await asked('gemini', { tools: [tool] })).body.tools;
    expect(declared).toMatchObject([
      { functionDeclarations: [{ name: 'get_weather', description: 'The weather', parameters: {} }] },
    ]);
    expect(JSON.stringify(declared)).not.toContain('$schema');
  });

  test('in OpenAI’s shape are Claude’s own to Claude, and what is Claude’s own goes through as it is', async () => {
    const { tools } = (await asked('claude', { tools: [openaiShape] })).body;
    expect(tools).toEqual([claudeShape]);
    const kind = { type: 'object', properties: { kind: { enum: ['function', 'class'] } } };
    const own = [{ name: 'find', input_schema: kind, odd: 1 }];
    expect((await asked('claude', { tools: own })).body.tools).toEqual(own);
  });
});

const paris = { id: 'call_paris', name: 'get_weather', args: { city: 'Paris', days: 2 } };
const tokyo = { id: 'call_tokyo', name: 'get_weather', args: { city: '東京' } };
const tools = [{ name: 'get_weather', description: 'The weather', input_schema: schema as { type: 'object' } }];

describe('D11 two parallel tool calls come back', () => {
  test.each(serviceTypes)('from %s, whole and with their arguments in pieces', async (serviceType) => {
    const { client, post } = await claudeGateway(serviceType, { calls: [paris, tokyo] });
    const asking = { ...question, tools };
    const blocks = [paris, tokyo].map(({ id, name, args }) => ({ type: 'tool_use', id, name, input: args }));
    const whole = await client.messages.create(asking);
    expect([whole.stop_reason, whole.content]).toMatchObject(['tool_use', blocks]);
    const streamed = await client.messages.stream(asking).finalMessage();
    expect([streamed.stop_reason, streamed.content]).toMatchObject(['tool_use', blocks]);
    const text = await (await post({ ...asking, stream: true })).text();
    expect(text).toContain('"type":"input_json_delta"');
  });
});

describe('D12 tool results go in', () => {
  const turns = [
    { role: 'user', content: 'The weather?' },
    {
      role: 'assistant',
      content: [paris, tokyo].map(({ id, name, args }) => ({ type: 'tool_use', id, name, input: args })),
    },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: paris.id, content: 'Sunny' },
        {
          type: 'tool_result',
          tool_use_id: tokyo.id,
          is_error: true,
          content: [
            { type: 'text', text: 'No such' },
            { type: 'text', text: 'city' },
          ],
        },
        { type: 'text', text: 'And now?' },
      ],
    },
  ];

  test('as messages of role tool, in their order, right behind the calls', async () => {
    const { messages } = (await asked('openai', { tools, messages: turns })).body;
    expect(messages).toMatchObject([
      { role: 'user', content: 'The weather?' },
      {
        role: 'assistant',
        tool_calls: [paris, tokyo].map(({ id, name, args }) => ({
          id,
          type: 'function',
          function: { name, arguments: JSON.stringify(args) },
        })),
      },
      { role: 'tool', tool_call_id: paris.id, content: 'Sunny' },
      { role: 'tool', tool_call_id: tokyo.id, content: expect.stringMatching(/No such\s+city/) as string },
      { role: 'user', content: 'And now?' },
    ]);
  });

  test('as functionResponse parts, in their order, an error as one', async () => {
    const { contents } = (await asked('gemini', { tools, messages: turns })).body;
    expect(contents).toMatchObject([
      { role: 'user', parts: [{ text: 'The weather?' }] },
      { role: 'model', parts: [paris, tokyo].map(({ name, args }) => ({ functionCall: { name, args } })) },
      {
        role: 'user',
        parts: [
          { functionResponse: { name: paris.name, response: { output: 'Sunny' } } },
          {
            functionResponse: {
              name: tokyo.name,
              response: { error: expect.stringMatching(/No such\s+city/) as string },
            },
          },
          { text: 'And now?' },
        ],
      },
    ]);
  });
});

describe('D13 images, sampling, stops and tool choice', () => {
  const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
  const picture = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: pixel } };
  const messages = [{ role: 'user', content: [picture, { type: 'text', text: 'What is it?' }] }];
  const sampling = { temperature: 0.5, top_p: 0.9, top_k: 7, stop_sequences: ['END', 'STOP'] };

  test.each(['openai', 'openaiold', 'custom'] as const)('%s', async (serviceType) => {
    const { body, notices } = await asked(serviceType, { model: 'gpt-4.1', messages, ...sampling });
    expect(body).toMatchObject({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image_url', image_url: { url: `data:image/png;base64,${pixel}` } },
            { type: 'text', text: 'What is it?' },
          ],
        },
      ],
      temperature: 0.5,
      top_p: 0.9,
      stop: ['END', 'STOP'],
    });
    // Chat has no such member, so the caller is told.
    expect(body).not.toHaveProperty('top_k');
    expect(notices).toContain('top_k');
  });

  test('gemini', async () => {
    const { body, notices } = await asked('gemini', { messages, ...sampling });
    expect(body).toMatchObject({
      contents: [
        { role: 'user', parts: [{ inlineData: { mimeType: 'image/png', data: pixel } }, { text: 'What is it?' }] },
      ],
      generationConfig: { temperature: 0.5, topP: 0.9, topK: 7, stopSequences: ['END', 'STOP'] },
    });
    expect(notices).toBeNull();
  });

  test.each([
    [{ type: 'auto' }, 'auto', 'AUTO'],
    [{ type: 'none' }, 'none', 'NONE'],
    [{ type: 'any' }, 'required', 'ANY'],
    [{ type: 'tool', name: 'get_weather' }, { type: 'function', function: { name: 'get_weather' } }, 'ANY'],
  ])('tool_choice %o', async (tool_choice, chat, mode) => {
    expect((await asked('openai', { model: 'gpt-4.1', tools, tool_choice })).body.tool_choice).toEqual(chat);
    expect((await asked('gemini', { tools, tool_choice })).body.toolConfig).toMatchObject({
      functionCallingConfig: { mode, ...('name' in tool_choice && { allowedFunctionNames: ['get_weather'] }) },
    });
  });
});

describe('D14 stop reasons', () => {
  const scripts: readonly (readonly [string, Script])[] = [
    ['end_turn', { text: ['x'] }],
    ['max_tokens', { text: ['x'], stop: 'length' }],
    ['tool_use', { calls: [paris] }],
  ];
  const rows = serviceTypes.flatMap((serviceType) => scripts.map((script) => [serviceType, ...script] as const));

  test.each([...rows, ['claude', 'stop_sequence', { text: ['x'], stop: 'sequence' }] as const])(
    'of %s: %s',
    async (serviceType, stop_reason, script) => {
      const { client } = await claudeGateway(serviceType, script);
      const asking = { ...question, tools, stop_sequences: ['END'] };
      const stop_sequence = stop_reason === 'stop_sequence' ? 'END' : null;
      expect(await client.messages.create(asking)).toMatchObject({ stop_reason, stop_sequence });
      expect(await client.messages.stream(asking).finalMessage()).toMatchObject({ stop_reason, stop_sequence });
    },
  );
});

describe('D15 usage', () => {
  test.each(serviceTypes)('of %s, whole and streamed', async (serviceType) => {
    const { client, seen } = await claudeGateway(serviceType, { text: ['x'], inputTokens: 123, outputTokens: 45 });
    const usage = { input_tokens: 123, output_tokens: 45 };
    expect((await client.messages.create(question)).usage).toMatchObject(usage);
    expect((await client.messages.stream(question).finalMessage()).usage).toMatchObject(usage);
    // Chat tells it in a stream only when asked.
    if (seen[1]?.url.endsWith('/chat/completions') === true)
      expect(seen[1].body).toMatchObject({ stream: true, stream_options: { include_usage: true } });
  });
});
