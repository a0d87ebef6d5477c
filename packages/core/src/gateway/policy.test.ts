import { describe, expect, test } from 'vitest';
import { Failure } from '../conversation/failure.ts';
import type { Dialect, Door } from '../dialects/dialect.ts';
import * as registry from '../dialects/registry.ts';
import { memoryCallers, memoryLedger } from '../memory.ts';
import { isSource, type Sink, type Transport } from '../ports.ts';
import { anthropic, bedrock, gemini, openai, openaiCompatible } from '../providers/registry.ts';
import { FakeSocket } from '../testing/fake-socket.ts';
import { createGateway } from './create.ts';
import type { AcceptedSocket, HttpAnswer, HttpRequest } from './http.ts';
import type { Policy, Visit } from './policy.ts';
import type { Queue } from './queue.ts';

/** Must-show 2 of issue 4: every policy sees every door. */

const key = { id: 'a', secret: 'secret-a' };
const shared = { credentials: [key], models: ['m'] };
const upstreams = [
  { name: 'oa', provider: openai, ...shared },
  { name: 'oc', provider: openaiCompatible, baseUrl: 'https://oc.test/v1', ...shared },
  { name: 'an', provider: anthropic, ...shared },
  { name: 'ge', provider: gemini, ...shared },
  { name: 'br', provider: bedrock, settings: { region: 'us-east-1' }, ...shared },
];

/** Counts what is asked of it, by stage and operation. */
function spy(refuse: { readonly admit?: boolean; readonly inspect?: boolean } = {}) {
  const seen: string[] = [];
  const refusals: { readonly visit: Visit; readonly failure: Failure }[] = [];
  const ends: string[] = [];
  const no = () => {
    throw new Failure('forbidden', 'Not here.');
  };
  const policy: Policy = {
    name: 'spy',
    admit(visit) {
      seen.push(`admit ${visit.operation ?? '-'}`);
      if (refuse.admit) no();
    },
    inspect(visit, inbound) {
      seen.push(`inspect ${visit.operation ?? '-'} ${visit.caller.id} ${inbound.glance.model}`.trim());
      if (refuse.inspect) no();
    },
    over: ({ requestId }) => void ends.push(requestId),
    refused: (visit, failure) => void refusals.push({ visit, failure }),
  };
  return { policy, seen, refusals, ends };
}

function gatewayWith(policy: Policy, reply: (url: string) => string = () => '{}', queue?: Queue) {
  const sent: string[] = [];
  const sockets: FakeSocket[] = [];
  const transport: Transport = {
    async send({ url }) {
      sent.push(url);
      const text = reply(url);
      return {
        status: 200,
        headers: { 'content-type': text.startsWith('data:') ? 'text/event-stream' : 'application/json' },
        body: {
          start(sink) {
            sink.write(new TextEncoder().encode(text));
            sink.end();
            return { resume: () => undefined, cancel: () => undefined };
          },
        },
      };
    },
    async open({ url }) {
      sent.push(url);
      const socket = new FakeSocket();
      sockets.push(socket);
      return { socket };
    },
  };
  const ledger = memoryLedger();
  const callers = memoryCallers([{ id: 'me', accessKey: 'ours' }]);
  const ports = { transport, ledger, callers };
  const gateway = createGateway({ upstreams, policies: [policy], ...(queue && { queue }), ports });
  return { gateway, sent, sockets, ledger };
}

interface Way {
  readonly dialect: Dialect;
  readonly door: Door;
}

const ways: readonly Way[] = Object.values(registry).flatMap((dialect) =>
  dialect.doors.map((door) => ({ dialect, door })),
);
const homes: Readonly<Record<string, string>> = {
  'openai-chat': 'oa/m',
  'openai-responses': 'oa/m',
  'anthropic-messages': 'an/m',
  'gemini-generate': 'ge/m',
  'bedrock-converse': 'br/m',
};

function modelOf({ dialect, door: { operation } }: Way): string {
  if (operation === 'get-model') return 'm';
  return operation === 'rerank' ? 'oc/m' : (homes[dialect.name] ?? ''); // OpenAI itself reranks nothing
}

