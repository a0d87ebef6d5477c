import type { Authorize } from '../auth/authorize.ts';
import { headerKey } from '../auth/header-key.ts';
import { Failure } from '../conversation/failure.ts';
import { geminiGenerate } from '../dialects/gemini-generate/index.ts';
import { geminiEmbeddings } from '../embeddings/gemini.ts';
import { joinUrl, withQuery } from './base-url.ts';
import type { EndpointCall, Provider } from './provider.ts';

const inHeader = headerKey('x-goog-api-key');

/** The Live API reads the key from its query, as Google's SDK sends it. */
const authorize: Authorize = (request, credential) =>
  request.url.includes('/ws/google.')
    ? { url: withQueryKey(request.url, credential.secret), headers: request.headers }
    : inHeader(request, credential);

function withQueryKey(url: string, key: string): string {
  return `${url}${url.includes('?') ? '&' : '?'}key=${encodeURIComponent(key)}`;
}

/** Google's Gemini API (AI Studio keys). */
export const gemini: Provider = {
  name: 'gemini',
  speaks: [geminiGenerate],
  baseUrl: 'https://generativelanguage.googleapis.com',
  models: ['gemini-*', 'gemma-*', 'learnlm-*'],
  endpoint,
  listsModels: geminiGenerate,
  relay: {
    endpoint: ({ path, baseUrl, query }) =>
      path.startsWith('/ws/')
        ? withQuery(joinUrl(baseUrl.replace(/\/v\d\w*\/?$/, ''), path), query)
        : withQuery(joinUrl(baseUrl, path.replace('/models/models/', '/models/')), query),
  },
  embeddings: {
    formOf: () => geminiEmbeddings,
    endpoint: ({ model, baseUrl }) => joinUrl(baseUrl, `${pathOf(model)}:batchEmbedContents`),
  },
  authorize,
  facts: { searchExclusions: false },
  variables: { key: ['GEMINI_API_KEY', 'GOOGLE_API_KEY'], baseUrl: ['GOOGLE_GEMINI_BASE_URL', 'GEMINI_BASE_URL'] },
};

/** A model's name may hold slashes. @throws Failure for one that would lead out of the models. */
function pathOf(model: string): string {
  const segments = model.replace(/^models\//, '').split('/');
  if (segments.some((segment) => /^\.*$/.test(segment)))
    throw new Failure('bad-request', `Malformed model "${model}": it is a path, not a name.`, { field: 'model' });
  return `/v1beta/models/${segments.map(encodeURIComponent).join('/')}`;
}

function endpoint({ operation, model, streaming, baseUrl, query }: EndpointCall): string {
  switch (operation) {
    case 'generate':
      if (!streaming) return withQuery(joinUrl(baseUrl, `${pathOf(model)}:generateContent`), query);
      // A relayed caller's own query says whether it wants SSE or an array; a converted one always reads SSE (X5).
      return withQuery(
        joinUrl(baseUrl, `${pathOf(model)}:streamGenerateContent`),
        query ?? new URLSearchParams({ alt: 'sse' }),
      );
    case 'count-tokens':
      return withQuery(joinUrl(baseUrl, `${pathOf(model)}:countTokens`), query);
    case 'list-models':
      return withQuery(joinUrl(baseUrl, '/v1beta/models'), query);
    case 'get-model':
      return withQuery(joinUrl(baseUrl, pathOf(model)), query);
  }
}
