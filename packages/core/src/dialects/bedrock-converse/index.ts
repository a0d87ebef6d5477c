import { awsEventStream } from '../../bytes/aws-event-stream.ts';
import type { Dialect } from '../dialect.ts';
import { counting } from './counting.ts';
import { decodeRequest } from './decode-request.ts';
import { decodeStream } from './decode-stream.ts';
import { encodeRequest } from './encode-request.ts';
import { encodeStream } from './encode-stream.ts';
import { decodeError, encodeError } from './errors.ts';
import { decodeReply, encodeReply } from './reply.ts';
import { dialect } from './vocabulary.ts';
import { watch } from './watch.ts';

/** Amazon Bedrock's Converse and ConverseStream: one language for every model there. It is spoken to, and has no doors. */
export const bedrockConverse: Dialect = {
  name: dialect,
  doors: [],
  framing: awsEventStream,
  limits: {
    toolNames: { pattern: /^[a-zA-Z0-9_-]+$/, maxLength: 64 },
    callIds: { pattern: /^[a-zA-Z0-9_-]+$/, maxLength: 64 },
    customTools: false,
    namespaces: false,
  },
  fieldNames: {
    toolChoice: 'toolConfig.toolChoice',
    maxOutputTokens: 'inferenceConfig.maxTokens',
    'sampling.temperature': 'inferenceConfig.temperature',
    'sampling.topP': 'inferenceConfig.topP',
    'sampling.topK': 'additionalModelRequestFields.top_k',
    'sampling.stopSequences': 'inferenceConfig.stopSequences',
    reasoning: 'additionalModelRequestFields.thinking',
    'reasoning.effort': 'outputConfig.effort',
    output: 'outputConfig.textFormat',
    parallelToolCalls: 'additionalModelRequestFields.tool_choice',
  },
  glance: ({ params, door }) => ({ model: params.model ?? '', streaming: door.streaming === true }),
  rename: (body) => body,
  decodeRequest,
  encodeRequest,
  decodeReply,
  encodeReply,
  decodeStream,
  encodeStream,
  decodeError,
  encodeError,
  watch,
  counting,
};
