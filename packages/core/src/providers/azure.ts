import { azureKey, deploymentKeyOf } from '../auth/azure-key.ts';
import { openaiChat } from '../dialects/openai-chat/index.ts';
import { openaiResponses } from '../dialects/openai-responses/index.ts';
import { openaiEmbeddings } from '../embeddings/openai.ts';
import { withQuery } from './base-url.ts';
import { openaiModels } from './openai-models.ts';
import type { EndpointCall, Provider, RelayEndpointCall } from './provider.ts';

/**
 * Azure OpenAI, in both of its surfaces (H8): `/openai/v1/…` with the deployment in the body, and, where an `apiVersion` of
 * the classic kind is set, `/openai/deployments/<deployment>/…` with that version in the query.
 */
export const azure: Provider = {
  name: 'azure',
  speaks: [openaiResponses, openaiChat],
  baseUrl: 'https://{resource}.openai.azure.com',
  settings: {
    resource: {
      meaning: "the resource's name, as in https://<resource>.openai.azure.com",
      pattern: /^[\w-]+$/,
      variables: ['AZURE_OPENAI_RESOURCE', 'AZURE_RESOURCE_NAME'],
    },
    deployment: {
      meaning: 'the one deployment to use whatever the model',
      pattern: /^[^/\s]+$/,
      variables: ['AZURE_OPENAI_DEPLOYMENT'],
    },
    apiVersion: {
      meaning: 'a version of the classic surface, such as 2024-10-21, or v1',
      pattern: /^(v1|preview|latest|\d{4}-\d{2}-\d{2}(-preview)?)$/,
      variables: ['OPENAI_API_VERSION', 'AZURE_OPENAI_API_VERSION'],
    },
    scope: { meaning: 'the scope of Entra tokens, such as https://cognitiveservices.azure.us/.default' },
    authority: {
      meaning: 'the address of Entra, such as https://login.microsoftonline.us',
      pattern: /^https?:\/\/\S+$/,
      variables: ['AZURE_AUTHORITY_HOST'],
    },
  },
  variables: { key: ['AZURE_OPENAI_API_KEY'], baseUrl: ['AZURE_OPENAI_ENDPOINT'] },
  settingsOf({ secret }) {
    const own = deploymentKeyOf(secret);
    return own ? { resource: own.resource, deployment: own.deployment } : {};
  },
  nameOf: (model, { deployment }) => deployment ?? deploymentName(model),
  ownNames: true,
  serves(credential, model) {
    const own = deploymentKeyOf(credential.secret);
    return own && own.deployment === deploymentName(model);
  },
  endpoint,
  relay: { endpoint: relayEndpoint, lacks: ['moderate', 'rerank', 'vary-image'] },
  embeddings: {
    formOf: () => openaiEmbeddings,
    endpoint: (call) => relayEndpoint({ ...call, path: '/v1/embeddings' }),
  },
  authorize: azureKey,
  tokenOrigins: [
    'https://login.microsoftonline.com',
    'https://login.microsoftonline.us',
    'https://login.chinacloudapi.cn',
  ],
  models: openaiModels,
  // Encrypted reasoning is bound to the resource: OpenAI cannot read it, nor Azure OpenAI's (Z7).
  signer: 'azure',
};

/** A deployment's name cannot hold every dot that a model's name does: Azure itself writes gpt-35-turbo (acceptance row E10). */
function deploymentName(model: string): string {
  return model.replace(/^gpt-3\.5/, 'gpt-35');
}

function endpoint({ dialect, operation, model, baseUrl, settings, query }: EndpointCall): string {
  const surface = surfaceOf(baseUrl, settings);
  const responses = dialect === openaiResponses;
  const { classic } = surface;
  const path = (() => {
    switch (operation) {
      case 'generate':
        if (responses) return '/responses';
        return classic ? `/deployments/${encodeURIComponent(model)}/chat/completions` : '/chat/completions';
      case 'count-tokens':
        return '/responses/input_tokens';
      case 'list-models':
        return '/models';
      case 'get-model':
        return `/models/${encodeURIComponent(model)}`;
    }
  })();
  return urlOf(surface, path, query);
}

function relayEndpoint({ path, model, baseUrl, settings, query }: RelayEndpointCall): string {
  const surface = surfaceOf(baseUrl, settings);
  if (path === '/v1/realtime') return realtimeUrl(surface, model, query);
  const deployment = surface.classic && model !== '' ? `/deployments/${encodeURIComponent(model)}` : '';
  return urlOf(surface, deployment + path.replace(/^\/v1(?=\/)/, ''), query);
}

/** The classic surface wants the deployment in the query, where v1 has the model. */
function realtimeUrl(surface: Surface, model: string, query: URLSearchParams | undefined): string {
  if (!surface.classic) return urlOf(surface, '/realtime', query);
  const rest = new URLSearchParams(query);
  rest.delete('model');
  rest.set('deployment', model);
  return urlOf(surface, '/realtime', rest);
}

interface Surface {
  readonly address: string;
  readonly version: string;
  readonly classic: boolean;
}

function surfaceOf(baseUrl: string, settings: EndpointCall['settings']): Surface {
  const base = baseOf(baseUrl);
  const version = settings.apiVersion ?? base.version ?? (base.classic ? lastClassic : 'v1');
  return { address: base.address, version, classic: /^\d/.test(version) };
}

function urlOf({ address, version, classic }: Surface, path: string, query: URLSearchParams | undefined): string {
  const url = `${address}/openai${classic ? '' : '/v1'}${path}`;
  return withQuery(version === 'v1' ? url : `${url}?api-version=${version}`, withoutVersion(query));
}

/** The last general one of the classic surface (learn.microsoft.com/azure/ai-services/openai/api-version-deprecation). */
const lastClassic = '2024-10-21';

interface Base {
  /** Without `/openai` and what follows. */
  readonly address: string;
  readonly version?: string;
  readonly classic: boolean;
}

/** People paste the endpoint alone, `…/openai/v1/`, or the whole "target URI" of a deployment with its api-version. */
function baseOf(baseUrl: string): Base {
  const [path = '', query] = baseUrl.replace(/#$/, '').split('?', 2);
  const version = new URLSearchParams(query).get('api-version');
  return {
    address: path.replace(/\/openai(\/(v1|deployments|responses)(\/.*)?)?\/*$/, '').replace(/\/+$/, ''),
    classic: /\/openai\/deployments\//.test(path),
    ...(version !== null && { version }),
  };
}

/** The surface that we chose has a version of its own. */
function withoutVersion(query: URLSearchParams | undefined): URLSearchParams | undefined {
  if (!query?.has('api-version')) return query;
  const rest = new URLSearchParams(query);
  rest.delete('api-version');
  return rest;
}
