import { importSPKI, jwtVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import type { Upstream } from '../gateway/gateway.ts';
import type { OutboundRequest } from '../ports.ts';
import { email, privateKey, publicKey, serviceAccount } from '../testing/google-account.ts';
import { geminiReply, jsonOf, messageReply, placeAt, say, type Answer } from '../testing/places.ts';
import { vertex } from './vertex.ts';

const isToken = ({ url }: OutboundRequest) => url.endsWith('/token');

function answering(request: OutboundRequest): Answer {
  if (isToken(request)) return { body: { access_token: 'ya29.fetched', expires_in: 3599, token_type: 'Bearer' } };
  if (request.url.includes('count-tokens')) return { body: { input_tokens: 42 } };
  if (request.url.includes(':countTokens')) return { body: { totalTokens: 43 } };
  return { body: request.url.includes('anthropic') ? messageReply : geminiReply };
}

const key = (secret: string) => [{ id: 'k', secret }];
const at = (upstream: Partial<Upstream>) =>
  placeAt(vertex, { credentials: key(serviceAccount), ...upstream }, answering);
const settings = (location: string) => ({ settings: { project: 'my-project', location } });

/** Past the token's. */
async function sent(upstream: Partial<Upstream>, path: string, body: object, headers: Record<string, string> = {}) {
  const place = at(upstream);
  const { status, text } = await place.ask(path, body, headers);
  const request = place.requests.find((one) => !isToken(one));
  return { status, text, request, url: request?.url, json: jsonOf(request), records: place.records() };
}

const contents = [{ role: 'user', parts: [{ text: 'Hi' }] }];
const project = '/projects/my-project/locations';
const claude = 'claude-sonnet-4-5';

describe('addresses', () => {
  const gemini = (host: string, location: string) =>
    `https://${host}/v1beta1${project}/${location}/publishers/google/models/gemini-2.5-pro:generateContent`;
  test.each([
    ['global', gemini('aiplatform.googleapis.com', 'global')],
    ['us-central1', gemini('us-central1-aiplatform.googleapis.com', 'us-central1')],
    ['us', gemini('aiplatform.us.rep.googleapis.com', 'us')],
    ['eu', gemini('aiplatform.eu.rep.googleapis.com', 'eu')],
  ])('of %s, by its SDKs', async (location, url) => {
    expect((await sent(settings(location), '/v1/messages', say('gemini-2.5-pro'))).url).toBe(url);
  });

  test('global without a location, and the account’s own project without a project', async () => {
    const { url } = await sent({}, '/v1/messages', say('gemini-2.5-pro'));
    expect(url).toContain('https://aiplatform.googleapis.com/v1beta1/projects/home-project/locations/global/');
  });

  test('D19 another address, with and without its version', async () => {
    for (const baseUrl of ['https://gw.test/vertex', 'https://gw.test/vertex/v1beta1/']) {
      const { url } = await sent({ ...settings('eu'), baseUrl }, '/v1/messages', say('gemini-2.5-pro'));
      expect(url).toBe(
        `https://gw.test/vertex/v1beta1${project}/eu/publishers/google/models/gemini-2.5-pro:generateContent`,
      );
    }
  });

  test.each(['google/gemini-2.5-pro', 'publishers/google/models/gemini-2.5-pro', 'models/gemini-2.5-pro'])(
    'the model may be written %s',
    async (model) => {
      const { url } = await sent(settings('us'), '/v1/messages', say(model));
      expect(url).toMatch(/\/publishers\/google\/models\/gemini-2\.5-pro:generateContent$/);
    },
  );
});

describe('the model decides the language', () => {
  test('Gemini: relayed with the caller’s own query, converted with SSE', async () => {
    const { url, request } = await sent(settings('us'), '/v1beta/models/up%2Fgemini-2.5-pro:streamGenerateContent?alt=sse&key=mine', { contents });
    expect(url).toMatch(/publishers\/google\/models\/gemini-2\.5-pro:streamGenerateContent\?alt=sse$/);
    expect(request?.headers.authorization).toBe('Bearer ya29.fetched');
    const converted = await sent(settings('us'), '/v1/messages', say('gemini-2.5-pro', { stream: true }));
    expect(converted.url).toMatch(/:streamGenerateContent\?alt=sse$/);
    expect(converted.json.contents).toEqual(contents);
  }); // prettier-ignore

  test('B1 Claude: version in the body, model in the path, relayed', async () => {
    const { url, json, request, status } = await sent(
      settings('us-east5'),
      '/v1/messages?beta=true',
      say(claude, { stream: true }),
      { 'anthropic-version': '2023-06-01' },
    );
    expect(status).toBe(200);
    expect(url).toBe(
      `https://us-east5-aiplatform.googleapis.com/v1${project}/us-east5/publishers/anthropic/models/${claude}:streamRawPredict`,
    );
    expect(json).toEqual({
      anthropic_version: 'vertex-2023-10-16',
      max_tokens: 99,
      messages: [{ role: 'user', content: 'Hi' }],
      stream: true,
    });
    expect(request?.headers).not.toHaveProperty('anthropic-version');
  });

  test('B1 Claude: the same, converted from Chat', async () => {
    const { url, json } = await sent(settings('global'), '/v1/chat/completions', say(claude));
    expect(url).toMatch(/^https:\/\/aiplatform\.googleapis\.com\/v1\/projects.*:rawPredict$/);
    expect(json.anthropic_version).toBe('vertex-2023-10-16');
    expect(json).not.toHaveProperty('model');
    expect(json).not.toHaveProperty('stream');
  });

  test('a dated Claude is written with an at-sign here', async () => {
    const { url } = await sent(settings('us-east5'), '/v1/messages', say('claude-opus-4-1-20250805'));
    expect(url).toContain('/models/claude-opus-4-1@20250805:rawPredict');
  });

  test('N1 counting: Claude by a model of that name, Gemini by its own operation, each asked in its form', async () => {
    const one = await sent(settings('us'), '/v1/messages/count_tokens', { model: `up/${claude}`, messages: say('').messages });
    expect(one.url).toMatch(/publishers\/anthropic\/models\/count-tokens:rawPredict$/);
    expect(one.json).toMatchObject({ anthropic_version: 'vertex-2023-10-16', model: claude });
    expect(JSON.parse(one.text)).toEqual({ input_tokens: 42 });
    for (const [path, body] of [
      ['/v1/messages/count_tokens', { model: 'up/gemini-2.5-pro', system: 'Be terse.', messages: say('').messages }],
      ['/v1beta/models/up%2Fgemini-2.5-pro:countTokens', { contents, systemInstruction: { parts: [{ text: 'Be terse.' }] } }],
      ['/v1beta/models/up%2Fgemini-2.5-pro:countTokens', { generateContentRequest: { model: 'models/x', contents, systemInstruction: { parts: [{ text: 'Be terse.' }] } } }],
    ] as const) {
      const other = await sent(settings('us'), path, body);
      expect(other.url).toMatch(/publishers\/google\/models\/gemini-2\.5-pro:countTokens$/);
      expect(other.json).toMatchObject({ contents, systemInstruction: { parts: [{ text: 'Be terse.' }] } });
      expect(other.json).not.toHaveProperty('generateContentRequest');
      expect(other.text).toContain('43');
    }
  }); // prettier-ignore
});

describe('H3 H4 beta flags', () => {
  test('those that Vertex knows go along, others are told and dropped with what needs them', async () => {
    const flags = 'claude-code-20250219,interleaved-thinking-2025-05-14,advanced-tool-use-2025-11-20,mcp-client-2025-11-20,fine-grained-tool-streaming-2025-05-14';
    const mcp = { mcp_servers: [{ type: 'url', url: 'https://m', name: 'm' }] };
    const { request, json, records } = await sent(settings('us'), '/v1/messages', say(claude, mcp), { 'anthropic-beta': flags });
    expect(request?.headers['anthropic-beta']).toBe('claude-code-20250219,interleaved-thinking-2025-05-14,tool-search-tool-2025-10-19');
    expect(json).not.toHaveProperty('mcp_servers');
    expect(records[0]?.notices.map(({ field }) => field)).toEqual([
      'anthropic-beta: mcp-client-2025-11-20',
      'mcp_servers',
      'anthropic-beta: fine-grained-tool-streaming-2025-05-14',
    ]);
  }); // prettier-ignore

  test('none left, no header', async () => {
    const { request } = await sent(settings('us'), '/v1/messages', say(claude), {
      'anthropic-beta': 'files-api-2025-04-14',
    });
    expect(request?.headers).not.toHaveProperty('anthropic-beta');
  });
});

describe('F8 who asks', () => {
  const form = (request: OutboundRequest | undefined) => Object.fromEntries(new URLSearchParams(String(request?.body)));

  test('a service account: an assertion that its public key proves, exchanged once for all', async () => {
    const place = at(settings('us'));
    await Promise.all([1, 2, 3].map(() => place.ask('/v1/messages', say(claude))));
    const tokens = place.requests.filter(isToken);
    expect([tokens.length, place.requests.length]).toEqual([1, 4]);
    expect(tokens[0]?.url).toBe('https://oauth2.googleapis.com/token');
    const { grant_type: grant, assertion = '' } = form(tokens[0]);
    expect(grant).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer');
    const { payload, protectedHeader } = await jwtVerify(assertion, await importSPKI(publicKey, 'RS256'), {
      audience: 'https://oauth2.googleapis.com/token',
      issuer: email,
      currentDate: new Date(place.now()),
    });
    expect(protectedHeader).toEqual({ alg: 'RS256', typ: 'JWT', kid: 'key-1' });
    expect(payload).toMatchObject({ scope: 'https://www.googleapis.com/auth/cloud-platform', sub: email });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(3600);
  });

  const base64 = privateKey.replace(/-----[^-]+-----|\s/g, '');
  test.each([
    ['with its line breaks', privateKey],
    ['with line breaks written out', privateKey.replaceAll('\n', '\\n')],
    ['on one line', privateKey.replaceAll('\n', '')],
    ['without its frame', base64],
  ])('the predecessor’s project:email:region:key, the key %s', async (_how, written) => {
    const place = at({
      credentials: key(`old-project:${email}:europe-west1:${written}`),
      settings: { project: 'other' },
    });
    expect((await place.ask('/v1/messages', say(claude))).status).toBe(200);
    const { assertion = '' } = form(place.requests[0]);
    await jwtVerify(assertion, await importSPKI(publicKey, 'RS256'), {
      issuer: email,
      currentDate: new Date(place.now()),
    });
    expect(place.requests[1]?.url).toContain(
      'https://europe-west1-aiplatform.googleapis.com/v1/projects/old-project/locations/europe-west1/publishers/anthropic/models/',
    );
  });

  test('gcloud’s own credentials', async () => {
    const file = {
      type: 'authorized_user',
      client_id: 'c',
      client_secret: 's',
      refresh_token: 'r',
      quota_project_id: 'mine',
    };
    const place = at({ credentials: key(JSON.stringify(file)) });
    await place.ask('/v1/messages', say(claude));
    expect(form(place.requests[0])).toEqual({
      grant_type: 'refresh_token',
      client_id: 'c',
      client_secret: 's',
      refresh_token: 'r',
    });
    expect(place.requests[1]?.url).toContain('/projects/mine/');
  });

  test('an API key in express mode: no project, a header of its own, no token', async () => {
    const { url, request } = await sent({ credentials: key('AQ.express') }, '/v1/messages', say('gemini-2.5-pro'));
    expect(url).toBe(
      'https://aiplatform.googleapis.com/v1beta1/publishers/google/models/gemini-2.5-pro:generateContent',
    );
    expect(request?.headers).toMatchObject({ 'x-goog-api-key': 'AQ.express' });
    expect(request?.headers).not.toHaveProperty('authorization');
  });

  test('Claude has no express mode', async () => {
    const { status, text } = await at({ credentials: key('AQ.express') }).ask('/v1/messages', say(claude));
    expect([status, text]).toEqual([500, expect.stringContaining('needs a \\"project\\"')]);
  });

  test('an access token given as it is', async () => {
    const { request } = await sent({ ...settings('us'), credentials: key('ya29.given') }, '/v1/messages', say(claude));
    expect(request?.headers.authorization).toBe('Bearer ya29.given');
  });

  test('a key that cannot be read is told without a piece of it', async () => {
    const broken = serviceAccount.replace(/MII[^"]+/, 'broken-private-key-text');
    const place = at({ ...settings('us'), credentials: key(broken) });
    const { status, text } = await place.ask('/v1/messages', say(claude));
    expect([status, text]).toEqual([401, expect.stringContaining('PKCS #8')]);
    expect(text + JSON.stringify(place.records())).not.toContain('broken-private');
  });

  test('a refused account is told in Google’s words', async () => {
    const place = placeAt(vertex, { credentials: key(serviceAccount) }, () => ({
      status: 400,
      body: { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' },
    }));
    const { status, text } = await place.ask('/v1/messages', say(claude));
    expect([status, text]).toEqual([401, expect.stringContaining('invalid_grant: Invalid JWT Signature.')]);
  });
});
