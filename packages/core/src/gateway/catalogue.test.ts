import { expect, test } from 'vitest';
import { memoryCallers, memoryLedger } from '../memory.ts';
import type { OutboundRequest, Transport } from '../ports.ts';
import { anthropic, gemini, openai, openaiCompatible } from '../providers/registry.ts';
import { cases } from '../testing/cases.ts';
import { createGateway } from './create.ts';
import type { Upstream } from './gateway.ts';
import { readAll } from './read-all.ts';

/** Facts of the catalogue about headers, doors and calls: what goes upstream, how often, and what comes back beside the body. */

interface Script {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body: string;
}

const claude: Upstream = { name: 'claude', provider: anthropic, baseUrl: 'http://claude.test', credentials: [{ id: 'a', secret: 'sk-ant-ours' }] }; // prettier-ignore
const vendor: Upstream = { name: 'vendor', provider: openaiCompatible, baseUrl: 'http://vendor.test/v1', credentials: [{ id: 'a', secret: 'sk-ours' }] }; // prettier-ignore
const google: Upstream = { name: 'google', provider: gemini, baseUrl: 'http://google.test/v1beta', credentials: [{ id: 'a', secret: 'AIza-ours' }] }; // prettier-ignore
const upstreams = { claude, vendor, google };
type Place = keyof typeof upstreams;

const json = { 'content-type': 'application/json' };
const stream = { 'content-type': 'text/event-stream' };
const replies: Readonly<Record<Place, Script>> = {
  claude: { headers: json, body: '{"id":"msg_1","type":"message","role":"assistant","model":"up","content":[{"type":"text","text":"Hello"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":2}}' },
  vendor: { headers: json, body: '{"id":"c1","object":"chat.completion","created":1,"model":"up","choices":[{"index":0,"message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}]}' },
  google: { headers: json, body: '{"candidates":[{"content":{"role":"model","parts":[{"text":"Hello"}]},"finishReason":"STOP","index":0}]}' },
}; // prettier-ignore
const vendorStream = [
  '{"id":"c1","object":"chat.completion.chunk","created":1,"model":"up","choices":[{"index":0,"delta":{"role":"assistant","content":"Hello"},"finish_reason":null}]}',
  '{"id":"c1","object":"chat.completion.chunk","created":1,"model":"up","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}',
  '[DONE]',
].map((data) => `data: ${data}\n\n`).join(''); // prettier-ignore

const message = { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] };
const fromClient = { 'x-api-key': 'sk-caller', 'anthropic-version': '2026-10-21', 'anthropic-beta': 'context-management-2025-06-27,token-efficient-tools-2025-02-19' }; // prettier-ignore

async function ask(
  place: Place,
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
  script = replies[place],
  upstream: Upstream = upstreams[place],
) {
  const requests: OutboundRequest[] = [];
  const transport: Transport = {
    send: (request) => {
      requests.push(request);
      const { status = 200, headers: replyHeaders = json, body: written } = script;
      const source = {
        start(sink: { write(chunk: Uint8Array): boolean; end(): void }) {
          sink.write(new TextEncoder().encode(written));
          sink.end();
          return { resume: () => undefined, cancel: () => undefined };
        },
      };
      return Promise.resolve({ status, headers: replyHeaders, body: source });
    },
  };
  const ledger = memoryLedger();
  const callers = memoryCallers([{ accessKey: 'sk-caller', id: 'ann' }]);
  const gateway = createGateway({
    upstreams: [upstream],
    keepAliveMs: 0,
    ports: { transport, ledger, callers },
  });
  const answer = await gateway.handle({
    method: 'POST',
    url,
    headers: { ...json, ...headers },
    body: new TextEncoder().encode(JSON.stringify(body)),
    signal: new AbortController().signal,
  });
  const raw = answer.body ?? '';
  const text = typeof raw === 'string' ? raw : new TextDecoder().decode(raw instanceof Uint8Array ? raw : await readAll(raw, 1e9, () => new Error('too large'))); // prettier-ignore
  await Promise.resolve();
  return {
    status: answer.status,
    headers: answer.headers,
    text,
    requests,
    upstream: requests[0],
    records: ledger.records(),
  };
}

