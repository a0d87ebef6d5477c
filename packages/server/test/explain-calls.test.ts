import { writeFileSync } from 'node:fs';
import { request as httpRequest, type RequestListener } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Explanation } from '../src/explain/explain.ts';
import { commandLine } from './command-line.ts';
import { ask, type Answered } from './rows/ask.ts';
import { claudeStream, vendor } from './rows/vendor.ts';
import { socketUpstream, visit, type Visitor } from './socket-upstream.ts';
import { folder, start, until } from './support.ts';

// Must-show 7 of issue 4: `explain` works for any request of the last day, over the API and as a command.

const key = 'key-of-ann-0123456789';
const admin = { authorization: 'Bearer admin-key-0123456789' };
const ours = { 'x-api-key': key };

/** What becomes of a call is said in the name of its model. */
const answering: RequestListener = (request, response) => {
  const asked = `${request.headers.authorization ?? request.headers['x-api-key']}`;
  const json = { 'content-type': 'application/json' };
  if (asked.includes('busy')) response.writeHead(429, json).end('{"error":{"message":"Slow down.","type":"requests"}}');
  else if (asked.includes('down')) response.writeHead(503, json).end('{"error":{"message":"Down.","type":"server"}}');
  else if (asked.includes('picky')) response.writeHead(400, json).end('{"error":{"message":"No.","type":"invalid"}}');
  else if (asked.includes('mute'))
    response
      .writeHead(200, { 'content-type': 'text/event-stream' })
      .write(claudeStream.slice(0, claudeStream.indexOf('lo"')));
  else if (asked.includes('cut')) {
    response
      .writeHead(200, { 'content-type': 'text/event-stream' })
      .write(claudeStream.slice(0, claudeStream.indexOf('event: message_delta')));
    setImmediate(() => response.destroy());
  } else if (asked.includes('claude'))
    response.writeHead(200, { 'content-type': 'text/event-stream' }).end(claudeStream);
  else if (request.url?.includes('/audio'))
    response
      .writeHead(200, json)
      .end('{"text":"hi","usage":{"type":"tokens","input_tokens":3,"output_tokens":2,"total_tokens":5}}');
  else response.writeHead(200, json).end(JSON.stringify(completion));
};

const completion = {
  ...{ id: 'c', object: 'chat.completion', created: 1, model: 'gpt-4o', data: [] },
  choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
};

function sessions({ socket, request }: Visitor) {
  if (request.url?.includes('Bidi')) socket.send('{"setupComplete":{}}');
  else socket.send('{"type":"response.done","response":{"usage":{"input_tokens":3,"output_tokens":2}}}');
}

const chat = (model: string, more: object = {}) => ({ model, messages: [{ role: 'user', content: 'Hi' }], ...more });
const messages = (model: string, more: object = {}) => chat(model, { max_tokens: 9, ...more });
const form = (model: string) => ({
  headers: { ...ours, 'content-type': 'multipart/form-data; boundary=b' },
  body: `--b\r\ncontent-disposition: form-data; name="model"\r\n\r\n${model}\r\n--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nabc\r\n--b--\r\n`,
});

