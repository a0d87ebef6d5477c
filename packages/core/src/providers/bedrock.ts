import { awsKeysOf, regionPattern, sigv4 } from '../auth/sigv4.ts';
import { Failure } from '../conversation/failure.ts';
import { anthropicMessages } from '../dialects/anthropic-messages/index.ts';
import { bedrockConverse } from '../dialects/bedrock-converse/index.ts';
import { bedrockFormOf } from '../embeddings/bedrock.ts';
import { isObject } from '../json.ts';
import { joinUrl } from './base-url.ts';
import { bedrockModelId, foundationModelId, isClaude } from './bedrock-models.ts';
import { invokeClaude } from './bedrock-invoke.ts';
import type { EndpointCall, Provider } from './provider.ts';

/**
 * Amazon Bedrock: Converse for every model, and Claude's own Messages by InvokeModel for callers who speak them. A
 * credential is a pair of AWS keys (auth/sigv4.ts says how it is written) or a Bedrock API key.
 */
export const bedrock: Provider = {
  name: 'bedrock',
  speaks: [bedrockConverse, anthropicMessages],
  takes: (dialect, model) => dialect !== anthropicMessages || isClaude(model),
  bindings: { [anthropicMessages.name]: invokeClaude },
  baseUrl: 'https://bedrock-runtime.{region}.amazonaws.com',
  models: [
    ...['claude-*', 'anthropic.*', 'amazon.*', 'meta.*', 'mistral.*', 'cohere.*', 'ai21.*', 'deepseek.*', 'qwen.*'],
    ...['openai.*', 'writer.*', 'minimax.*', 'moonshot.*', 'moonshotai.*', 'zai.*', 'nvidia.*', 'google.*'],
    ...['us.*', 'us-gov.*', 'eu.*', 'apac.*', 'jp.*', 'au.*', 'ca.*', 'global.*', 'arn:aws*:bedrock:*'],
  ],
  settings: {
    region: {
      meaning: 'an AWS region, like us-east-1',
      pattern: regionPattern,
      variables: ['AWS_REGION', 'AWS_DEFAULT_REGION'],
      required: true,
    },
    allowLogging: {
      meaning: 'true or false: whether keys may be used whose calls AWS keeps in a log',
      pattern: /^(true|false)$/,
      variables: ['ALLOW_AWS_LOGGING'],
    },
  },
  variables: { key: ['AWS_BEARER_TOKEN_BEDROCK'], baseUrl: ['AWS_ENDPOINT_URL_BEDROCK_RUNTIME'] },
  settingsOf(credential) {
    const region = credential.secret.includes(':') ? awsKeysOf(credential).region : undefined;
    return region === undefined ? {} : { region };
  },
  endpoint,
  embeddings: {
    formOf: (model) => bedrockFormOf(foundationModelId(model)),
    endpoint: ({ model, baseUrl }) => invokeUrl(model, 'invoke', baseUrl),
  },
  authorize: sigv4('bedrock'),
  keyRule: {
    applies: ({ allowLogging }) => allowLogging === 'false',
    // The models are at another host than what is said about them.
    url: (baseUrl) => joinUrl(baseUrl.replace('//bedrock-runtime.', '//bedrock.'), '/logging/modelinvocations'),
    against: ({ loggingConfig }) =>
      isObject(loggingConfig) && Object.keys(loggingConfig).length > 0
        ? 'AWS keeps what is asked with this key in a log, and "allowLogging" is false.'
        : undefined,
  },
  // Claude's web search is Anthropic's own service.
  facts: { webSearch: false },
};

function endpoint({ dialect, operation, model, streaming, baseUrl, settings }: EndpointCall): string {
  const id = bedrockModelId(model, settings.region ?? '');
  // The caller's own query (`?beta=true`) means nothing here, and would have to be signed.
  const url = (name: string, action: string) => invokeUrl(name, action, baseUrl);
  if (operation === 'count-tokens') return url(foundationModelId(id), 'count-tokens');
  if (operation !== 'generate')
    throw new Failure('not-found', 'Bedrock lists its models at another address; configure the names in "models".');
  if (dialect === anthropicMessages) return url(id, streaming ? 'invoke-with-response-stream' : 'invoke');
  return url(id, streaming ? 'converse-stream' : 'converse');
}

function invokeUrl(name: string, action: string, baseUrl: string): string {
  return joinUrl(baseUrl, `/model/${encoded(name)}/${action}`);
}

/** RFC 3986: a name is one segment of the path, though it may hold colons and slashes (X9). */
function encoded(name: string): string {
  return encodeURIComponent(name).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}
