/** Azure and Vertex AI as scripted upstreams: each checks who asks and where, and then judges the body as its dialect's vendor would. */
import { createVerify, generateKeyPairSync } from 'node:crypto';
import { azure, vertex, type Provider } from '@proxy/core';
import { upstreamWords, type DialectName, type PlaceWords, type WrappedRequest } from './dialects.ts';

export interface Place {
  readonly name: string;
  readonly dialect: DialectName;
  readonly provider: Provider;
  /** What callers ask for; the place knows it by `words.model`. */
  readonly publicModel: string;
  readonly words: PlaceWords;
  /** The key that a request must show, whatever secret it was made from. */
  readonly shownKey: string;
  /** How it is configured once its address is known. */
  configure(url: string): { readonly secret: string; readonly settings: Readonly<Record<string, string>> };
}

const chat = upstreamWords['openai-chat'];
const deployment = 'prod-blue';
const apiVersion = '2024-10-21';

/** By the classic surface and a key. */
const azureClassic: Place = {
  name: 'azure-classic',
  dialect: 'openai-chat',
  provider: azure,
  publicModel: chat.model,
  shownKey: 'azure-api-key',
  configure: () => ({ secret: 'azure-api-key', settings: { apiVersion } }),
  words: {
    ...chat,
    model: deployment,
    path: new RegExp(`^/openai/deployments/${deployment}/chat/completions\\?api-version=${apiVersion}$`),
    key: (headers) => text(headers['api-key']),
    modelOf: (path) => /deployments\/([^/]+)/.exec(path)?.[1],
    unwrapped: asOpenai,
    faults: ({ headers, body }) => [
      ...(headers['authorization'] === undefined ? [] : ['a key and a bearer token']),
      ...(body['model'] === deployment ? [] : ['the body names another deployment than the path']),
    ],
  },
};

/** The classic surface has Responses beside the deployments, with the deployment in the body. */
const azureClassicResponses: Place = {
  name: 'azure-classic-responses',
  dialect: 'openai-responses',
  provider: azure,
  publicModel: chat.model,
  shownKey: 'azure-api-key',
  configure: () => ({ secret: 'azure-api-key', settings: { apiVersion: '2025-04-01-preview' } }),
  words: {
    ...upstreamWords['openai-responses'],
    model: deployment,
    path: /^\/openai\/responses\?api-version=2025-04-01-preview$/,
    key: (headers) => text(headers['api-key']),
    unwrapped: asOpenai,
    faults: ({ headers }) => (headers['authorization'] === undefined ? [] : ['a key and a bearer token']),
  },
};

/** The v1 surface by a key. */
const azureV1Chat: Place = {
  name: 'azure-v1-chat',
  dialect: 'openai-chat',
  provider: azure,
  publicModel: chat.model,
  shownKey: 'azure-api-key',
  configure: () => ({ secret: 'azure-api-key', settings: {} }),
  words: {
    ...chat,
    model: deployment,
    path: /^\/openai\/v1\/chat\/completions$/,
    key: (headers) => text(headers['api-key']),
    unwrapped: asOpenai,
    faults: ({ headers }) => (headers['authorization'] === undefined ? [] : ['a key and a bearer token']),
  },
};

const entra = {
  tenant: 'tenant-e2e',
  clientId: 'client-e2e',
  clientSecret: 'entra-client-secret',
  token: 'entra-access-token',
};

/** By the v1 surface and a client of Entra. */
const azureV1: Place = {
  name: 'azure-v1',
  dialect: 'openai-responses',
  provider: azure,
  publicModel: chat.model,
  shownKey: entra.token,
  configure: (url) => ({
    secret: `entra:${entra.tenant}:${entra.clientId}:${entra.clientSecret}`,
    settings: { authority: url },
  }),
  words: {
    ...upstreamWords['openai-responses'],
    model: deployment,
    path: /^\/openai\/v1\/responses$/,
    count: {
      path: /^\/openai\/v1\/responses\/input_tokens$/,
      answer: '{"object":"response.input_tokens","input_tokens":120}',
    },
    unwrapped: asOpenai,
    faults: ({ headers }) => (headers['api-key'] === undefined ? [] : ['a bearer token and a key']),
    token: {
      path: new RegExp(`^/${entra.tenant}/oauth2/v2\\.0/token$`),
      async answer(form) {
        const known =
          form.get('grant_type') === 'client_credentials' &&
          form.get('client_id') === entra.clientId &&
          form.get('client_secret') === entra.clientSecret &&
          form.get('scope') === 'https://cognitiveservices.azure.com/.default';
        return known
          ? { status: 200, body: { token_type: 'Bearer', expires_in: 3599, access_token: entra.token } }
          : { status: 401, body: { error: 'invalid_client', error_description: 'AADSTS7000215' } };
      },
    },
  },
};

const account = { email: 'e2e@some-project.iam.gserviceaccount.com', token: 'ya29.google-access-token' };
const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
const privateKey = keys.privateKey.export({ type: 'pkcs8', format: 'pem' });
const project = 'my-project';
const location = 'us-east5';
const parent = `/projects/${project}/locations/${location}/publishers`;

