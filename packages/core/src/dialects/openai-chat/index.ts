import { sse } from '../../bytes/sse.ts';
import { glanceBody, renameBody } from '../body-model.ts';
import type { Dialect } from '../dialect.ts';
import { bounds } from './bounds.ts';
import { decodeRequest } from './decode-request.ts';
import { decodeStream } from './decode-stream.ts';
import { encodeRequest } from './encode-request.ts';
import { encodeStream } from './encode-stream.ts';
import { followStream } from './follow-stream.ts';
import { decodeError, encodeError } from './errors.ts';
import { limits } from './limits.ts';
import { models } from './models.ts';
import { hiddenUsage } from './hidden-usage.ts';
import { relayDoors } from './relay-doors.ts';
import { socketDoors } from './socket-doors.ts';
import { decodeReply, encodeReply } from './reply.ts';
import { name } from './vocabulary.ts';
import { foreignTraces } from './foreign-traces.ts';
import { watch } from './watch.ts';

/** OpenAI Chat Completions, which some forty vendors speak. */
export const openaiChat: Dialect = {
  name,
  doors: [
    { method: 'POST', path: '/v1/chat/completions', operation: 'generate' },
    // N2: three dialects share these; Chat's is the one for whoever brings no other dialect's headers.
    { method: 'GET', path: '/v1/models', operation: 'list-models' },
    { method: 'GET', path: '/v1/models/{model}', operation: 'get-model' },
    ...relayDoors,
    ...socketDoors,
  ],
  framing: sse,
  limits,
  fieldNames: {
    toolChoice: 'tool_choice',
    parallelToolCalls: 'parallel_tool_calls',
    maxOutputTokens: 'max_completion_tokens',
    'sampling.temperature': 'temperature',
    'sampling.topP': 'top_p',
    'sampling.topK': 'top_k',
    'sampling.seed': 'seed',
    'sampling.stopSequences': 'stop',
    'sampling.presencePenalty': 'presence_penalty',
    'sampling.frequencyPenalty': 'frequency_penalty',
    'sampling.candidates': 'n',
    'sampling.logprobs': 'logprobs',
    'sampling.topLogprobs': 'top_logprobs',
    'sampling.logitBias': 'logit_bias',
    reasoning: 'reasoning_effort',
    'reasoning.effort': 'reasoning_effort',
    'reasoning.mode': 'reasoning_effort',
    'reasoning.budgetTokens': 'reasoning.max_tokens',
    'reasoning.show': 'reasoning.exclude',
    output: 'response_format',
    'output.name': 'response_format.json_schema.name',
    'output.description': 'response_format.json_schema.description',
    'output.schema': 'response_format.json_schema.schema',
    'output.strict': 'response_format.json_schema.strict',
    verbosity: 'verbosity',
    endUser: 'safety_identifier',
    serviceTier: 'service_tier',
    cacheKey: 'prompt_cache_key',
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
  hiddenUsage,
  models,
};
