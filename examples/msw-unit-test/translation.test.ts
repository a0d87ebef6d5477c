import { readFile } from 'node:fs/promises';
import { anthropicMessages, geminiGenerate, translateRequest, type JsonObject } from '@proxy/core';
import { http, HttpResponse } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, beforeAll, expect, test } from 'vitest';

const url = 'https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash';
const fixture = (name: string) => readFile(new URL(`fixtures/${name}`, import.meta.url), 'utf8');

// Regular expressions, because msw would read `:generateContent` as the name of a path parameter.
const upstream = setupServer(
  http.post(/:generateContent$/, async () => HttpResponse.text(await fixture('weather.reply.json'))),
  http.post(/:streamGenerateContent$/, async () => HttpResponse.text(await fixture('weather.stream.sse'))),
);
beforeAll(() => upstream.listen({ onUnhandledFrame: 'error' }));
afterAll(() => upstream.close());

const request: JsonObject = {
  model: 'gemini-2.5-flash',
  max_tokens: 1000,
  messages: [{ role: 'user', content: 'How warm is it in Oslo?' }],
  tools: [
    {
      name: 'weather',
      description: 'The weather of a place',
      input_schema: { type: 'object', properties: { place: { type: 'string' } }, required: ['place'] },
    },
  ],
};

test('a Messages request becomes Gemini’s, and its call comes back as tool_use', async () => {
  const translated = translateRequest(request, { from: anthropicMessages, to: geminiGenerate });
  expect(translated.body).toMatchObject({
    contents: [{ role: 'user', parts: [{ text: 'How warm is it in Oslo?' }] }],
    generationConfig: { maxOutputTokens: 1000 },
    tools: [{ functionDeclarations: [{ name: 'weather' }] }],
  });
  expect(translated.notices).toEqual([]);

  const response = await fetch(`${url}:generateContent`, { method: 'POST', body: JSON.stringify(translated.body) });
  const reply = translated.reply((await response.json()) as JsonObject); // the fixture is an object
  expect(reply.notices).toEqual([]);
  expect(reply.body).toMatchObject({
    type: 'message',
    stop_reason: 'tool_use',
    content: [{ type: 'tool_use', name: 'weather', input: { place: 'Oslo' } }],
    usage: { input_tokens: 25, output_tokens: 8 },
  });
});

test('the same, streamed, however the bytes are cut', async () => {
  const translated = translateRequest({ ...request, stream: true }, { from: anthropicMessages, to: geminiGenerate });
  const response = await fetch(`${url}:streamGenerateContent`, {
    method: 'POST',
    body: JSON.stringify(translated.body),
  });
  const bytes = new Uint8Array(await response.arrayBuffer());
  const stream = translated.stream();
  let text = '';
  for (let at = 0; at < bytes.length; at += 10) text += String(stream.push(bytes.subarray(at, at + 10)));
  text += String(stream.end());
  expect(text).toContain('event: message_start');
  expect(text).toContain('"partial_json":"{\\"place\\":\\"Oslo\\"}"');
  expect(text.trimEnd().endsWith('data: {"type":"message_stop"}')).toBe(true);
});