/** A request that knocks at this door and passes every stage. */
function knock(way: Way): HttpRequest {
  const { dialect, door } = way;
  const model = modelOf(way);
  const form = door.relay?.form === 'only';
  const text = form
    ? `--b\r\ncontent-disposition: form-data; name="model"\r\n\r\n${model}\r\n--b--\r\n`
    : JSON.stringify({
        model,
        max_tokens: 9,
        messages: [{ role: 'user', content: dialect.name === 'bedrock-converse' ? [{ text: 'Hi' }] : 'Hi' }],
        input: 'Hi',
        contents: [{ role: 'user', parts: [{ text: 'Hi' }] }],
        content: { parts: [{ text: 'Hi' }] },
      });
  const url =
    door.path.replace('{model}', model).replace(/\{\w+\}/g, 'x') +
    (door.operation === 'realtime' ? `?model=${model}` : '');
  return {
    method: door.method,
    url,
    headers: {
      ...(dialect.name === 'gemini-generate' ? { 'x-goog-api-key': 'ours' } : { authorization: 'Bearer ours' }),
      ...(dialect.name === 'anthropic-messages' && { 'anthropic-version': '2023-06-01' }),
      'content-type': form ? 'multipart/form-data; boundary=b' : 'application/json',
      ...(door.relay?.model === 'none' && { 'x-proxy-upstream': 'oa' }),
    },
    ...(door.method === 'POST' && { body: new TextEncoder().encode(text) }),
    signal: new AbortController().signal,
    address: '192.0.2.7',
  };
}

/** The handshake for a socket's door, else the request; a session is begun by its first message. */
async function visitDoor(gateway: ReturnType<typeof createGateway>, way: Way): Promise<HttpAnswer | FakeSocket> {
  const asked = way.door.socket ? await gateway.connect(knock(way)) : await gateway.handle(knock(way));
  if (!('open' in asked)) return asked;
  const client = new FakeSocket();
  (asked as AcceptedSocket).open(client);
  if (way.door.operation === 'live') client.say({ setup: { model: 'models/ge/m' } });
  if (way.door.operation === 'respond') client.say({ type: 'response.create', model: 'oa/m', input: 'Hi' });
  await settled();
  return client;
}

const nobody: Sink = { write: () => false, end: () => undefined, fail: () => undefined };
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));
const title = ({ dialect, door }: Way) => `${dialect.name} ${door.method} ${door.path}`;
/** Nothing is asked for there that could be looked into. */
const listsOnly = ({ door: { operation } }: Way) => operation === 'list-models' || operation === 'get-model';

describe('every policy sees every door', () => {
  test.each(ways.map((way) => [title(way), way] as const))('%s', async (_title, way) => {
    const { operation } = way.door;
    const { policy, seen, refusals, ends } = spy();
    const { gateway, ledger } = gatewayWith(policy);
    const answer = await visitDoor(gateway, way);
    const model = way.door.relay?.model === 'none' ? '' : modelOf(way);
    const inspected = (name: string) => `inspect ${name} me ${model}`.trim();
    const turn = operation === 'respond' ? ['admit generate', inspected('generate')] : [inspected(operation)];
    expect(seen).toEqual([`admit ${operation}`, ...(listsOnly(way) ? [] : turn)]);
    expect(refusals).toEqual([]);
    if (answer instanceof FakeSocket) answer.leave();
    else if (isSource(answer.body)) answer.body.start(nobody).cancel();
    await settled();
    const inspectedCalls = listsOnly(way) ? [] : ledger.records();
    expect(ends).toEqual(inspectedCalls.map(({ requestId }) => requestId));
  });

  test.each(ways.map((way) => [title(way), way] as const))('and can shut it: %s', async (_title, way) => {
    const closed = spy({ admit: true });
    const shut = gatewayWith(closed.policy);
    const answer = await visitDoor(shut.gateway, way);
    expect(answer).toMatchObject({ status: 403 });
    expect(shut.sent).toEqual([]);
    expect(closed.refusals.map(({ visit, failure }) => [visit.operation, failure.kind])).toEqual([
      [way.door.operation, 'forbidden'],
    ]);
    expect(shut.ledger.records()).toHaveLength(1);

    if (listsOnly(way)) return;
    const strict = spy({ inspect: true });
    const looked = gatewayWith(strict.policy);
    const refused = await visitDoor(looked.gateway, way);
    if (refused instanceof FakeSocket) expect(JSON.stringify([refused.sent, refused.closes])).toContain('Not here.');
    else expect(refused.status).toBe(403);
    expect(looked.sent).toEqual([]);
    expect(strict.refusals).toHaveLength(1);
    expect(strict.ends).toHaveLength(1);
  });
});

