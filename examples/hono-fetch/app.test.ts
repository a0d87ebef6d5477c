import { http, HttpResponse } from 'msw';
import { setupServer } from 'msw/node';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { app } from './app.ts';

const upstream = setupServer();
beforeAll(() => upstream.listen({ onUnhandledFrame: 'error' }));
afterEach(() => upstream.resetHandlers());
afterAll(() => upstream.close());

const client = new OpenAI({
  baseURL: 'http://app.test/v1',
  apiKey: 'anything',
  fetch: async (url, init) => app.request(String(url), init),
});

test('a Chat client gets Claude’s answer', async () => {
  let asked: unknown;
  upstream.use(
    http.post('https://api.anthropic.com/v1/messages', async ({ request }) => {
      asked = await request.json();
      return HttpResponse.json({
        id: 'msg_1',
        type: 'message',
        role: 'assistant',
        model: 'claude-sonnet-4-5',
        content: [{ type: 'text', text: 'Bonjour' }],
        stop_reason: 'end_turn',
        stop_sequence: null,
        usage: { input_tokens: 12, output_tokens: 3 },
      });
    }),
  );
  const completion = await client.chat.completions.create({
    model: 'gpt-anything',
    messages: [
      { role: 'system', content: 'Answer in French.' },
      { role: 'user', content: 'Hello' },
    ],
  });
  expect(completion.choices[0]?.message.content).toBe('Bonjour');
  expect(completion.model).toBe('gpt-anything');
  expect(completion.usage).toMatchObject({ prompt_tokens: 12, completion_tokens: 3, total_tokens: 15 });
  expect(asked).toMatchObject({ model: 'claude-sonnet-4-5', messages: [{ role: 'user' }] });
});