test('every call explains itself, whatever became of it', async () => {
  const cwd = folder();
  const upstream = await vendor(answering);
  const sockets = await socketUpstream({
    visit: sessions,
    refuse: ({ headers }) =>
      String(headers.authorization).includes('busy')
        ? { status: 429, body: { error: { message: 'Slow down.' } } }
        : undefined,
  });
  const at = (name: string, provider: string, more: string, url = upstream.url) =>
    `  - { name: ${name}, provider: ${provider}, baseUrl: "${url}", ${more} }\n`;
  const config = `
storage: "${cwd}/kept/proxy.db"
admin: { key: admin-key-0123456789 }
doors: { hosts: { claude: "${upstream.url}", openai: "${upstream.url}" }, addresses: { allow: [127.0.0.0/8] } }
guards: { phrases: { deny: [forbidden words], delaySeconds: 0 } }
accessKeys:
  - { key: ${key}, name: Ann }
  - { key: key-of-bob-0123456789, name: Bob, models: [gpt-4o], limits: { requestsPerMinute: 1 } }
server: { maxBodyMb: 1 }
routes:
  - { model: fast, targets: [{ upstream: busy, model: gpt-4o }, { upstream: oa, model: gpt-4o }] }
upstreams:
${at('oa', 'openai', 'apiKeys: [good-0123456789], models: [gpt-4o, gpt-4o-transcribe, text-embedding-3-small]')}
${at('busy', 'openai', 'apiKeys: [busy-0123456789], models: [gpt-busy]')}
${at('down', 'openai', 'apiKeys: [down-0123456789, down-too-0123456789], models: [gpt-down]')}
${at('picky', 'openai', 'apiKeys: [picky-0123456789], models: [gpt-picky]')}
${at('an', 'anthropic', 'apiKeys: [claude-0123456789], models: [claude-x]')}
${at('cut', 'anthropic', 'apiKeys: [cut-0123456789], models: [claude-cut]')}
${at('mute', 'anthropic', 'apiKeys: [mute-0123456789], models: [claude-mute]')}
${at('rt', 'openai', 'apiKeys: [good-0123456789], models: [gpt-realtime]', sockets.url)}
${at('rtbusy', 'openai', 'apiKeys: [busy-0123456789], models: [gpt-realtime-busy]', sockets.url)}
${at('live', 'gemini', 'apiKeys: [good-0123456789], models: [gemini-live]', sockets.url)}
`;
  writeFileSync(join(cwd, 'proxy.config.yaml'), config);
  const { url } = await start({ cwd, watch: false, flags: { host: '127.0.0.1' } });
  /** By the id of its answer, what its account must say. */
  const expected = new Map<string, readonly (RegExp | string)[]>();
  const note = (answer: Pick<Answered, 'headers'>, ...words: readonly (RegExp | string)[]) => {
    const id = answer.headers['x-proxy-request-id'];
    expect(id, `an answer that should say ${words.join(', ')}`).toMatch(/^req_/);
    expected.set(String(id), words);
  };
  const post = (path: string, body: object, headers: Record<string, string> = ours, host?: string) =>
    ask(url, path, { headers, body, ...(host !== undefined && { host }) });

  note(
    await post('/v1/chat/completions', chat('gpt-4o')),
    /^req_\S+ .*\n200, \d+ ms/,
    'gpt-4o (openai-chat, generate)',
    'oa/gpt-4o, passed through',
    'input: 3 ×',
  );
  note(
    await post('/v1/chat/completions', chat('claude-x', { stream: true, logit_bias: { 1: 1 } })),
    'streamed',
    'an/claude-x, translated',
    'dropped logit_bias',
    'first byte after',
  );
  note(
    await post('/v1/chat/completions', chat('fast')),
    'by the route "fast"',
    'busy/gpt-4o',
    '429 rate-limited: Slow down.',
    'the key rests until',
    /2\. at .* oa\/gpt-4o/,
  );
  note(
    await post('/v1/chat/completions', chat('nobody-has-it')),
    '404 not-found',
    'no upstream',
    'None: no upstream was asked.',
  );
  note(await post('/v1/chat/completions', chat('gpt-4o'), {}), '401 unauthenticated', 'by nobody known');
  note(
    await post('/v1/messages', messages('gpt-4o'), { 'x-api-key': 'wrong-key' }),
    '401 unauthenticated: Unknown access key.',
  );
  note(
    await post('/v1/chat/completions', chat('gpt-busy'), { 'x-api-key': 'key-of-bob-0123456789' }),
    '403 forbidden',
    /by key-\S+/,
  );
  await post('/v1/chat/completions', chat('gpt-4o'), { 'x-api-key': 'key-of-bob-0123456789' }).then((answer) =>
    note(answer, '200'),
  );
  note(
    await post('/v1/chat/completions', chat('gpt-4o'), { 'x-api-key': 'key-of-bob-0123456789' }),
    '429 rate-limited',
    'None: no upstream was asked.',
  );
  note(
    await post('/v1/chat/completions', { model: 'gpt-4o', messages: [{ role: 'user', content: 'forbidden words' }] }),
    /40\d /,
    'None: no upstream was asked.',
  );
  note(await post('/v1/chat/completions', chat('gpt-down')), '503', 'down#1', 'down#2', /1\. at .*503/, /2\. at .*503/);
  note(await post('/v1/chat/completions', chat('gpt-down')), /429|503/, /resting/);
  note(await post('/v1/chat/completions', chat('gpt-picky')), '400 bad-request: No.', 'picky/gpt-picky');
  note(await post('/v1/messages', messages('claude-cut', { stream: true })), 'cut/claude-cut', /bad-upstream/);
  note(await post('/v1/messages', messages('gpt-4o', { tools: 7 })), '400 bad-request', 'not sent, bad-request');
  note(
    await ask(url, '/v1/chat/completions', {
      headers: { ...ours, 'content-type': 'application/json' },
      body: '{"model',
    }),
    '400 bad-request',
  );
  note(
    await ask(url, '/v1/chat/completions', {
      headers: ours,
      body: chat('gpt-4o', { metadata: { a: 'x'.repeat(1024 * 1024) } }),
    }),
    '413',
  );
  note(
    await post('/v1/messages/count_tokens', messages('gpt-4o')),
    'count-tokens',
    '1. at',
    'oa/gpt-4o',
    'counted no tokens',
  );
  note(await post('/v1/embeddings', { model: 'text-embedding-3-small', input: 'Hi' }), 'embed', '$0.00000006');
  note(await ask(url, '/v1/models', { headers: ours }), 'list-models');
  note(await ask(url, '/v1/audio/transcriptions', form('gpt-4o-transcribe')), 'transcribe', 'oa/gpt-4o-transcribe');
  note(
    await ask(url, '/v1/files', { ...form('m'), headers: { ...form('m').headers, 'x-proxy-upstream': 'oa' } }),
    'upload-file',
  );
  note(
    await post('/proxy/anthropic/v1/messages', messages('claude-x', { stream: true })),
    'at /v1/messages by the door "services"',
    'claude-x',
  );
  note(await post('/proxy/mistral-ai/v1/chat/completions', chat('m')), '402', 'None: no upstream was asked.');
  note(await post('/api/v1/chat/completions?provider=openai', chat('gpt-4o')), 'oa/gpt-4o');
  note(await post('/api/proxy/oa/chat/completions', chat('gpt-4o')), 'oa/gpt-4o');
  note(
    await post('/v1/messages', messages('m'), { 'x-api-key': 'claude-own-key-0123456789' }, 'claude.api.example.com'),
    'claude.api/m',
    'by own-',
  );
  note(await post('/v1/messages', messages('m'), {}, 'claude.api.example.com'), '401 unauthenticated');
  note(
    await post(`/claude/${upstream.url}/v1/messages`, messages('m', { stream: true }), {
      'x-api-key': 'claude-own-key-0123456789',
    }),
    /127\.0\.0\.1:\d+\/m/,
  );
  note(
    await post(`/openai/http://10.0.0.1/v1/v1/messages`, messages('m'), { 'x-api-key': 'own-key-0123456789' }),
    /^req_/,
  );
  note(
    await abandoned(`${url}/v1/messages`, messages('claude-mute', { stream: true })),
    'client-gone',
    'mute/claude-mute',
  );

  // Over WebSockets.
  const session = visit(`${url}/v1/realtime?model=gpt-realtime`, [], ours);
  session.socket.on('upgrade', (response: Pick<Answered, 'headers'>) => note(response, '101', 'rt/gpt-realtime'));
  await session.opened();
  await until('the response is done', () => session.received.length > 0);
  session.socket.close();
  await session.closed();
  note(await visit(`${url}/v1/realtime?model=gpt-realtime`).refused(), '401 unauthenticated');
  note(await visit(`${url}/v1/realtime?model=gpt-realtime-busy`, [], ours).refused(), '429 rate-limited: Slow down.');
  const bidi = `${url}/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent`;
  for (const [model, ...words] of [
    ['gemini-live', '101', 'live/gemini-live'],
    ['nobody', '404 not-found'],
    [undefined, '499 client-gone', 'no model'],
  ]) {
    const live = visit(bidi, [], ours);
    live.socket.on('upgrade', (response: Pick<Answered, 'headers'>) => note(response, 'live', ...words.map(String)));
    await live.opened();
    if (model !== undefined) live.socket.send(JSON.stringify({ setup: { model: `models/${model}` } }));
    if (model === 'gemini-live') await until('the session is set up', () => live.received.length > 0);
    if (model !== 'nobody') live.socket.close();
    await live.closed();
  }
  const turns = visit(`${url}/v1/responses`, [], ours);
  await turns.opened();
  for (const [index, model] of ['claude-x', 'nobody-answers'].entries()) {
    turns.socket.send(JSON.stringify({ type: 'response.create', model, input: 'Hi', store: false }));
    await until(
      'the turn is over',
      () => turns.texts().filter((text) => /"type":"(response\.completed|error)"/.test(text)).length > index,
    );
  }
  turns.socket.close();
  await turns.closed();

  const api = async (path: string) => (await ask(url, `/admin/api/v1${path}`, { headers: admin })).json();
  const recorded = async () =>
    ((await api('/calls?limit=1000')) as { calls: readonly { requestId: string; status: number; path: string }[] })
      .calls;
  const turnsToo = 2;
  await until('all of them are on record', async () => (await recorded()).length >= expected.size + turnsToo);
  const calls = await recorded();
  expect(calls).toHaveLength(expected.size + turnsToo);
  for (const { requestId } of calls) {
    const told = (await api(`/calls/${requestId}/explain`)) as Explanation;
    const { code, out, err } = await commandLine(cwd, ['explain', requestId]);
    expect([code, err], out).toEqual([0, '']);
    expect(out).not.toMatch(/undefined|NaN|Infinity|\[object/);
    for (const words of expected.get(requestId) ?? ['/v1/responses'])
      expect(out).toMatch(typeof words === 'string' ? RegExp(words.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')) : words);
    sensible(told);
    expect(JSON.parse((await commandLine(cwd, ['explain', requestId, '--json'])).out)).toEqual(told);
    expected.delete(requestId);
  }
  expect([...expected]).toEqual([]);
});

/** What any account must be, whatever became of the call. */
function sensible(told: Explanation): void {
  const { requestId, asked, outcome, routing, attempts } = told;
  expect(asked.path, requestId).toMatch(/^\//);
  expect(asked.operation, requestId).toBeTruthy();
  expect(outcome.status, requestId).toBeGreaterThanOrEqual(100);
  expect(outcome.durationMs, requestId).toBeGreaterThanOrEqual(0);
  // Somebody was asked, or the reason why nobody was is told.
  if (outcome.status >= 400) expect(outcome.failure?.message, requestId).toBeTruthy();
  if (attempts.length > 0) {
    expect(outcome.servedBy, requestId).toBeTruthy();
    // Where there was a choice, it is told which of them were tried.
    const tried = routing.candidates.filter(({ attempt }) => attempt !== undefined);
    expect(tried.length > 0, requestId).toBe(routing.candidates.length > 0);
    if (attempts.length > 1) expect(tried.length, requestId).toBeGreaterThan(1);
  }
  attempts.forEach(({ status, failure, message, afterMs }, index) => {
    expect(afterMs, requestId).toBeGreaterThanOrEqual(0);
    if (index < attempts.length - 1) expect([failure, message].every(Boolean), requestId).toBe(true);
    expect(status, requestId).toBeGreaterThanOrEqual(0);
  });
}

/** A caller that leaves when the first bytes are there. */
function abandoned(url: string, body: object): Promise<Pick<Answered, 'headers'>> {
  return new Promise((resolve, reject) => {
    const asking = httpRequest(
      url,
      { method: 'POST', headers: { ...ours, 'content-type': 'application/json' } },
      (response) => {
        response.on('error', () => undefined);
        response.once('data', () => {
          asking.destroy();
          resolve({ headers: response.headers });
        });
      },
    );
    asking.on('error', reject);
    asking.end(JSON.stringify(body));
  });
}