test.each([
  ['x-api-key', { 'x-api-key': 'sk-caller' }],
  ['a bearer token', { authorization: 'Bearer sk-caller' }],
  ['both, of which x-api-key counts', { 'x-api-key': 'sk-caller', authorization: 'Bearer other' }],
])('H1 CC1 a Messages client may show its key as %s', async (_, headers: Record<string, string>) => {
  const { status, upstream } = await ask('vendor', '/v1/messages', message, headers);
  expect(status).toBe(200);
  expect(upstream?.headers.authorization).toBe('Bearer sk-ours');
  expect(JSON.stringify(upstream)).not.toContain('sk-caller');
});

test('H1 H6 of two keys the wrong x-api-key is not saved by a right bearer token', async () => {
  const headers = { 'x-api-key': 'wrong', authorization: 'Bearer sk-caller' };
  expect((await ask('vendor', '/v1/messages', message, headers)).status).toBe(401);
});

test.each(Object.keys(upstreams) as Place[])('H6 no key of the caller’s goes to %s, in header or address, and ours goes once', async (place) => {
  const headers = { 'x-api-key': 'sk-caller', authorization: 'Bearer sk-caller', 'x-goog-api-key': 'sk-caller', 'api-key': 'sk-caller' }; // prettier-ignore
  for (const [url, body] of [
    ['/v1/messages?key=sk-caller', message],
    ['/v1/chat/completions?key=sk-caller', message],
    ['/v1beta/models/m:generateContent?key=sk-caller', { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] }],
  ] as const) {
    const { upstream, status } = await ask(place, url, body, headers);
    expect(status, url).toBe(200);
    const written = JSON.stringify([upstream?.url, upstream?.headers]);
    expect(written, url).not.toContain('sk-caller');
    expect(written, url).not.toContain('undefined');
    expect(written.match(/ours/g), url).toHaveLength(1);
  }
}); // prettier-ignore

test('H2 the client’s version goes along to Claude, and the gateway’s own where the body is its own', async () => {
  const relayed = await ask('claude', '/v1/messages', message, fromClient);
  expect(relayed.upstream?.headers['anthropic-version']).toBe('2026-10-21');
  const chat = { model: 'm', messages: [{ role: 'user', content: 'Hi' }], temperature: 0.5 };
  const converted = await ask('claude', '/v1/chat/completions', { ...chat, model: 'claude-sonnet-4-5' }, { authorization: 'Bearer sk-caller' }); // prettier-ignore
  expect(converted.upstream?.headers['anthropic-version']).toBe('2023-06-01');
  expect(String(converted.upstream?.body)).toContain('"temperature":0.5');
});

test('H3 H4 beta flags go to Claude with the fields they are for, and to nobody else', async () => {
  const body = { ...message, context_management: { edits: [{ type: 'clear_thinking_20251015' }] } };
  const relayed = await ask('claude', '/v1/messages', body, fromClient);
  expect(relayed.upstream?.headers['anthropic-beta']).toBe(fromClient['anthropic-beta']);
  expect(new TextDecoder().decode(relayed.upstream?.body as Uint8Array)).toContain('context_management'); // a relay hands on the caller's bytes
  for (const place of ['vendor', 'google'] as const) {
    const { upstream } = await ask(place, '/v1/messages', body, fromClient);
    expect(
      Object.keys(upstream?.headers ?? {}).filter((name) => name.startsWith('anthropic')),
      place,
    ).toEqual([]);
    expect(String(upstream?.body), place).not.toContain('context_management');
  }
});

test.each(['?beta=true', '?beta=true&unheard=of', ''])('H5 CC1 a query of “%s” opens the same doors', async (query) => {
  const { status, upstream } = await ask('vendor', `/v1/messages${query}`, message, fromClient);
  expect(status).toBe(200);
  expect(upstream?.url).toBe('http://vendor.test/v1/chat/completions');
  const counted = await ask('vendor', `/v1/messages/count_tokens${query}`, message, fromClient);
  expect(JSON.parse(counted.text)).toEqual({ input_tokens: expect.any(Number) });
  expect(counted.requests).toEqual([]);
});

