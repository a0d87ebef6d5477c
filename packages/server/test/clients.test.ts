import Anthropic from '@anthropic-ai/sdk';
import { FunctionCallingConfigMode, GoogleGenAI, type Content, type FunctionCall, type Part } from '@google/genai';
import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { start } from './support.ts';

// The vendors' own SDKs against the demo upstream over a real socket: each asks, gets two tool calls, and answers them.
const question = 'What is the weather in Paris and Tokyo?';
const parameters = {
  type: 'object' as const,
  properties: { city: { type: 'string' as const }, unit: { type: 'string' as const, enum: ['celsius', 'fahrenheit'] } },
  required: ['city', 'unit'],
};
const description = 'The weather in a city';
const weatherIn = (city: unknown) => `Sunny in ${String(city)}`;
const bothCities = [
  { city: 'Paris', unit: 'celsius' },
  { city: 'Tokyo', unit: 'celsius' },
];

describe('a streamed two-step tool conversation', () => {
  test('openai, Chat Completions', async () => {
    const { url } = await start();
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any', maxRetries: 0 });
    const tools = [{ type: 'function' as const, function: { name: 'get_weather', description, parameters } }];
    const asked = [{ role: 'user' as const, content: question }];
    const first = await client.chat.completions.stream({ model: 'demo', messages: asked, tools }).finalChatCompletion();
    const choice = first.choices[0];
    expect(choice?.finish_reason).toBe('tool_calls');
    const calls = (choice?.message.tool_calls ?? []).flatMap((call) => (call.type === 'function' ? [call] : []));
    expect(calls.map((call) => JSON.parse(call.function.arguments) as unknown)).toEqual(bothCities);

    const stream = client.chat.completions.stream({
      model: 'demo',
      tools,
      stream_options: { include_usage: true },
      messages: [
        ...asked,
        { role: 'assistant', content: null, tool_calls: calls },
        ...calls.map((call) => ({
          role: 'tool' as const,
          tool_call_id: call.id,
          content: weatherIn((JSON.parse(call.function.arguments) as { city: string }).city),
        })),
      ],
    });
    const deltas: string[] = [];
    stream.on('content', (delta) => deltas.push(delta));
    const second = await stream.finalChatCompletion();
    expect(second.choices[0]?.message.content).toContain('get_weather says: Sunny in Tokyo');
    expect(deltas.length).toBeGreaterThan(5);
    expect(second.usage?.completion_tokens).toBe(deltas.length);
  });

  test('openai, Responses', async () => {
    const { url } = await start();
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any', maxRetries: 0 });
    const tools = [{ type: 'function' as const, name: 'get_weather', description, parameters, strict: false }];
    const asked = { role: 'user' as const, content: question };
    const first = await client.responses.stream({ model: 'demo', input: [asked], tools }).finalResponse();
    const calls = first.output.flatMap((item) => (item.type === 'function_call' ? [item] : []));
    expect(calls.map((call) => JSON.parse(call.arguments) as unknown)).toEqual(bothCities);

    const outputs = calls.map((call) => ({
      type: 'function_call_output' as const,
      call_id: call.call_id,
      output: weatherIn((JSON.parse(call.arguments) as { city: string }).city),
    }));
    const replayed = calls.map(({ type, call_id, name, arguments: args }) => ({
      type,
      call_id,
      name,
      arguments: args,
    }));
    const second = await client.responses
      .stream({ model: 'demo', input: [asked, ...replayed, ...outputs], tools })
      .finalResponse();
    expect(second.status).toBe('completed');
    expect(second.output_text).toContain('get_weather says: Sunny in Paris');
    expect(second.usage?.output_tokens).toBeGreaterThan(5);
  });

  test('@anthropic-ai/sdk', async () => {
    const { url } = await start();
    const client = new Anthropic({ baseURL: url, apiKey: 'any', maxRetries: 0 });
    const tools = [{ name: 'get_weather', description, input_schema: parameters }];
    const asked = { role: 'user' as const, content: question };
    const common = { model: 'claude-sonnet-5-5', max_tokens: 500, tools };
    const first = await client.messages.stream({ ...common, messages: [asked] }).finalMessage();
    expect(first.stop_reason).toBe('tool_use');
    const calls = first.content.flatMap((block) => (block.type === 'tool_use' ? [block] : []));
    expect(calls.map((call) => call.input)).toEqual(bothCities);

    const results = calls.map((call) => ({
      type: 'tool_result' as const,
      tool_use_id: call.id,
      content: weatherIn((call.input as { city: string }).city),
    }));
    const stream = client.messages.stream({
      ...common,
      messages: [asked, { role: 'assistant', content: first.content }, { role: 'user', content: results }],
    });
    let deltas = 0;
    stream.on('text', () => (deltas += 1));
    const second = await stream.finalMessage();
    expect(second.stop_reason).toBe('end_turn');
    expect(second.content[0]).toMatchObject({
      type: 'text',
      text: expect.stringContaining('Sunny in Tokyo') as string,
    });
    expect(deltas).toBeGreaterThan(5);
    expect(second.usage.output_tokens).toBe(deltas);
  });

  test('@google/genai', async () => {
    const { url } = await start();
    const client = new GoogleGenAI({ apiKey: 'any', httpOptions: { baseUrl: url } });
    const config = {
      tools: [{ functionDeclarations: [{ name: 'get_weather', description, parametersJsonSchema: parameters }] }],
      toolConfig: { functionCallingConfig: { mode: FunctionCallingConfigMode.AUTO } },
    };
    const asked: Content = { role: 'user', parts: [{ text: question }] };
    const calls: FunctionCall[] = [];
    const said: Part[] = [];
    for await (const chunk of await client.models.generateContentStream({ model: 'demo', contents: [asked], config })) {
      calls.push(...(chunk.functionCalls ?? []));
      said.push(...(chunk.candidates?.[0]?.content?.parts ?? []));
    }
    expect(calls.map((call) => call.args)).toEqual(bothCities);

    const results: Part[] = calls.map(({ id, name, args }) => ({
      functionResponse: { ...(id && { id }), ...(name && { name }), response: { output: weatherIn(args?.city) } },
    }));
    let text = '';
    let finish: string | undefined;
    let tokens = 0;
    const contents = [asked, { role: 'model', parts: said }, { role: 'user', parts: results }];
    for await (const chunk of await client.models.generateContentStream({ model: 'demo', contents, config })) {
      text += chunk.text ?? '';
      finish = chunk.candidates?.[0]?.finishReason ?? finish;
      tokens = chunk.usageMetadata?.candidatesTokenCount ?? tokens;
    }
    expect(text).toContain('Sunny in Paris');
    expect(finish).toBe('STOP');
    expect(tokens).toBeGreaterThan(5);
  });
});

test('structured output, reasoning and an image reach the demo model through a foreign dialect', async () => {
  const { url } = await start();
  const client = new Anthropic({ baseURL: url, apiKey: 'any', maxRetries: 0 });
  const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
  const seen = await client.messages.create({
    model: 'demo',
    max_tokens: 2000,
    thinking: { type: 'adaptive' },
    output_config: { effort: 'high' },
    messages: [
      {
        role: 'user',
        content: [
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: pixel } },
          { type: 'text', text: 'What is this?' },
        ],
      },
    ],
  });
  expect(seen.content.map(({ type }) => type)).toEqual(['thinking', 'text']);
  expect(seen.content[1]).toMatchObject({ text: 'The image is image/png, 1 x 1 pixels, 70 bytes.' });

  const schema = {
    type: 'object',
    properties: { answer: { type: 'integer' } },
    required: ['answer'],
    additionalProperties: false,
  };
  const structured = await client.messages.create({
    model: 'demo',
    max_tokens: 200,
    output_config: { format: { type: 'json_schema', schema } },
    messages: [{ role: 'user', content: 'Is it 42?' }],
  });
  expect(structured.content).toMatchObject([{ type: 'text', text: '{"answer":42}' }]);
});
