import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { contextFrom, spanIdIn, traceparentOf } from '../../src/records/telemetry/context.ts';
import { folder, start } from '../support.ts';
import { ask } from '../rows/ask.ts';
import { claudeStream, vendor } from '../rows/vendor.ts';

/** OTLP's JSON, as far as it is looked at. */
interface Attribute {
  readonly key: string;
  readonly value: {
    readonly stringValue?: string;
    readonly intValue?: number;
    readonly doubleValue?: number;
    readonly boolValue?: boolean;
  };
}
interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly attributes: readonly Attribute[];
  readonly status: { readonly code?: number };
}
interface Metric {
  readonly name: string;
  readonly histogram: {
    readonly dataPoints: readonly { readonly attributes: readonly Attribute[]; readonly sum: number }[];
  };
}

/** Takes OTLP over HTTP and remembers it. */
async function collector(status = 200) {
  const received: { readonly url: string; readonly token: string; readonly body: string }[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const { url = '', headers } = request;
      received.push({ url, token: String(headers['x-token']), body: Buffer.concat(pieces).toString() });
      response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const parsed = (path: string) =>
    received.filter(({ url }) => url === path).map(({ body }) => JSON.parse(body) as never);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, // a server on a host and port has such an address
    received,
    spans: () =>
      parsed('/v1/traces').flatMap((body: { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] }) =>
        body.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
      ),
    metrics: () =>
      parsed('/v1/metrics').flatMap((body: { resourceMetrics: { scopeMetrics: { metrics: Metric[] }[] }[] }) =>
        body.resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics)),
      ),
  };
}

function plain(attributes: readonly Attribute[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0] as unknown]));
}

const caller = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const chat = { model: 'gpt-4o', messages: [{ role: 'user', content: 'A secret of mine' }] };

test('traces and metrics by the GenAI conventions, the caller’s trace gone on with', async () => {
  const otlp = await collector();
  const openai = await vendor();
  const claude = await vendor((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(claudeStream);
  });
  const config = `
records: { telemetry: { endpoint: "${otlp.url}", headers: { x-token: collector-token-0123 }, serviceName: ours } }
upstreams:
  - { name: oa, provider: openai, baseUrl: "${openai.url}", apiKeys: [k-0123456789], dialects: [openai-chat], models: [gpt-4o] }
  - { name: an, provider: anthropic, baseUrl: "${claude.url}", apiKeys: [k-0123456789], models: [claude-*] }
`;
  const { url, close } = await start({ cwd: folder({ 'proxy.config.yaml': config }) });
  await ask(url, '/v1/chat/completions', { body: chat, headers: { traceparent: caller, tracestate: 'a=b' } });
  await ask(url, '/v1/chat/completions', { body: { ...chat, model: 'claude-x', stream: true } });
  await ask(url, '/v1/chat/completions', { body: { ...chat, model: 'nobody-has-it' } });
  await close();

  const servers = otlp.spans().filter(({ kind }) => kind === 2);
  const clients = otlp.spans().filter(({ kind }) => kind === 3);
  expect(servers).toHaveLength(3);
  expect(clients).toHaveLength(2);
  const [relayed, translated, refused] = servers;
  expect(relayed).toMatchObject({ traceId: '0af7651916cd43dd8448eb211c80319c', parentSpanId: 'b7ad6b7169203331' });
  expect(plain(relayed?.attributes ?? [])).toMatchObject({
    'url.path': '/v1/chat/completions',
    'http.response.status_code': 200,
    'proxy.cost_usd': 0.0000275,
  });
  expect(openai.seen[0]?.headers).toMatchObject({
    traceparent: `00-0af7651916cd43dd8448eb211c80319c-${relayed?.spanId}-01`,
    tracestate: 'a=b',
  });
  const [atOpenai, atAnthropic] = clients;
  expect(atOpenai).toMatchObject({ name: 'chat gpt-4o', parentSpanId: relayed?.spanId, traceId: relayed?.traceId });
  expect(plain(atOpenai?.attributes ?? [])).toMatchObject({
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'openai',
    'gen_ai.request.model': 'gpt-4o',
    'gen_ai.usage.input_tokens': 3,
    'gen_ai.usage.output_tokens': 2,
  });
  expect(translated?.parentSpanId ?? '').toBe('');
  expect(claude.seen[0]?.headers.traceparent).toBe(`00-${translated?.traceId}-${translated?.spanId}-01`);
  expect(plain(atAnthropic?.attributes ?? [])).toMatchObject({
    'gen_ai.provider.name': 'anthropic',
    'gen_ai.request.stream': true,
  });
  expect(refused?.status.code).toBe(2);
  expect(plain(refused?.attributes ?? [])).toMatchObject({
    'error.type': 'not-found',
    'http.response.status_code': 404,
  });

  const tokens = otlp.metrics().find(({ name }) => name === 'gen_ai.client.token.usage');
  const sums = tokens?.histogram.dataPoints.map(({ attributes, sum }) => ({ ...plain(attributes), sum }));
  expect(sums).toContainEqual(
    expect.objectContaining({ 'gen_ai.provider.name': 'openai', 'gen_ai.token.type': 'input', sum: 3 }),
  );
  expect(otlp.metrics().map(({ name }) => name)).toEqual(
    expect.arrayContaining(['gen_ai.client.operation.duration', 'gen_ai.server.time_to_first_token']),
  );
  expect(new Set(otlp.received.map(({ token }) => token))).toEqual(new Set(['collector-token-0123']));
  expect(otlp.received.map(({ body }) => body).join('')).not.toMatch(/A secret of mine|k-0123456789/);
});