test.each(['claude', 'vendor'] as const)('H7 what %s says of its own bytes and connection stays there; its limits and request id come back', async (place) => {
  const hop = { 'content-encoding': 'identity', 'content-length': '9999', 'transfer-encoding': 'chunked', connection: 'keep-alive', 'keep-alive': 'timeout=5' }; // prettier-ignore
  const kept = { 'x-ratelimit-remaining-requests': '7', 'anthropic-ratelimit-requests-remaining': '7', 'request-id': 'req_up' };
  const { headers, upstream } = await ask(place, '/v1/messages', message, { ...fromClient, 'accept-encoding': 'gzip, deflate, br, zstd' }, { ...replies[place], headers: { ...json, ...hop, ...kept } }); // prettier-ignore
  for (const name of Object.keys(hop)) expect(headers[name], name).not.toBe(hop[name as keyof typeof hop]); // its own keys
  expect(headers).toMatchObject({ 'x-ratelimit-remaining-requests': '7', 'anthropic-ratelimit-requests-remaining': '7' });
  expect(JSON.stringify(headers)).toContain('req_up');
  expect(upstream?.headers).not.toHaveProperty('accept-encoding');
}); // prettier-ignore

test('CC8 a turn of Claude Code’s is one call upstream and one clean stream, which it never has to ask for again', async () => {
  for (const stem of ['claude-code-first', 'claude-code-second']) {
    const recorded = cases.find((one) => one.dialect.name === 'anthropic-messages' && one.stem === stem);
    const headers = { ...recorded?.headers, 'x-api-key': 'sk-caller' };
    const { text, requests, status, records } = await ask('vendor', '/v1/messages?beta=true', recorded?.request, headers, { headers: stream, body: vendorStream }); // prettier-ignore
    expect(status).toBe(200);
    expect(requests).toHaveLength(1);
    const events = [...text.matchAll(/^event: (\w+)\ndata: \{"type":"(\w+)"/gm)].map(([, event, type]) => [
      event,
      type,
    ]);
    expect(events.map(([event]) => event)).toEqual(['message_start', 'content_block_start', 'content_block_delta', 'content_block_stop', 'message_delta', 'message_stop']); // prettier-ignore
    for (const [event, type] of events) expect(event).toBe(type);
    expect(records).toHaveLength(1);
  }
});

test('E4 every refusal has the type that spares Claude Code its guesses', async () => {
  const key = { 'x-api-key': 'sk-caller' };
  const told = async (script: Script, headers: Record<string, string> = key) => {
    const { status, text } = await ask('vendor', '/v1/messages', message, headers, script);
    const { error } = JSON.parse(text) as { error: { type: string; message: string } }; // our own encoder wrote it
    return [status, error.type, error.message];
  };
  const error = (members: object) => JSON.stringify({ error: members });
  expect(await told(replies.vendor, {})).toEqual([401, 'authentication_error', expect.stringContaining('access key')]);
  expect(await told({ status: 404, body: error({ message: 'No such model.', code: 'model_not_found' }) })).toEqual([404, 'not_found_error', 'No such model.']); // prettier-ignore
  expect(await told({ status: 400, body: error({ message: 'maximum context length is 10 tokens. However, your messages resulted in 20 tokens', code: 'context_length_exceeded' }) })).toEqual([400, 'invalid_request_error', 'prompt is too long: 20 tokens > 10 maximum']); // prettier-ignore
  expect(await told({ status: 429, body: error({ message: 'No money.', code: 'insufficient_quota' }) })).toEqual([402, 'billing_error', 'No money.']); // prettier-ignore
  expect(await told({ status: 503, body: error({ message: 'Later.' }) })).toEqual([529, 'overloaded_error', 'Later.']);
});

test.each([
  ['vendor', '/v1/chat/completions', '{"error":{"message":"Busy.","code":503}}'],
  ['claude', '/v1/messages', '{"type":"error","error":{"type":"overloaded_error","message":"Busy."}}'],
  ['google', '/v1beta/models/m:generateContent', '{"error":{"code":503,"message":"Busy.","status":"UNAVAILABLE"}}'],
  ['vendor', '/v1/messages', '{"error":{"message":"Busy.","code":503}}'],
] as const)('X4 E6 an error that %s calls a 200 is an error to %s, asked for whole or as a stream', async (place, url, body) => {
  const gemini = { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] };
  const asked = url.includes('gemini') || url.includes('models') ? gemini : message;
  const whole = await ask(place, url, asked, { 'x-api-key': 'sk-caller' }, { headers: json, body });
  expect(whole.status).toBeGreaterThanOrEqual(500);
  expect(whole.text).toContain('Busy.');
  const streamUrl = url.replace(':generateContent', ':streamGenerateContent?alt=sse');
  const streamed = await ask(place, streamUrl, { ...asked, ...(asked === message && { stream: true }) }, { 'x-api-key': 'sk-caller' }, { headers: json, body }); // prettier-ignore
  expect(streamed.status).toBeGreaterThanOrEqual(500);
  expect(streamed.text).toContain('Busy.');
}); // prettier-ignore

