/** Must-show 7 of issue 4: faults are planted, found by their ids, and told with their mends; a healthy set-up shows none. */
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { forwardProxy } from '../../../node/test/forward-proxy.ts';
import type { Environment } from '../../src/config/expand.ts';
import type { Flags } from '../../src/config/resolve.ts';
import { examine } from '../../src/doctor/doctor.ts';
import { faults, type FaultId } from '../../src/doctor/faults.ts';
import type { Machine } from '../../src/doctor/machine.ts';
import { networkFault } from '../../src/doctor/network-fault.ts';
import { openStorage } from '../../src/storage/open.ts';
import { commandLine } from '../command-line.ts';
import { folder } from '../support.ts';
import { expired, notYetValid, selfSigned } from './certificates.ts';
import {
  calls,
  files,
  json,
  lists,
  nobody,
  page,
  refuses,
  says,
  scripted,
  silent,
  tcp,
  trusting,
  whole,
} from './scripted.ts';

const healthyMachine: Machine = { nodeVersion: '24.1.0', now: Date.now, freeBytes: () => 1e12 };

interface Plant {
  readonly config?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Environment;
  readonly flags?: Flags;
  readonly machine?: Partial<Machine>;
  /** Files that everybody may read; all others are their owner's. */
  readonly open?: readonly string[];
  readonly timeoutMs?: number;
  /** The one that is asked for. */
  readonly upstream?: string;
  /** What comes along with it. */
  readonly beside?: readonly FaultId[];
}

function planted({ config, files = {}, open = [] }: Plant): string {
  const all = { ...files, ...(config !== undefined && { 'proxy.config.yaml': config }) };
  const cwd = folder(all);
  for (const name of Object.keys(all)) chmodSync(join(cwd, name), open.includes(name) ? 0o644 : 0o600);
  return cwd;
}

async function examined(plant: Plant) {
  const { env = {}, flags = { port: 0 }, machine, timeoutMs = 15_000, upstream } = plant;
  const own = { ...healthyMachine, ...machine };
  return examine({
    cwd: planted(plant),
    env,
    flags,
    calls: true,
    timeoutMs,
    machine: own,
    ...(upstream !== undefined && { upstream }),
  });
}

const upstreamKey = 'sk-the-key-of-this-test';

/** A configuration of one upstream at an address. */
function at(baseUrl: string, more = '', provider = 'openai-compatible'): Plant {
  const members = [`name: u, provider: ${provider}, baseUrl: "${baseUrl}"`, more].filter(Boolean).join(', ');
  const named = more.includes('models:') ? '' : ', models: [gpt-x]';
  return { config: `upstreams: [{ ${members}${named}, apiKeys: [${upstreamKey}] }]`, files };
}

const called = async (call: NonNullable<Parameters<typeof scripted>[0]>['call']) =>
  at(await scripted(call ? { call } : {}));
const refused = (status: number, message: string, code?: string) => called(refuses(status, message, code));
const served = async (cert: string, more = trusting) => at(await scripted({ tls: { cert } }), more);

