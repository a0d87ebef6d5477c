import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import OpenAI from 'openai';
import { ResponsesWS } from 'openai/resources/responses/ws';
import { expect, test } from 'vitest';
import { visit } from './socket-upstream.ts';
import { folder, start, until } from './support.ts';
import { recordingUpstream } from './upstream.ts';

const recorded = (stem: string) =>
  readFileSync(new URL(`../../core/src/dialects/anthropic-messages/cases/${stem}.stream.sse`, import.meta.url));

interface Turn {
  readonly messages: readonly { readonly role: string; readonly content: unknown }[];
  readonly headers: Readonly<Record<string, unknown>>;
}

/** Claude, answering one turn after another. */
async function claude(...replies: readonly ((response: ServerResponse) => void)[]) {
  const turns: Turn[] = [];
  let gone = 0;
  const upstream = await recordingUpstream({
    listener(request, response) {
      const pieces: Buffer[] = [];
      response.on('close', () => (gone += response.writableFinished ? 0 : 1));
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        const body = JSON.parse(Buffer.concat(pieces).toString()) as Omit<Turn, 'headers'>;
        turns.push({ ...body, headers: request.headers });
        replies[turns.length - 1]?.(response);
      });
    },
  });
  return { url: upstream.url, turns, gone: () => gone };
}

const plays = (stem: string) => (response: ServerResponse) => {
  response.setHeader('content-type', 'text/event-stream');
  response.end(recorded(stem));
};

async function serverFor(upstream: { readonly url: string }, more = '') {
  const config = `
upstreams: [{ name: an, provider: anthropic, baseUrl: "${upstream.url}", apiKeys: [theirs] }]
accessKeys: [{ name: me, key: ours-0123456789 }]
${more}`;
  return start({ cwd: folder({ 'proxy.config.yaml': config }) });
}

const ours = {
  authorization: 'Bearer ours-0123456789',
  'openai-beta': 'responses_websockets=2026-02-06',
};
const weather = {
  type: 'function',
  name: 'get_weather',
  parameters: { type: 'object', properties: {} },
  strict: false,
};

type Headers = Readonly<Record<string, string>>;

interface Event {
  readonly type: string;
  readonly status?: number;
  readonly error?: { readonly code: string | null; readonly message: string };
  readonly headers?: Readonly<Record<string, string>>;
  readonly response?: {
    readonly id: string;
    readonly output: readonly { readonly type: string; readonly call_id: string }[];
  };
}

async function session(
  url: string,
  { query = '', protocols = [] as readonly string[], headers = ours as Headers } = {},
) {
  const client = visit(`${url}/v1/responses${query}`, protocols, headers);
  await client.opened();
  const events = () => client.texts().map((text) => JSON.parse(text) as Event);
  const last = async (type: string, count = 1) => {
    await until(`${type} came`, () => events().filter((event) => event.type === type).length >= count);
    return events().findLast((event) => event.type === type);
  };
  const create = (body: object) =>
    client.socket.send(JSON.stringify({ type: 'response.create', model: 'claude-x', store: false, ...body }));
  return { ...client, events, last, create };
}

test('the openai SDK’s ResponsesWS holds a tool conversation with Claude, sending only what is new', async () => {
  const upstream = await claude(plays('parallel-tools'), plays('plain-text'));
  const { url, log } = await serverFor(upstream);
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'ours-0123456789' });
  const ws = new ResponsesWS(client);
  const completed = () =>
    new Promise<OpenAI.Responses.Response>((resolve, reject) => {
      ws.once('error', reject);
      ws.once('response.completed', ({ response }) => resolve(response));
    });
  const deltas: string[] = [];
  ws.on('response.output_text.delta', ({ delta }) => deltas.push(delta));
  const common = { type: 'response.create' as const, model: 'claude-x', store: false, tools: [weather as never] };

  const first = completed();
  ws.send({ ...common, input: 'Weather?' });
  const called = await first;
  const calls = called.output.flatMap((item) => (item.type === 'function_call' ? [item] : []));
  expect(calls).toHaveLength(2);

  const second = completed();
  ws.send({
    ...common,
    previous_response_id: called.id,
    input: calls.map(({ call_id }) => ({ type: 'function_call_output' as const, call_id, output: 'Sunny' })),
  });
  const [said] = (await second).output;
  expect(said).toMatchObject({ type: 'message', content: [{ text: 'Hello! How can I help you today?' }] });
  expect(deltas.join('')).toContain('Hello! How can I help you today?');
  ws.close();

  expect(upstream.turns).toHaveLength(2);
  const [, again] = upstream.turns;
  expect(again?.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
  expect(JSON.stringify(again?.messages[1]).match(/"tool_use"/g)).toHaveLength(2);
  expect(JSON.stringify(again?.messages[2]).match(/"tool_result"/g)).toHaveLength(2);
  await until('both are on record', () => log.lines.join('').split('openai-responses claude-x').length === 3);
});

test('CX5 a prewarm generates nothing, and the next request goes on from it', async () => {
  const upstream = await claude(plays('plain-text'));
  const { url } = await serverFor(upstream);
  const { create, last } = await session(url);
  create({ generate: false, input: [{ role: 'user', content: 'Remember me.' }] });
  const warm = await last('response.completed');
  expect(upstream.turns).toHaveLength(0);
  create({ previous_response_id: warm?.response?.id, input: [{ role: 'user', content: 'Hi' }] });
  await last('response.completed', 2);
  expect(JSON.stringify(upstream.turns[0]?.messages)).toMatch(/Remember me\..*Hi/);
  expect(JSON.stringify(upstream.turns[0]?.headers)).not.toContain('responses_websockets');
});

