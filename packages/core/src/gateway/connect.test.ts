import { expect, test } from 'vitest';
import { Failure } from '../conversation/failure.ts';
import { memoryCallers, memoryLedger } from '../memory.ts';
import type { OutboundSocket, Transport } from '../ports.ts';
import { anthropic, azure, openai } from '../providers/registry.ts';
import { FakeSocket } from '../testing/fake-socket.ts';
import { createGateway } from './create.ts';
import type { GatewayOptions, Upstream } from './gateway.ts';
import type { AcceptedSocket, HttpAnswer } from './http.ts';

const notUsed: Transport['send'] = () => Promise.reject(new Failure('bad-upstream', 'Nobody asked for that.'));

/** Opens every socket that is asked for. */
function opening(protocol?: string) {
  const asked: OutboundSocket[] = [];
  const upstreams: FakeSocket[] = [];
  const transport: Transport = {
    send: notUsed,
    async open(request) {
      asked.push(request);
      const socket = new FakeSocket();
      upstreams.push(socket);
      return { socket, ...(protocol !== undefined && { protocol }) };
    },
  };
  return { transport, asked, upstreams };
}

const vendor = (given: Partial<Upstream> = {}): Upstream => ({
  name: 'oa',
  provider: openai,
  baseUrl: 'https://up.test/v1',
  credentials: [{ id: 'a', secret: 'secret-a' }],
  ...given,
});

function gatewayOf(transport: Transport, given: Partial<Omit<GatewayOptions, 'ports'>> = {}) {
  const ledger = memoryLedger();
  const callers = memoryCallers([{ id: 'me', accessKey: 'ours' }]);
  const gateway = createGateway({ upstreams: [vendor()], ...given, ports: { transport, ledger, callers } });
  const connect = (url: string, headers: Record<string, string> = { authorization: 'Bearer ours' }) =>
    gateway.connect({ method: 'GET', url, headers, signal: new AbortController().signal });
  return { connect, ledger, gateway };
}

function accepted(answer: HttpAnswer | AcceptedSocket): AcceptedSocket {
  if (!('open' in answer)) throw new Error(`Refused: ${answer.status} ${String(answer.body)}`);
  return answer;
}

async function session(transport: ReturnType<typeof opening>) {
  const { connect, ledger } = gatewayOf(transport.transport);
  const client = new FakeSocket();
  const running = accepted(await connect('/v1/realtime?model=gpt-realtime')).open(client);
  const [upstream] = transport.upstreams;
  if (!upstream) throw new Error('No socket was opened.');
  return { client, upstream, running, ledger };
}

test('frames pass both ways; whoever is full makes the other side wait', async () => {
  const { client, upstream } = await session(opening());
  client.say('up');
  upstream.say('down');
  expect([upstream.sent, client.sent]).toEqual([['up'], ['down']]);

  upstream.room = false;
  client.say('more');
  expect(client.paused).toBe(true);
  client.room = false;
  upstream.say('more');
  expect(upstream.paused).toBe(true);
  upstream.listener?.drained();
  client.listener?.drained();
  expect([client.paused, upstream.paused]).toEqual([false, false]);
});

test('whichever side closes takes the other along, by a code that may be sent', async () => {
  const table = [
    { from: 'client', code: 4000, passed: [4000, 'x'] },
    { from: 'client', code: 1005, passed: [undefined, undefined] },
    { from: 'client', code: 1006, passed: [1001, 'The caller went away.'] },
    { from: 'upstream', code: 1013, passed: [1013, 'x'] },
    { from: 'upstream', code: 1006, passed: [1011, 'The upstream broke the connection off.'] },
    { from: 'upstream', code: 1015, passed: [1011, 'The upstream broke the connection off.'] },
  ] as const;
  for (const { from, code, passed } of table) {
    const { client, upstream } = await session(opening());
    const [first, second] = from === 'client' ? [client, upstream] : [upstream, client];
    first.leave(code, 'x');
    expect(second.closes, `${from} ${code}`).toEqual([passed]);
  }
});