const plants: Partial<Readonly<Record<FaultId, () => Plant | Promise<Plant>>>> = {
  'node-too-old': () => ({ machine: { nodeVersion: '18.20.0' } }),
  'port-in-use': async () => ({ flags: { port: Number((await tcp(() => undefined)).split(':')[1]) } }),
  'host-unknown': () => ({ config: 'accessKeys: [a-long-enough-access-key]\nserver: { host: 192.0.2.77 }' }),
  'data-folder-unwritable': () => ({ config: '', files: { base: 'a file' }, env: { BASE_PATH: 'base' } }),
  'disk-full': () => ({ machine: { freeBytes: () => 1_000_000 } }),
  'secrets-world-readable': () => ({ files: { '.env': 'SOME_API_KEY=sk-123' }, open: ['.env'] }),
  'clock-skew': async () => at(await scripted({ headers: { date: 'Thu, 01 Jan 2026 00:00:00 GMT' } })),
  'config-invalid': () => ({ config: 'strict: maybe' }),
  'option-unknown': () => ({ config: 'upstream: []' }),
  'variable-missing': () => ({ config: 'accessKeys: ["${NOBODY_SET_THIS}"]' }),
  'provider-unknown': () => ({ config: 'upstreams: [{ name: u, provider: opnai }]' }),
  'credential-file-unreadable': () => ({
    config: 'upstreams: [{ name: u, provider: vertex, apiKeys: [{ file: nowhere.json }] }]',
  }),
  'certificate-file-unusable': () => at('https://a.test', 'connection: { ca: nowhere.pem }'),
  'host-unsafe': () => ({ flags: { host: '0.0.0.0', port: 0 } }),
  'upstream-unknown': async () => ({ ...at(await scripted()), upstream: 'v' }),
  'upstream-is-self': () => ({ ...at('http://127.0.0.1:4567/v1'), flags: { port: 4567 } }),
  'route-unknown-upstream': () => ({
    config: 'upstreams: [{ name: u, provider: demo }]\nroutes: [{ model: m, targets: [v] }]',
  }),
  'access-key-public': () => ({ env: { PROXY_ACCESS_KEY: 'your-proxy-access-key' } }),
  'access-key-weak': () => ({ env: { PROXY_ACCESS_KEY: 'secret' } }),
  'no-upstream': () => ({}),
  'upstream-without-key': () => ({
    files: {
      'config.json':
        '{"upstream":[{"name":"u","baseUrl":"https://a.test","serviceType":"openai"}],"currentUpstream":0}',
    },
  }),
  'key-is-example': async () => ({ env: { OPENAI_API_KEY: 'sk-xxxxxxxx', OPENAI_BASE_URL: await scripted() } }),
  'key-malformed': async () => ({ env: { OPENAI_API_KEY: '"sk-quoted-0123"', OPENAI_BASE_URL: await scripted() } }),
  'key-of-another-vendor': async () => ({
    config: `upstreams: [{ name: u, provider: openai, apiKeys: [sk-ant-api03-0123456789], connection: { proxy: "http://${await nobody()}" } }]`,
    beside: ['proxy-unreachable'],
  }),
  'storage-unwritable': () => ({ config: 'storage: base/x.db', files: { base: 'a file' } }),
  'storage-damaged': () => ({ config: 'storage: x.db', files: { 'x.db': 'This is no database at all.'.repeat(99) } }),
  'storage-unreachable': async () => ({ config: `storage: "postgres://me:${upstreamKey}@${await nobody()}/x"` }),
  'storage-login-refused': () => postgres('28P01', 'password authentication failed for user "me"'),
  'storage-database-missing': () => postgres('3D000', 'database "x" does not exist'),
  'storage-not-allowed': () => postgres('42501', 'permission denied for schema public'),
  'storage-unusable': () => postgres('53300', 'sorry, too many clients already'),
  'storage-newer': () => storedIn({ statement: "insert into kysely_migration values ('9999-later', '2030-01-01')" }),
  'storage-outdated': () => storedIn({ statement: "delete from kysely_migration where name like '0004%'" }),
  'encryption-key-wrong': () => storedIn({ sealed: 'the first key', env: { ENCRYPTION_KEY: 'another key' } }),
  'encryption-key-missing': () => storedIn({ env: { NODE_ENV: 'production' } }),
  'connection-refused': async () => at(`http://${await nobody()}/v1`),
  'connection-cut': async () => at(`http://${await tcp((socket) => socket.once('data', () => socket.destroy()))}/v1`),
  'scheme-wrong': async () => at((await scripted()).replace('http:', 'https:')),
  'not-http': async () => at(`http://${await tcp((socket) => socket.write('220 mail.test ESMTP\r\n'))}/v1`),
  'certificate-expired': () => served(expired),
  'certificate-not-yet-valid': () => served(notYetValid),
  'certificate-wrong-name': async () => at((await scripted({ tls: {} })).replace('localhost', '127.0.0.1'), trusting),
  'certificate-self-signed': () => served(selfSigned, ''),
  'certificate-authority-unknown': async () => at(await scripted({ tls: {} })),
  'client-certificate-needed': () => called(page(400, '400 Bad Request: No required SSL certificate was sent')),
  'proxy-unreachable': async () => at('https://api.example.test', `connection: { proxy: "http://${await nobody()}" }`),
  'proxy-refused': async () => at('https://api.example.test', `connection: { proxy: "${await withoutPassword()}" }`),
  'base-url-wrong': () => called(page(404)),
  'base-url-redirects': () => called(json(301, {}, { location: 'https://elsewhere.test/v1' })),
  'key-refused': () => refused(401, `Incorrect API key provided: ${upstreamKey}.`, 'invalid_api_key'),
  'key-forbidden': () => refused(403, 'You have insufficient permissions for this operation.'),
  'model-forbidden': () => refused(403, 'Project p does not have access to model gpt-x.', 'model_not_found'),
  'model-not-found': () =>
    refused(404, 'The model `gpt-x` does not exist or you do not have access to it.', 'model_not_found'),
  'model-unlisted': async () => at(await scripted(), 'models: [gpt-x, gpt-misspelt]'),
  'deployment-not-found': () =>
    refused(404, 'The API deployment for this resource does not exist.', 'DeploymentNotFound'),
  'inference-profile-needed': () =>
    refused(400, 'Invocation of model ID anthropic.claude with on-demand throughput isn’t supported.'),
  'api-version-wrong': () => refused(400, 'API version not supported', 'BadRequest'),
  'api-disabled': () => refused(403, 'Vertex AI API has not been used in project 1 before or it is disabled.'),
  'region-wrong': () => refused(403, 'Credential should be scoped to a valid region.'),
  'region-unsupported': () =>
    refused(403, 'Country, region, or territory not supported', 'unsupported_country_region_territory'),
  billing: () => refused(429, 'You exceeded your current quota, please check your plan.', 'insufficient_quota'),
  'rate-limited': () => refused(429, 'Rate limit reached for requests', 'rate_limit_exceeded'),
  'upstream-overloaded': () => refused(503, 'The engine is currently overloaded.'),
  'upstream-failing': () => refused(500, 'Internal error.'),
  'answer-timeout': async () => ({ ...(await called(silent)), timeoutMs: 1500 }),
  'request-refused': () => refused(400, 'Unsupported parameter: stream_options.'),
  'tools-unsupported': () => refused(400, 'registry.ollama.ai/library/gpt-x does not support tools'),
  'not-streaming': () => called(whole),
  'stream-cut': () => called(calls((frames) => frames.slice(0, 3))),
  'tool-call-missing': () => called(says('It is sunny.')),
  'tool-call-malformed': () => called(calls((frames) => frames.map((frame) => frame.replace('Paris', 'Par\\\\')))),
  'usage-missing': () => called(calls((frames) => frames.filter((frame) => !frame.includes('prompt_tokens')))),
};

