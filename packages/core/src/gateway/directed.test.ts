import { expect, test } from 'vitest';
import { Failure } from '../conversation/failure.ts';
import type { OutboundRequest, Transport } from '../ports.ts';
import { openai } from '../providers/openai.ts';
import { createGateway } from './create.ts';
import { checkedPath } from './directed.ts';
import type { Direction } from './direction.ts';

function gateway() {
  const sent: OutboundRequest[] = [];
  const transport: Transport = {
    send(request) {
      sent.push(request);
      const body = {
        start: (sink: { end(): void }) => (sink.end(), { resume: () => undefined, cancel: () => undefined }),
      };
      return Promise.resolve({ status: 200, headers: { 'content-type': 'text/plain' }, body });
    },
  };
  const upstreams = [upstreamAt('usual', 'https://usual.test')];
  const made = createGateway({ upstreams, ports: { transport } });
  const ask = (method: string, url: string, direction: Direction) =>
    made.handle({ method, url, headers: {}, signal: new AbortController().signal, direction });
  return { ask, sent };
}

function upstreamAt(name: string, baseUrl: string) {
  return { name, provider: openai, baseUrl, credentials: [{ id: name, secret: `${name}-key` }] };
}

test('a direction brings its own upstreams, and its other paths go there as they are', async () => {
  const { ask, sent } = gateway();
  const direction = { upstreams: [upstreamAt('own', 'https://own.test/v1')], otherPaths: 'openai-chat' };
  for (const method of ['GET', 'PUT', 'PATCH'])
    expect((await ask(method, '/v1/odd/1?a=b', direction)).status).toBe(200);
  expect((await ask('GET', '/v1/models', direction)).status).toBe(200);
  expect(sent.map(({ method, url }) => `${method} ${url}`)).toEqual([
    ...['GET', 'PUT', 'PATCH'].map((method) => `${method} https://own.test/v1/odd/1?a=b`),
    'GET https://own.test/v1/models',
  ]);
  for (const { headers } of sent) expect(headers.authorization).toBe('Bearer own-key');
});

test('without other paths, what is no door is none', async () => {
  const { ask, sent } = gateway();
  expect((await ask('GET', '/v1/odd/1', {})).status).toBe(404);
  expect((await ask('TRACE', '/v1/odd/1', { otherPaths: 'openai-chat' })).status).toBe(404);
  expect(sent).toEqual([]);
});

test('its callers are asked instead of the gateway’s, and a refusal is heard by everybody', async () => {
  const { ask, sent } = gateway();
  const callers = { open: false, find: () => undefined };
  expect((await ask('GET', '/v1/files', { callers })).status).toBe(401);
  const refusal = new Failure('billing', 'Not today.', { status: 402 });
  const refused = await ask('GET', '/v1/files', { refusal });
  expect(refused.body).toContain('Not today.');
  expect(sent).toEqual([]);
});

test.each(['/v1/a', '/v1/a%20b', '/v1/%E4%BD%A0', '/v1/a:b@c', '/v1//a', '/v1/...a', '/v1/a/'])(
  '%s may be sent on',
  (path) => {
    expect(checkedPath(path)).toBe(path);
  },
);

test.each([
  '/..',
  '/v1/../a',
  '/v1/./a',
  '/v1/%2e%2E/a',
  '/v1/.%2e/a',
  '/v1/a%2fb',
  '/v1/a%5Cb',
  '/v1/a\\b',
  '/v1/%00',
  '/v1/%zz',
  'v1',
])('%s may not', (path) => {
  expect(() => checkedPath(path)).toThrow(Failure);
});