test('a caller’s trace that is not to be kept is not, and passes on so', async () => {
  const otlp = await collector();
  const openai = await vendor();
  const config = `upstreams: [{ name: oa, provider: openai, baseUrl: "${openai.url}", apiKeys: [k-0123456789], dialects: [openai-chat] }]`;
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url };
  const { url, close } = await start({ cwd: folder({ 'proxy.config.yaml': config }), env });
  await ask(url, '/v1/chat/completions', { body: chat, headers: { traceparent: caller.replace(/01$/, '00') } });
  await close();
  expect(openai.seen[0]?.headers.traceparent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-00$/);
  expect(otlp.spans()).toEqual([]);
  expect(otlp.metrics().length).toBeGreaterThan(0);
});

const ofDemo = { 'proxy.config.yaml': 'upstreams: [{ name: demo, provider: demo }]' };
const asked = { model: 'demo', messages: [{ role: 'user', content: 'Hi' }] };

test('spans that the collector does not take are told of in the log', async () => {
  const otlp = await collector(400);
  const { url, close, log } = await start({
    cwd: folder(ofDemo),
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url },
  });
  await ask(url, '/v1/chat/completions', { body: asked });
  await close();
  expect(log.lines.join('')).toContain(`2 spans were not taken by the collector at ${otlp.url}: `);
});

test('values of OTEL_EXPORTER_OTLP_HEADERS are percent-encoded', async () => {
  const otlp = await collector();
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url,
    OTEL_EXPORTER_OTLP_HEADERS: 'x-token=Basic%20a%3D, x-other=100%',
  };
  const { url, close } = await start({ cwd: folder(ofDemo), env });
  await ask(url, '/v1/chat/completions', { body: asked });
  await close();
  expect(otlp.received[0]?.token).toBe('Basic a=');
});

test.each(['localhost:4317', 'collector'])('an endpoint of %s is told of, and nothing is sent', async (endpoint) => {
  const { url, config } = await start({ cwd: folder(ofDemo), env: { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } });
  expect(config().notes.join()).toContain('OTEL_EXPORTER_OTLP_ENDPOINT: must be an address');
  const { status } = await ask(url, '/v1/chat/completions', { body: asked });
  expect(status).toBe(200);
});

test.each([
  ['none', undefined],
  ['rubbish', 'rubbish'],
  ['zeros', '00-00000000000000000000000000000000-b7ad6b7169203331-01'],
  ['a parent of zeros', '00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01'],
])('a header with %s begins a trace', (_name, header) => {
  const context = contextFrom(header);
  expect(context.parentId).toBeUndefined();
  expect(context.traceId).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
  expect(spanIdIn(traceparentOf(context))).toBe(context.spanId);
});