/** A PostgreSQL that refuses whoever comes (its manual, 54.7: ErrorResponse). */
async function postgres(code: string, message: string): Promise<Plant> {
  const fields = `SFATAL\0C${code}\0M${message}\0\0`;
  const length = Buffer.alloc(4);
  length.writeInt32BE(4 + fields.length);
  const refusal = Buffer.concat([Buffer.from('E'), length, Buffer.from(fields)]);
  const address = await tcp((socket) => socket.once('data', () => socket.end(refusal)));
  return { config: `storage: "postgres://me:${upstreamKey}@${address}/x"` };
}

interface StoredPlant extends Plant {
  /** The encryption key it was written with; absent: one in a file beside it. */
  readonly sealed?: string;
  /** What somebody did to it. */
  readonly statement?: string;
}

/** A storage with a key for the upstream `u`. */
async function storedIn({ sealed, statement, config = '', ...plant }: StoredPlant): Promise<Plant> {
  const path = join(folder(), 'proxy.db');
  const encryptionKeys = sealed === undefined ? [] : [sealed];
  const storage = await openStorage({ place: { type: 'sqlite', path }, encryptionKeys });
  await storage.credentials.add({ upstream: 'u', key: upstreamKey });
  await storage.close();
  const database = new DatabaseSync(path);
  if (statement !== undefined) database.exec(statement);
  database.close();
  return { ...plant, config: `${config}\nstorage: "${path}"` };
}

async function withoutPassword(): Promise<string> {
  const { port } = await forwardProxy(9, 'user:password-of-the-proxy');
  return `http://127.0.0.1:${port}`;
}

test.each(Object.entries(plants))('%s', async (id, plant) => {
  const plants = await plant();
  const { findings } = await examined(plants);
  const finding = findings.find((one) => one.id === id);
  expect(finding?.mend, JSON.stringify(findings, null, 1)).toBe(faults[id as FaultId]);
  expect(finding?.seen).not.toBe('');
  expect(JSON.stringify(findings)).not.toContain(upstreamKey);
  const others = findings.filter((one) => one.id !== id && !plants.beside?.includes(one.id));
  // A set-up without an upstream has none, whatever else is wrong with it.
  expect(others.filter((one) => one.id !== 'no-upstream')).toEqual([]);
});

test.each<[FaultId, object]>([
  ['dns-unknown-host', { code: 'ENOTFOUND' }],
  ['dns-unavailable', { code: 'EAI_AGAIN' }],
  ['connection-timeout', { code: 'UND_ERR_CONNECT_TIMEOUT' }],
  ['network-unreachable', { code: 'ENETUNREACH' }],
])('%s, which no test can plant on every machine, is told by its code', (id, members) => {
  const error = new Error('failed', { cause: Object.assign(new Error('inner'), members) });
  expect(networkFault(error)).toBe(id);
});

