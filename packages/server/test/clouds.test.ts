import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { masked } from '../src/config/masked.ts';
import { secretsOf } from '../src/config/build.ts';
import { transportOptions } from '../src/transports.ts';
import { folder, load, start } from './support.ts';
import { recordingUpstream } from './upstream.ts';

function ask(url: string, model: string): Promise<Response> {
  return fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, max_tokens: 99, messages: [{ role: 'user', content: 'Hi' }] }),
  });
}

const privateKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
  type: 'pkcs8',
  format: 'pem',
}) as string; // a text, since the format is PEM
const accountFile = (tokenUri: string) =>
  JSON.stringify({
    type: 'service_account',
    project_id: 'home',
    client_email: 'a@b.test',
    private_key: privateKey,
    token_uri: tokenUri,
  });

/** Vertex and its token endpoint in one. */
async function cloud() {
  const asked: { readonly url: string; readonly authorization: string | undefined; readonly body: string }[] = [];
  const upstream = await recordingUpstream({
    listener: (request, response) => {
      let body = '';
      request.on('data', (piece) => (body += String(piece)));
      request.on('end', () => {
        const { authorization } = request.headers;
        asked.push({ url: request.url ?? '', authorization, body });
        response.setHeader('content-type', 'application/json');
        const reply = { candidates: [{ content: { role: 'model', parts: [{ text: 'hi' }] }, finishReason: 'STOP' }] };
        response.end(JSON.stringify(request.url === '/token' ? { access_token: 'ya29.x', expires_in: 3600 } : reply));
      });
    },
  });
  return { url: upstream.url, asked };
}