test('a path that is nobody’s door is seen as well, and so is a caller without a key', async () => {
  const { policy, seen, refusals } = spy();
  const { gateway } = gatewayWith(policy);
  const request = { method: 'GET', url: '/.env', headers: {}, signal: new AbortController().signal };
  expect((await gateway.handle(request)).status).toBe(404);
  expect((await gateway.handle({ ...request, url: '/v1/models' })).status).toBe(401);
  expect(seen).toEqual(['admit -', 'admit list-models']);
  expect(refusals.map(({ failure }) => failure.kind)).toEqual(['not-found', 'unauthenticated']);

  const closed = gatewayWith(spy({ admit: true }).policy);
  const answer = await closed.gateway.handle(request);
  expect(answer).toMatchObject({ status: 403, headers: { 'content-type': 'application/json' } });
});

test('what an upstream refuses is not told as a refusal of ours', async () => {
  const { policy, refusals } = spy();
  const { gateway, sent } = gatewayWith(policy, () => '{"error":{"type":"authentication_error","message":"no"}}');
  const way = ways.find(({ door }) => door.operation === 'generate' && door.path === '/v1/messages');
  if (way) await visitDoor(gateway, way);
  expect(sent).toHaveLength(1);
  expect(refusals).toEqual([]);
});

test('what the queue turns away is told as a refusal of ours: no upstream was asked', async () => {
  const { policy, refusals, ends } = spy();
  const full: Queue = {
    waitMs: 1000,
    heartbeatMs: 1000,
    enter: () => Promise.reject(new Failure('overloaded', 'Too many wait.')),
  };
  const { gateway, sent } = gatewayWith(policy, undefined, full);
  const way = ways.find(({ door }) => door.operation === 'generate' && door.path === '/v1/messages');
  if (way) expect(await visitDoor(gateway, way)).toMatchObject({ status: 529 });
  expect(sent).toEqual([]);
  expect(refusals.map(({ failure }) => failure.kind)).toEqual(['overloaded']);
  expect(ends).toHaveLength(1);
});

test('a policy may send on another body, tell of it, and add headers to the answer', async () => {
  const bodies: string[] = [];
  const transport: Transport = {
    async send({ body }) {
      bodies.push(body instanceof Uint8Array ? new TextDecoder().decode(body) : String(body));
      throw new Failure('bad-upstream', 'Enough.');
    },
  };
  const policy: Policy = {
    name: 'changer',
    inspect({ answerHeaders }, inbound) {
      answerHeaders['x-limit'] = '1';
      const body = new TextEncoder().encode('{"model":"oa/m","messages":[]}');
      const notices = [{ type: 'dropped', field: 'tools', detail: 'Not here.' }] as const;
      return { ...inbound, body, notices };
    },
  };
  const gateway = createGateway({ upstreams, policies: [policy], ports: { transport } });
  const way = ways.find(({ door }) => door.path === '/v1/chat/completions');
  if (!way) throw new Error('No such door.');
  const answer = await gateway.handle(knock(way));
  expect(bodies).toEqual(['{"model":"m","messages":[]}']);
  expect(answer.headers).toMatchObject({ 'x-limit': '1', 'x-proxy-notices': 'dropped tools' });
});