test('every fault but those of rights is planted', () => {
  const byCode = new Set(['dns-unknown-host', 'dns-unavailable', 'connection-timeout', 'network-unreachable']);
  const missing = Object.keys(faults).filter((id) => !(id in plants) && !byCode.has(id));
  // Whoever runs the tests may be root, who may listen on any port.
  expect(missing).toEqual(['port-not-allowed']);
});

test('stored keys are tried as those of the file are, and stored access keys allow a wide address', async () => {
  const baseUrl = await scripted({ call: refuses(401, `Incorrect API key provided: ${upstreamKey}.`) });
  const config = `upstreams: [{ name: u, provider: openai-compatible, baseUrl: "${baseUrl}", models: [gpt-x] }]`;
  const plant = await storedIn({ config, flags: { host: '0.0.0.0', port: 0 } });
  const wide = await examined(plant);
  expect(wide.findings.map(({ id, subject }) => `${id} ${subject}`)).toEqual([
    expect.stringContaining('host-unsafe'),
    'key-refused u, key 1',
  ]);
  expect(wide.checks[0]?.what).toMatch(/proxy\.db opens$/);
  const [, path = ''] = /storage: "(.*)"/.exec(plant.config ?? '') ?? [];
  const storage = await openStorage({ place: { type: 'sqlite', path } });
  await storage.accessKeys.create({});
  await storage.close();
  expect((await examined(plant)).findings.map(({ id }) => id)).toEqual(['key-refused']);
});

test('a misspelt --upstream is told with a guess and exit code 1', async () => {
  const cwd = planted({ config: 'server: { port: 0 }\nupstreams: [{ name: main, provider: demo }]' });
  const { code, out } = await commandLine(cwd, ['doctor', '--upstream', 'mian', '--json']);
  expect([code, out]).toEqual([1, expect.stringContaining('Did you mean \\"main\\"?')]);
});

test('a healthy set-up shows none, over TLS with a private authority and over plain HTTP', async () => {
  const [first, second] = [await scripted({ tls: {} }), await scripted({ list: lists(['gpt-x', 'gpt-y']) })];
  const cwd = planted({
    config: `accessKeys: ['\${PROXY_KEY_OF_THE_TEAM}']
server: { host: 127.0.0.1, port: 0 }
upstreams:
  - { name: a, provider: openai-compatible, baseUrl: "${first}", apiKeys: [${upstreamKey}, sk-another-key], models: [gpt-x], ${trusting} }
  - { name: b, provider: openai-compatible, baseUrl: "${second}", models: { smart: gpt-x, '*': '*' } }`,
    files: { ...files, '.env': 'PROXY_KEY_OF_THE_TEAM=0123456789abcdef0123456789abcdef' },
  });
  const { code, out } = await commandLine(cwd, ['doctor', '--json']);
  const { findings, checks } = JSON.parse(out) as Awaited<ReturnType<typeof examine>>;
  expect(findings).toEqual([]);
  expect(code).toBe(0);
  expect(checks.map(({ subject, what }) => `${subject}: ${what}`)).toEqual([
    'a: is reached',
    'a, key 1: lists 1 models',
    'a, key 1: gpt-x calls a tool, streamed',
    'a, key 2: lists 1 models',
    'a, key 2: gpt-x calls a tool, streamed',
    'b: is reached',
    'b: lists 2 models',
    'b: smart calls a tool, streamed',
  ]);
});

test('many faults at once are all told, by table and with exit code 1; one upstream alone on request', async () => {
  const urls = await Promise.all([
    scripted({ call: refuses(402, 'Payment required') }),
    scripted({ call: says('No.') }),
    nobody().then((address) => `http://${address}/v1`),
  ]);
  const upstreams = urls.map(
    (url, index) => `{ name: u${index}, provider: openai-compatible, baseUrl: "${url}", models: [gpt-x] }`,
  );
  const cwd = planted({ config: `server: { port: 0 }\nupstreams: [${upstreams.join(', ')}]` });
  const { code, out } = await commandLine(cwd, ['doctor']);
  expect(code).toBe(1);
  for (const part of ['billing', 'tool-call-missing', 'connection-refused', '3 faults']) expect(out).toContain(part);
  const one = await commandLine(cwd, ['doctor', '--upstream', 'u1', '--no-calls']);
  expect(one).toMatchObject({ code: 0, err: '' });
  expect(one.out).toContain('No fault was found.');
});
