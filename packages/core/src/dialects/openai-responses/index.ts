import { sse } from '../../bytes/sse.ts';
import { glanceBody, renameBody } from '../body-model.ts';
import type { Dialect } from '../dialect.ts';
import { bounds } from './bounds.ts';
import { breakOff } from './break-off.ts';
import { counting } from './counting.ts';
import { decodeRequest } from './decode-request.ts';
import { decodeStream } from './decode-stream.ts';
import { encodeRequest } from './encode-request.ts';
import { encodeStream } from './encode-stream.ts';
import { followStream } from './follow-stream.ts';
import { decodeError, encodeError } from './errors.ts';
import { relayDoors } from './relay-doors.ts';
import { decodeReply, encodeReply } from './reply.ts';
import { dialectName } from './vocabulary.ts';
import { watch } from './watch.ts';

/** OpenAI's Responses API. */
export const openaiResponses: Dialect = {
  name: dialectName,
  doors: [
    { method: 'POST', path: '/v1/responses', operation: 'generate' },
    { method: 'POST', path: '/v1/responses/input_tokens', operation: 'count-tokens' },
    ...relayDoors,
    { method: 'GET', path: '/v1/responses', operation: 'respond', socket: { model: 'per-message' } },
  ],
  framing: sse,
  limits: {
    toolNames: { pattern: /^[a-zA-Z0-9_-]+$/, maxLength: 64 },
    callIds: { pattern: /^[\x21-\x7e]+$/, maxLength: 64 },
    customTools: true,
    namespaces: true,
  },
  fieldNames: {
    maxOutputTokens: 'max_output_tokens',
    toolChoice: 'tool_choice',
    parallelToolCalls: 'parallel_tool_calls',
    'sampling.temperature': 'temperature',
    'sampling.topP': 'top_p',
    'sampling.logprobs': 'include',
    'sampling.topLogprobs': 'top_logprobs',
    'reasoning.effort': 'reasoning.effort',
    'reasoning.show': 'reasoning.summary',
    'reasoning.summaryDetail': 'reasoning.summary',
    output: 'text.format',
    'output.schema': 'text.format.schema',
    'output.strict': 'text.format.strict',
    verbosity: 'text.verbosity',
    endUser: 'safety_identifier',
    serviceTier: 'service_tier',
    cacheKey: 'prompt_cache_key',
  },
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
  breakOff,
  decodeError,
  encodeError,
  watch,
  bounds,
  counting,
};