test('the books are closed once, with the usage of all responses', async () => {
  const { client, upstream, ledger } = await session(opening());
  const done = (input: number) => ({
    type: 'response.done',
    response: { usage: { input_tokens: input, output_tokens: 1 } },
  });
  upstream.say(done(10));
  upstream.say(done(20));
  client.leave(1000);
  upstream.leave(1000);
  await Promise.resolve();
  await new Promise((resolve) => setTimeout(resolve, 0));
  expect(ledger.records()).toHaveLength(1);
  expect(ledger.records()[0]).toMatchObject({
    status: 101,
    callerId: 'me',
    usage: { inputTokens: 30, outputTokens: 2 },
  });
});

test('drain waits for the response that runs', async () => {
  const { client, upstream, running } = await session(opening());
  upstream.say({ type: 'response.created', response: {} });
  running.drain();
  expect(client.closes).toEqual([]);
  upstream.say({ type: 'response.done', response: {} });
  expect(client.closes).toEqual([[1001, 'The server is shutting down.']]);
});

test('no socket is opened for whoever may not have one', async () => {
  const { transport, asked } = opening();
  const { connect } = gatewayOf(transport);
  expect(await connect('/v1/realtime?model=gpt-realtime', {})).toMatchObject({ status: 401 });
  expect(await connect('/v1/nothing')).toMatchObject({ status: 404 });
  const elsewhere = gatewayOf(transport, { upstreams: [vendor({ provider: anthropic })] });
  expect(await elsewhere.connect('/v1/realtime?model=x')).toMatchObject({ status: 404 });
  expect(await elsewhere.connect(`/v1/realtime?model=${'x'.repeat(4097)}`)).toMatchObject({ status: 400 });
  expect(asked).toHaveLength(0);
});

test('a handshake that the caller does not see through closes the upstream', async () => {
  const { transport, upstreams } = opening();
  const { connect, ledger } = gatewayOf(transport);
  accepted(await connect('/v1/realtime?model=gpt-realtime')).open(undefined);
  expect(upstreams[0]?.closes).toEqual([[1001, 'The caller went away.']]);
  await new Promise((resolve) => setTimeout(resolve, 0));
  expect(ledger.records()[0]?.failure?.kind).toBe('client-gone');
});

test('a runtime that opens no WebSocket says 426, and so does a plain request', async () => {
  const { connect, gateway } = gatewayOf({ send: notUsed });
  expect(await connect('/v1/realtime?model=gpt-realtime')).toMatchObject({ status: 426 });
  const plain = new Request('https://us.test/v1/realtime?model=x', { headers: { authorization: 'Bearer ours' } });
  expect((await gateway.fetch(plain)).status).toBe(426);
});

test('CX5 Responses over WebSockets: accepted, or where it is switched off a 426, at which Codex goes on over HTTP', async () => {
  const on = gatewayOf(opening().transport);
  accepted(await on.connect('/v1/responses')).open(undefined);
  const off = gatewayOf(opening().transport, { sockets: { responses: false } });
  const answer = await off.connect('/v1/responses');
  expect(answer).toMatchObject({ status: 426 });
  expect(JSON.parse(String((answer as HttpAnswer).body))).toMatchObject({
    error: { message: expect.stringContaining('POST /v1/responses') },
  }); // refused, so no socket
});

test('the subprotocol: the upstream’s choice, else realtime; the key is no protocol', async () => {
  const offered = { 'sec-websocket-protocol': 'a, realtime, openai-insecure-api-key.ours' };
  const chosen = opening('a');
  expect(accepted(await gatewayOf(chosen.transport).connect('/v1/realtime?model=m', offered)).protocol).toBe('a');
  expect(chosen.asked[0]?.protocols).toEqual(['a', 'realtime']);
  expect(accepted(await gatewayOf(opening().transport).connect('/v1/realtime?model=m', offered)).protocol).toBe(
    'realtime',
  );
});

test('Azure: the deployment is the model of v1, and has a name of its own on the classic surface', async () => {
  const where = async (settings: Record<string, string>) => {
    const { transport, asked } = opening();
    const upstreams = [vendor({ provider: azure, baseUrl: 'https://r.openai.azure.com', settings })];
    await gatewayOf(transport, { upstreams }).connect('/v1/realtime?model=gpt-realtime&api-version=x');
    return asked[0]?.url;
  };
  expect(await where({})).toBe('https://r.openai.azure.com/openai/v1/realtime?model=gpt-realtime');
  expect(await where({ apiVersion: '2025-04-01-preview' })).toBe(
    'https://r.openai.azure.com/openai/realtime?api-version=2025-04-01-preview&deployment=gpt-realtime',
  );
});