/** As Google would make it, but with a key that it never saw; `{url}` stands for the place. */
export const strangersAccount = JSON.stringify({
  type: 'service_account',
  project_id: 'some-project',
  client_email: account.email,
  private_key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
  token_uri: '{url}/token',
});

const google = {
  provider: vertex,
  shownKey: account.token,
  configure: (url: string) => ({
    secret: JSON.stringify({
      type: 'service_account',
      project_id: 'some-project',
      client_email: account.email,
      private_key: privateKey,
      token_uri: `${url}/token`,
    }),
    settings: { project, location },
  }),
};

const token: PlaceWords['token'] = {
  path: /^\/token$/,
  async answer(form) {
    const fault = assertionFault(form);
    return fault === undefined
      ? { status: 200, body: { token_type: 'Bearer', expires_in: 3599, access_token: account.token } }
      : { status: 400, body: { error: 'invalid_grant', error_description: fault } };
  },
};

/** RFC 7523 §3, the signature checked by the public key. */
function assertionFault(form: URLSearchParams): string | undefined {
  if (form.get('grant_type') !== 'urn:ietf:params:oauth:grant-type:jwt-bearer') return 'Unknown grant.';
  const [head = '', claims = '', signature = ''] = (form.get('assertion') ?? '').split('.');
  const verify = createVerify('RSA-SHA256').update(`${head}.${claims}`);
  if (!verify.verify(keys.publicKey, signature, 'base64url')) return 'Invalid JWT Signature.';
  const { alg } = decoded(head);
  const { iss, aud, iat, exp, scope } = decoded(claims);
  const now = Date.now() / 1000;
  if (alg !== 'RS256' || iss !== account.email) return 'Wrong issuer.';
  if (!/^http:\/\/127\.0\.0\.1:\d+\/token$/.test(String(aud))) return 'Wrong audience.';
  if (Math.abs(Number(iat) - now) > 60 || Number(exp) - Number(iat) > 3600) return 'Wrong times.';
  return scope === 'https://www.googleapis.com/auth/cloud-platform' ? undefined : 'Wrong scope.';
}

function decoded(part: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>; // our gateway wrote it
}

const geminiWords = upstreamWords['gemini-generate'];
const geminiPath = new RegExp(
  `^/v1beta1${parent}/google/models/([^/:]+):(generateContent|streamGenerateContent\\?alt=sse)$`,
);

const vertexGemini: Place = {
  ...google,
  name: 'vertex-gemini',
  dialect: 'gemini-generate',
  publicModel: geminiWords.model,
  words: {
    ...geminiWords,
    path: geminiPath,
    count: { path: new RegExp(`^/v1beta1${parent}/google/models/[^/:]+:countTokens$`), answer: '{"totalTokens": 120}' },
    key: bearer,
    modelOf: (path) => geminiPath.exec(path)?.[1],
    unwrapped: (asked) => asked,
    faults: ({ headers }) => (headers['x-goog-api-key'] === undefined ? [] : ['a bearer token and a key']),
    token,
  },
};

const claudeWords = upstreamWords['anthropic-messages'];
const claudePath = new RegExp(`^/v1${parent}/anthropic/models/([^/:]+):(rawPredict|streamRawPredict)$`);

const vertexClaude: Place = {
  ...google,
  name: 'vertex-claude',
  dialect: 'anthropic-messages',
  publicModel: claudeWords.model,
  words: {
    ...claudeWords,
    path: claudePath,
    count: {
      path: new RegExp(`^/v1${parent}/anthropic/models/count-tokens:rawPredict$`),
      answer: '{"input_tokens":120}',
    },
    key: bearer,
    modelOf: (path) => claudePath.exec(path)?.[1],
    unwrapped(asked) {
      const { anthropic_version: _, ...body } = asked.body;
      const headers = { ...asked.headers, 'anthropic-version': '2023-06-01' };
      return { ...asked, headers, body: { model: asked.model, ...body } };
    },
    faults: ({ body, headers, path }) => [
      ...(body['anthropic_version'] === 'vertex-2023-10-16' ? [] : ['anthropic_version: Field required']),
      ...('model' in body ? ['model: Extra inputs are not permitted'] : []),
      ...(headers['anthropic-version'] === undefined ? [] : ['the version as a header']),
      ...(path.includes('stream') === (body['stream'] === true) ? [] : ['path and body disagree about streaming']),
    ],
    token,
  },
};

export const places: readonly Place[] = [
  azureClassic,
  azureClassicResponses,
  azureV1,
  azureV1Chat,
  vertexGemini,
  vertexClaude,
];

/** The rules ask what model it is; the deployment's name does not tell. */
function asOpenai(asked: WrappedRequest): WrappedRequest {
  return { ...asked, model: chat.model, body: { ...asked.body, model: chat.model } };
}

function bearer(headers: WrappedRequest['headers']): string | undefined {
  return /^Bearer (.+)$/.exec(text(headers['authorization']) ?? '')?.[1];
}

function text(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
