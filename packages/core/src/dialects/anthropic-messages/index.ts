import { sse } from '../../bytes/sse.ts';
import { glanceBody, renameBody } from '../body-model.ts';
import type { Dialect, HeaderMap } from '../dialect.ts';
import { bounds } from './bounds.ts';
import { counting } from './counting.ts';
import { decodeRequest } from './decode-request.ts';
import { decodeStream } from './decode-stream.ts';
import { encodeRequest } from './encode-request.ts';
import { encodeStream } from './encode-stream.ts';
import { followStream } from './follow-stream.ts';
import { decodeError, encodeError } from './errors.ts';
import { foreignTraces } from './foreign-traces.ts';
import { models } from './models.ts';
import { decodeReply, encodeReply } from './reply.ts';
import { dialect } from './vocabulary.ts';
import { watch } from './watch.ts';

/** Anthropic's Messages API, both versions in the field. */
export const anthropicMessages: Dialect = {
  name: dialect,
  doors: [
    { method: 'POST', path: '/v1/messages', operation: 'generate' },
    { method: 'POST', path: '/v1/messages/count_tokens', operation: 'count-tokens' },
    { method: 'GET', path: '/v1/models', operation: 'list-models', claims: namesVersion },
    { method: 'GET', path: '/v1/models/{model}', operation: 'get-model', claims: namesVersion },
  ],
  framing: sse,
  keepAlive: { event: 'ping', data: '{"type":"ping"}' },
  repliesWhenFiltered: true,
  limits: {
    toolNames: { pattern: /^[a-zA-Z0-9_-]+$/, maxLength: 128 },
    callIds: { pattern: /^[a-zA-Z0-9_-]+$/, maxLength: 256 },
    customTools: false,
    namespaces: false,
  },
  fieldNames: {
    streaming: 'stream',
    toolChoice: 'tool_choice',
    parallelToolCalls: 'tool_choice.disable_parallel_tool_use',
    maxOutputTokens: 'max_tokens',
    'sampling.temperature': 'temperature',
    'sampling.topP': 'top_p',
    'sampling.topK': 'top_k',
    'sampling.stopSequences': 'stop_sequences',
    reasoning: 'thinking',
    'reasoning.mode': 'thinking.type',
    'reasoning.budgetTokens': 'thinking.budget_tokens',
    'reasoning.show': 'thinking.display',
    'reasoning.effort': 'output_config.effort',
    output: 'output_config.format',
    endUser: 'metadata.user_id',
    serviceTier: 'service_tier',
    cache: 'cache_control',
  },
  foreignTraces,
  glance: (_knock, body) => glanceBody(body),
  rename: renameBody,
  replyModel: 'model',
  decodeRequest,
  encodeRequest,
  decodeReply,
  encodeReply,
  decodeStream,
  encodeStream,
  followStream,
  decodeError,
  encodeError,
  watch,
  bounds,
  counting,
  models,
};

/** `/v1/models` is three dialects' path; Anthropic's clients always name their API version (N2). */
function namesVersion(headers: HeaderMap): boolean {
  return headers['anthropic-version'] !== undefined;
}