test.each([
  ['vendor', '/v1/chat/completions', /"content":"Hello"[^]*data: \[DONE\]\n\n$/],
  ['claude', '/v1/messages', /"text":"Hello"[^]*event: message_stop\ndata: .*\n\n$/],
  ['google', '/v1beta/models/m:streamGenerateContent?alt=sse', /^data: .*"text":"Hello"[^]*"finishReason":"STOP"[^]*\n\n$/],
] as const)('X4 JSON that %s calls an event stream, or nothing, is one to %s; an error is an error', async (place, url, streamed) => {
  const asked = place === 'google' ? { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] } : { ...message, stream: true };
  for (const headers of [stream, {}]) {
    const { status, text, requests } = await ask(place, url, asked, { 'x-api-key': 'sk-caller' }, { headers, body: replies[place].body });
    expect([status, requests.length]).toEqual([200, 1]);
    expect(text).toMatch(streamed);
    const failed = await ask(place, url, asked, { 'x-api-key': 'sk-caller' }, { headers, body: '{"error":{"message":"Busy.","code":503,"type":"overloaded_error"}}' });
    expect(failed.status).toBeGreaterThanOrEqual(500);
  }
}); // prettier-ignore

test('X4 a Responses reply that failed is relayed as the response it is', async () => {
  const failed =
    '{"id":"resp_1","object":"response","status":"failed","error":{"code":"server_error","message":"Busy."},"output":[]}';
  const body = { model: 'm', input: 'Hi' };
  const own: Upstream = { ...upstreams.vendor, provider: openai };
  const { status, text } = await ask('vendor', '/v1/responses', body, { 'x-api-key': 'sk-caller' }, { headers: json, body: failed }, own); // prettier-ignore
  expect([status, text]).toEqual([200, failed]);
});

test('W2 what a whole reply loses is in the header and the record, and no matter for strict', async () => {
  const page = { type: 'page_location', cited_text: 'x', document_index: 0, document_title: 'a', start_page_number: 1, end_page_number: 2 }; // prettier-ignore
  const reply = { id: 'msg_1', type: 'message', role: 'assistant', model: 'up', content: [{ type: 'text', text: 'Hello', citations: [page, page] }], stop_reason: 'end_turn', stop_sequence: null, usage: { input_tokens: 3, output_tokens: 2 } }; // prettier-ignore
  const asked = { authorization: 'Bearer sk-caller', 'x-proxy-strict': 'true' };
  const chat = { model: 'claude-opus-4-6', max_completion_tokens: 9, messages: message.messages };
  const { status, headers, records } = await ask('claude', '/v1/chat/completions', chat, asked, { headers: json, body: JSON.stringify(reply) }); // prettier-ignore
  expect([status, headers['x-proxy-notices']]).toEqual([200, 'dropped reply.citations']);
  expect(records[0]?.notices).toMatchObject([{ type: 'dropped', field: 'reply.citations' }]);
});

test('Z5 what a stream loses is in the record, whatever its headers could still tell', async () => {
  const chunks = [
    '{"candidates":[{"content":{"role":"model","parts":[{"text":"Hello"}]},"index":0}]}',
    '{"candidates":[{"content":{"role":"model","parts":[{"text":"","thoughtSignature":"c2ln"}]},"finishReason":"STOP","index":0}]}',
  ];
  const body = chunks.map((data) => `data: ${data}\n\n`).join('');
  const { status, records, text } = await ask('google', '/v1/messages', { ...message, stream: true }, { 'x-api-key': 'sk-caller' }, { headers: stream, body }); // prettier-ignore
  expect(status).toBe(200);
  expect(text).not.toMatch(/signature_delta|reply\./);
  expect(records[0]?.notices).toMatchObject([{ type: 'dropped', field: 'reply.signature' }]);
});