test('what goes wrong is a message, and the connection goes on', async () => {
  const refuses = (response: ServerResponse) =>
    response
      .writeHead(429, { 'content-type': 'application/json', 'retry-after': '9' })
      .end('{"type":"error","error":{"type":"rate_limit_error","message":"Slow down."}}');
  const upstream = await claude(refuses, plays('plain-text'));
  const { url } = await serverFor(upstream);
  const { socket, create, last, events } = await session(url);
  socket.send('rubbish');
  expect((await last('error'))?.status).toBe(400);
  socket.send('{"type":"response.steer"}');
  expect((await last('error', 2))?.error?.message).toContain('response.create');
  create({ previous_response_id: 'resp_elsewhere', input: 'Hi' });
  expect((await last('error', 3))?.error?.code).toBe('previous_response_not_found');
  create({ input: 'Hi' });
  expect(await last('error', 4)).toMatchObject({ status: 429, headers: { 'retry-after': '9' } });
  expect(upstream.turns).toHaveLength(1);
  expect(events()).toHaveLength(4);
});

test('one response at a time; a caller that leaves takes the running one along', async () => {
  const begins = (response: ServerResponse) => {
    response.setHeader('content-type', 'text/event-stream');
    const head = recorded('plain-text').toString();
    response.write(head.slice(0, head.indexOf('event: message_delta')));
  };
  const upstream = await claude(begins);
  const { url } = await serverFor(upstream);
  const { socket, create, last } = await session(url);
  create({ input: 'Hi' });
  await last('response.created');
  create({ input: 'Hi again' });
  expect((await last('error'))?.status).toBe(409);
  socket.terminate();
  await until('the upstream hears', () => upstream.gone() === 1);
  expect(upstream.turns).toHaveLength(1);
});

test.each([
  ['the query', { query: '?key=ours-0123456789', headers: {} }],
  ['a subprotocol', { protocols: ['realtime', 'openai-insecure-api-key.ours-0123456789'], headers: {} }],
  ['x-api-key', { headers: { 'x-api-key': 'ours-0123456789' } }],
])('an access key shown by %s is known at every turn, and to no upstream', async (_, shown) => {
  const upstream = await claude(plays('plain-text'), plays('plain-text'));
  const { url } = await serverFor(upstream);
  const { create, last } = await session(url, shown);
  create({ input: 'Hi' });
  await last('response.completed');
  create({ input: 'Hi again' });
  await last('response.completed', 2);
  expect(JSON.stringify(upstream.turns)).not.toContain('ours-0123456789');
});

test('CX5 switched off: 426; a wrong key: 401', async () => {
  const upstream = await claude();
  const off = await serverFor(upstream, 'websockets: { responses: false }');
  expect((await visit(`${off.url}/v1/responses`, [], ours).refused()).status).toBe(426);
  const on = await serverFor(upstream);
  expect((await visit(`${on.url}/v1/responses`, [], { authorization: 'Bearer wrong' }).refused()).status).toBe(401);
});

test('a server that stops lets the response end, then says 1001', async () => {
  let finish = () => undefined as void;
  const slowly = (response: ServerResponse) => {
    response.setHeader('content-type', 'text/event-stream');
    const whole = recorded('plain-text').toString();
    const cut = whole.indexOf('event: message_delta');
    response.write(whole.slice(0, cut));
    finish = () => void response.end(whole.slice(cut));
  };
  const upstream = await claude(slowly);
  const server = await serverFor(upstream);
  const { create, last, closed, events } = await session(server.url);
  create({ input: 'Hi' });
  await last('response.created');
  const closing = server.close();
  finish();
  expect((await closed()).code).toBe(1001);
  expect(events().at(-1)?.type).toBe('response.completed');
  await closing;
});

test('a turn tells its request id, and what was left out of its request, in the headers of its first event; a refusal in its own', async () => {
  const upstream = await claude(plays('plain-text'), plays('plain-text'), (response) => {
    response.writeHead(400, { 'content-type': 'application/json' });
    response.end('{"type":"error","error":{"type":"invalid_request_error","message":"No."}}');
  });
  const { url, log } = await serverFor(upstream);
  const { create, events, last, closed, socket } = await session(url);
  create({ input: 'Hi', user: 'me', top_logprobs: 3 });
  await last('response.completed');
  create({ input: 'Hi again' });
  await last('response.completed', 2);
  create({ input: 'And again' });
  await last('error');
  socket.close();
  await closed();

  const told = events().filter(({ headers }) => headers !== undefined);
  expect(told.map(({ type }) => type)).toEqual(['response.created', 'response.created', 'error']);
  expect(told[0]?.headers?.['x-proxy-notices']).toContain('top_logprobs');
  log.flush();
  const recorded = log.lines.join('').trimEnd().split('\n').map((line) => JSON.parse(line) as { requestId?: string }).flatMap(({ requestId }) => requestId ?? []); // prettier-ignore
  expect(told.map(({ headers }) => headers?.['x-proxy-request-id'])).toEqual(recorded);
  expect(new Set(recorded).size).toBe(3);
});
