import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createApp } from './app.ts';

const servers: Server[] = [];
let appUrl = '';
let authorization: string | undefined;

/** A vendor that speaks Chat Completions and streams two words. */
const vendor = createServer((request, response) => {
  authorization = request.headers.authorization;
  request.resume().on('end', () => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const chunk = (delta: object, finish: string | null = null) =>
      `data: ${JSON.stringify({ id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
    response.end(
      chunk({ role: 'assistant', content: 'Hello ' }) +
        chunk({ content: 'world' }) +
        chunk({}, 'stop') +
        'data: [DONE]\n\n',
    );
  });
});

function listen(server: Server): Promise<string> {
  servers.push(server);
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)); // a TCP server has a port
  });
}

beforeAll(async () => {
  const app = createApp(`${await listen(vendor)}/v1`, 'vendor-secret');
  appUrl = await listen(createServer(app));
});

afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

test('the Anthropic SDK streams from a Chat vendor through the app', async () => {
  const client = new Anthropic({ baseURL: `${appUrl}/ai`, apiKey: 'anything' });
  const stream = client.messages.stream({
    model: 'some-model',
    max_tokens: 100,
    messages: [{ role: 'user', content: 'Hi' }],
  });
  expect(await stream.finalText()).toBe('Hello world');
  expect(authorization).toBe('Bearer vendor-secret');
});

test('the app’s own routes are left alone', async () => {
  expect(await (await fetch(`${appUrl}/hello`)).text()).toBe('Hello from the app.');
  expect((await fetch(`${appUrl}/nothing`)).status).toBe(404);
});