describe('Azure, by its own variables and without a file', () => {
  test('key and endpoint', async () => {
    const upstream = await recordingUpstream();
    const env = {
      AZURE_OPENAI_API_KEY: 'azure-key-123',
      AZURE_OPENAI_ENDPOINT: `${upstream.url}/`,
      OPENAI_API_VERSION: '2024-10-21',
    };
    const server = await start({ env });
    const chat = await fetch(`${server.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi' }] }),
    });
    expect(chat.status).toBe(200);
    expect(upstream.seen).toMatchObject([
      {
        url: '/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21',
        headers: { 'api-key': 'azure-key-123' },
      },
    ]);
  });

  test('a key without an address is told, and stops nobody', () => {
    const config = load(folder(), { AZURE_OPENAI_API_KEY: 'k', OPENAI_API_KEY: 'o' });
    expect(config.upstreams.map(({ name }) => name)).toEqual(['openai']);
    expect(config.notes.join()).toContain(
      'There is a key for azure, but no address, so it is ignored: set AZURE_OPENAI_ENDPOINT',
    );
  });

  test('the vendor that is at home with a model comes before the cloud that has it too', () => {
    const env = { AZURE_OPENAI_API_KEY: 'k', AZURE_OPENAI_RESOURCE: 'r', OPENAI_API_KEY: 'o' };
    expect(load(folder(), env).upstreams.map(({ name }) => name)).toEqual(['openai', 'azure']);
  });

  test('an application of Entra, masked wherever it is shown', () => {
    const env = {
      AZURE_TENANT_ID: 't',
      AZURE_CLIENT_ID: 'c',
      AZURE_CLIENT_SECRET: 'secret-of-the-app',
      AZURE_OPENAI_ENDPOINT: 'https://r',
    };
    const config = load(folder(), env);
    expect(config.upstreams).toMatchObject([{ provider: 'azure', apiKeys: [{ key: 'entra:t:c:secret-of-the-app' }] }]);
    expect(JSON.stringify(masked(config))).not.toContain('secret-of-the-app');
    expect(secretsOf(config)).toContain('secret-of-the-app');
  });

  test('credentials of Entra alone are somebody else’s', () => {
    const config = load(folder(), { AZURE_TENANT_ID: 't', AZURE_CLIENT_ID: 'c', AZURE_CLIENT_SECRET: 's' });
    expect(config.upstreams.map(({ name }) => name)).toEqual(['demo']);
  });

  test('the predecessor’s credentials bring their resource along', () => {
    const file = 'upstreams: [{ name: az, provider: azure, apiKeys: ["east:gpt-4o:k1", "west:gpt-4o:k2"] }]';
    expect(load(folder({ 'proxy.config.yaml': file })).upstreams[0]?.apiKeys).toHaveLength(2);
  });

  test('F9 F11 and so does its list in the environment, each once', () => {
    const env = { AZURE_CREDENTIALS: 'east:gpt-4o:key-number-1, west:gpt-4o:key-number-2,east:gpt-4o:key-number-1' };
    const config = load(folder(), env);
    expect(config.upstreams).toMatchObject([
      { provider: 'azure', apiKeys: [{ key: 'east:gpt-4o:key-number-1' }, { key: 'west:gpt-4o:key-number-2' }] },
    ]);
    expect(config.notes).toEqual([]);
    expect(secretsOf(config)).toContain('key-number-2');
  });

  test.each([
    ['no address', 'apiKeys: [k]', "upstreams[0].resource: is missing. It is the resource's name"],
    [
      'a misspelt setting',
      'apiKeys: [k], resource: r, settings: { deploymnt: d }',
      'upstreams[0].deploymnt: "deploymnt" is not a setting',
    ],
    [
      'no version',
      'apiKeys: [k], resource: r, apiVersion: newest',
      'upstreams[0].apiVersion: "newest" is not a version',
    ],
  ])('%s is told', (_what, members, problem) => {
    const yaml = `upstreams: [{ name: a, provider: azure, ${members} }]`;
    expect(() => load(folder({ 'proxy.config.yaml': yaml }))).toThrow(problem);
  });
});

describe('Vertex AI, by its own variables and without a file', () => {
  test('GOOGLE_APPLICATION_CREDENTIALS, project and location', async () => {
    const { url, asked } = await cloud();
    const cwd = folder({ 'sa.json': accountFile(`${url}/token`) });
    const env = {
      GOOGLE_APPLICATION_CREDENTIALS: `${cwd}/sa.json`,
      GOOGLE_CLOUD_PROJECT: 'my-project',
      GOOGLE_CLOUD_LOCATION: 'europe-west4',
      VERTEX_BASE_URL: url,
    };
    const server = await start({ cwd, env });
    for (const _ of [1, 2]) expect((await ask(server.url, 'gemini-2.5-pro')).status).toBe(200);
    const path =
      '/v1beta1/projects/my-project/locations/europe-west4/publishers/google/models/gemini-2.5-pro:generateContent';
    expect(asked.map((one) => [one.url, one.authorization])).toEqual([
      ['/token', undefined],
      [path, 'Bearer ya29.x'],
      [path, 'Bearer ya29.x'],
    ]);
    const line = privateKey.split('\n')[3] ?? '';
    expect(line.length).toBeGreaterThan(40);
    expect(JSON.stringify(masked(server.config())) + server.log.lines.join('')).not.toContain(line);
    expect(secretsOf(server.config())).toContain(privateKey);
  });

  test('F8 the predecessor’s list in the environment', () => {
    const credential = `old-project:a@b.test:us-east5:${privateKey.replaceAll('\n', '\\n')}`;
    const { upstreams } = load(folder(), { GCP_CREDENTIALS: credential });
    expect(upstreams).toEqual([{ name: 'vertex', provider: 'vertex', apiKeys: [{ key: credential }] }]);
  });

  test('a file that is not there is told, and stops nobody', () => {
    const config = load(folder(), { GOOGLE_APPLICATION_CREDENTIALS: '/nowhere/sa.json' });
    expect(config.notes.join()).toContain('The key for vertex is ignored: /nowhere/sa.json cannot be read (ENOENT).');
  });

  test('a key may be in a file, named relative to the configuration', () => {
    const upstreams =
      'upstreams: [{ name: v, provider: vertex, project: 123456, location: us, apiKeys: [{ file: sa.json, weight: 2 }] }]';
    const config = load(folder({ 'sa.json': `${accountFile('https://t')}\n`, 'proxy.config.yaml': upstreams }));
    expect(config.upstreams).toMatchObject([
      { settings: { project: '123456', location: 'us' }, apiKeys: [{ key: accountFile('https://t'), weight: 2 }] },
    ]);
  });

  test.each([
    ['apiKeys: [{ file: none.json }]', /upstreams\[0\].apiKeys\[0\]: .*none.json cannot be read \(ENOENT\)/],
    ['apiKeys: [{ weight: 2 }]', /upstreams\[0\].apiKeys\[0\]: needs either a key or a file/],
    ['apiKeys: [k], location: "Frankfurt am Main"', /upstreams\[0\].location: "Frankfurt am Main" is not a region/],
  ])('%s is told', (members, problem) => {
    const yaml = `upstreams: [{ name: v, provider: vertex, ${members} }]`;
    expect(() => load(folder({ 'proxy.config.yaml': yaml }))).toThrow(problem);
  });
});

test('tokens are fetched over the upstream’s own proxy, with their certificates checked', () => {
  const yaml = `upstreams:
  - { name: v, provider: vertex, location: us-east5, apiKeys: [k], insecureSkipVerify: true, connection: { proxy: "http://p:1" } }
  - { name: a, provider: azure, resource: r, apiKeys: [k], connection: { proxy: "http://q:1" } }`;
  const { origins } = transportOptions(load(folder({ 'proxy.config.yaml': yaml })));
  expect(origins).toMatchObject({
    'https://us-east5-aiplatform.googleapis.com': { proxy: 'http://p:1', insecureSkipVerify: true },
    'https://oauth2.googleapis.com': { proxy: 'http://p:1' },
    'https://r.openai.azure.com': { proxy: 'http://q:1' },
    'https://login.microsoftonline.com': { proxy: 'http://q:1' },
  });
  expect(origins?.['https://oauth2.googleapis.com']).not.toHaveProperty('insecureSkipVerify');
});
