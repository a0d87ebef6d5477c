import { googleKey, identityOf, isApiKey } from '../auth/google-key.ts';
import { Failure } from '../conversation/failure.ts';
import { anthropicMessages } from '../dialects/anthropic-messages/index.ts';
import { geminiGenerate } from '../dialects/gemini-generate/index.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { vertexEmbedContent, vertexFormOf } from '../embeddings/vertex.ts';
import { joinUrl, withQuery } from './base-url.ts';
import type { EmbeddingEndpointCall, EndpointCall, Provider } from './provider.ts';
import { claudeOnVertex, geminiOnVertex } from './vertex-bindings.ts';

const globalAddress = 'https://aiplatform.googleapis.com';

/** Google's Vertex AI: Gemini, and Claude in an envelope of Google's. */
export const vertex: Provider = {
  name: 'vertex',
  speaks: [geminiGenerate, anthropicMessages],
  takes: (dialect, model) => (dialect === anthropicMessages) === isClaude(model),
  bindings: { [anthropicMessages.name]: claudeOnVertex, [geminiGenerate.name]: geminiOnVertex },
  baseUrl: globalAddress,
  settings: {
    project: {
      meaning: "the project's id; absent: the one that the credential names",
      pattern: /^[a-z0-9:.-]+$/,
      variables: ['GOOGLE_CLOUD_PROJECT', 'ANTHROPIC_VERTEX_PROJECT_ID', 'GCLOUD_PROJECT'],
    },
    location: {
      meaning: 'a region such as us-east5, a multi-region (us, eu), or global',
      pattern: /^[a-z0-9-]+$/,
      variables: ['GOOGLE_CLOUD_LOCATION', 'CLOUD_ML_REGION', 'GOOGLE_CLOUD_REGION'],
    },
  },
  settingsOf(credential) {
    const identity = identityOf(credential);
    // A project that is the account's home gives way to one that is configured; the predecessor's form means it.
    if (identity?.type === 'service-account' && identity.location !== undefined)
      return { project: identity.project ?? '', location: identity.location };
    if (identity?.project !== undefined) return { homeProject: identity.project };
    return isApiKey(credential) ? { express: 'true' } : {};
  },
  nameOf: (model) => (isClaude(model) ? plainName(model).replace(/-(\d{8})$/, '@$1') : plainName(model)),
  variables: { key: ['VERTEX_API_KEY'], baseUrl: ['VERTEX_BASE_URL', 'ANTHROPIC_VERTEX_BASE_URL'] },
  models: ['claude-*', 'gemini-*', 'text-embedding-00*', 'text-multilingual-embedding-*'],
  tokenOrigins: ['https://oauth2.googleapis.com'],
  endpoint,
  embeddings: { formOf: vertexFormOf, endpoint: embeddingEndpoint },
  authorize: googleKey,
  facts: { searchExclusions: true },
};

/** `publishers/anthropic/models/x`, `anthropic/x` and `models/x` are x. */
function plainName(model: string): string {
  return model.slice(model.lastIndexOf('/') + 1);
}

function isClaude(model: string): boolean {
  return /(^|\/)claude-/.test(model);
}

function endpoint({ dialect, operation, model, streaming, baseUrl, settings, query }: EndpointCall): string {
  const claude = dialect === anthropicMessages;
  const at = (path: string) => urlOf(path, dialect, baseUrl, settings);
  const name = nameInPath(model);
  switch (operation) {
    case 'generate':
      // The caller's `?beta=true` means nothing here.
      if (claude) return at(`${name}:${streaming ? 'streamRawPredict' : 'rawPredict'}`);
      if (!streaming) return withQuery(at(`${name}:generateContent`), query);
      return withQuery(at(`${name}:streamGenerateContent`), query ?? new URLSearchParams({ alt: 'sse' }));
    case 'count-tokens':
      return claude ? at('count-tokens:rawPredict') : at(`${name}:countTokens`);
    case 'list-models':
      return at('').replace(/\/$/, '');
    case 'get-model':
      return at(name);
  }
}

function embeddingEndpoint({ form, model, baseUrl, settings }: EmbeddingEndpointCall): string {
  const action = form === vertexEmbedContent ? 'embedContent' : 'predict';
  return urlOf(`${nameInPath(model)}:${action}`, geminiGenerate, baseUrl, settings);
}

function urlOf(path: string, dialect: Dialect, baseUrl: string, settings: EndpointCall['settings']): string {
  const claude = dialect === anthropicMessages;
  const { location = 'global' } = settings;
  const parent = parentOf(settings, location, dialect);
  const publisher = `${parent}/publishers/${claude ? 'anthropic' : 'google'}/models`;
  const address = baseUrl === globalAddress ? addressOf(location) : baseUrl;
  // Claude's SDK asks v1, Google's own v1beta1.
  return joinUrl(address, `/${claude ? 'v1' : 'v1beta1'}${publisher}/${path}`);
}

function nameInPath(model: string): string {
  return encodeURIComponent(model).replaceAll('%40', '@');
}

/** As the vendors' SDKs have it: @anthropic-ai/vertex-sdk 1.1.3 and @google/genai 3.1.0 agree. */
function addressOf(location: string): string {
  if (location === 'global') return globalAddress;
  if (location === 'us' || location === 'eu') return `https://aiplatform.${location}.rep.googleapis.com`;
  return `https://${location}-aiplatform.googleapis.com`;
}

/** @throws Failure when no project is known, without which only an API key can ask, and only for Gemini. */
function parentOf(settings: EndpointCall['settings'], location: string, dialect: Dialect): string {
  const project = settings.project ?? settings.homeProject;
  if (project) return `/projects/${encodeURIComponent(project)}/locations/${encodeURIComponent(location)}`;
  if (settings.express === 'true' && dialect === geminiGenerate) return '';
  throw new Failure(
    'server',
    'Vertex AI needs a "project" in the upstream\'s configuration (or GOOGLE_CLOUD_PROJECT).',
  );
}
