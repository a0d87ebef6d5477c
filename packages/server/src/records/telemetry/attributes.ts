import type { Attributes } from '@opentelemetry/api';
import { totalInputTokens, type AttemptRecord } from '@proxy/core';
import type { StoredCall } from '../../storage/stored-call.ts';

/** `gen_ai.operation.name`; operations that the conventions do not know keep our name. */
export function operationName({ operation = 'unknown' }: StoredCall): string {
  return operationNames[operation] ?? operation;
}

const operationNames: Readonly<Record<string, string>> = {
  generate: 'chat',
  complete: 'text_completion',
  embed: 'embeddings',
};

/** `gen_ai.provider.name`, where the conventions have a name of their own. */
const providerNames: Readonly<Record<string, string>> = {
  gemini: 'gcp.gemini',
  vertex: 'gcp.vertex_ai',
  bedrock: 'aws.bedrock',
  azure: 'azure.ai.openai',
  mistral: 'mistral_ai',
  xai: 'x_ai',
};

/** The call as our caller saw it. */
export function callAttributes(call: StoredCall): Attributes {
  return {
    'http.response.status_code': call.status,
    'proxy.request_id': call.requestId,
    ...(call.path !== undefined && { 'url.path': call.path }),
    ...(call.dialect !== undefined && { 'proxy.dialect': call.dialect }),
    ...(call.model !== undefined && { 'proxy.model': call.model }),
    ...(call.callerId !== undefined && { 'proxy.caller': call.callerId }),
    ...(call.cost && { 'proxy.cost_usd': call.cost.usd }),
    ...(call.failure && { 'error.type': call.failure.kind }),
  };
}

/** One upstream asked, by the GenAI conventions; what was used belongs to the one that answered. */
export function attemptAttributes(call: StoredCall, attempt: AttemptRecord, last: boolean): Attributes {
  const { usage } = call;
  return {
    'gen_ai.operation.name': operationName(call),
    'gen_ai.request.model': attempt.model,
    'proxy.upstream': attempt.upstream,
    'http.response.status_code': attempt.status,
    ...(call.streaming === true && { 'gen_ai.request.stream': true }),
    ...(attempt.failure !== undefined && { 'error.type': attempt.failure }),
    ...(last && call.provider !== undefined && { 'gen_ai.provider.name': providerName(call.provider) }),
    ...(last &&
      usage && {
        'gen_ai.usage.input_tokens': totalInputTokens(usage),
        'gen_ai.usage.output_tokens': usage.outputTokens ?? 0,
        ...(usage.cacheReadTokens !== undefined && { 'gen_ai.usage.cache_read.input_tokens': usage.cacheReadTokens }),
        ...(usage.cacheWriteTokens !== undefined && {
          'gen_ai.usage.cache_creation.input_tokens': usage.cacheWriteTokens,
        }),
      }),
  };
}

export function metricAttributes(call: StoredCall): Attributes {
  return {
    'gen_ai.operation.name': operationName(call),
    ...(call.provider !== undefined && { 'gen_ai.provider.name': providerName(call.provider) }),
    ...(call.upstreamModel !== undefined && { 'gen_ai.request.model': call.upstreamModel }),
    ...(call.failure && { 'error.type': call.failure.kind }),
  };
}

export function tokenUsage({ usage }: StoredCall): readonly (readonly ['input' | 'output', number])[] {
  if (!usage) return [];
  return [
    ['input', totalInputTokens(usage)],
    ['output', usage.outputTokens ?? 0],
  ];
}

function providerName(provider: string): string {
  return providerNames[provider] ?? provider;
}
