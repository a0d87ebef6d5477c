import type { Dialect, Door } from '../dialect.ts';
import { bounds } from './bounds.ts';
import { counting } from './counting.ts';
import { decodeRequest } from './decode-request.ts';
import { decodeStream } from './decode-stream.ts';
import { encodeRequest } from './encode-request.ts';
import { encodeStream } from './encode-stream.ts';
import { followStream } from './follow-stream.ts';
import { decodeError, encodeError } from './errors.ts';
import { geminiArray, geminiSse } from './framings.ts';
import { lists } from './lists.ts';
import { geminiName } from './members.ts';
import { relayDoors } from './relay-doors.ts';
import { decodeReply, encodeReply } from './reply.ts';
import { socketDoors } from './socket-doors.ts';
import { watch } from './watch.ts';

/** Gemini generateContent, as the Gemini API and Vertex AI speak it. */
export const geminiGenerate: Dialect = {
  name: geminiName,
  doors: [
    ...modelDoors('/v1beta/models'),
    ...modelDoors('/v1/models'),
    ...modelDoors('/v1beta1/publishers/google/models'),
    ...modelDoors('/v1/publishers/google/models'),
    ...modelDoors('/v1beta1/projects/{project}/locations/{location}/publishers/google/models'),
    ...modelDoors('/v1/projects/{project}/locations/{location}/publishers/google/models'),
    ...relayDoors,
    ...socketDoors,
    ...listDoors('/v1beta/models'),
    ...listDoors('/v1/models', (headers, query) => 'x-goog-api-key' in headers || query.has('key')),
  ],
  framing: geminiSse,
  framingOf: ({ query }) => (query.get('alt') === 'sse' ? geminiSse : geminiArray),
  repliesWhenFiltered: true,
  limits: {
    // FunctionDeclaration.name of @google/genai 3.1.0 says 128, the API's own error 64 (J8).
    toolNames: { pattern: /^[A-Za-z_][A-Za-z0-9_.:-]*$/, maxLength: 64 },
    callIds: { pattern: /^[\x21-\x7e]+$/, maxLength: 256 },
    customTools: false,
    namespaces: false,
  },
  fieldNames: {
    'sampling.temperature': 'generationConfig.temperature',
    'sampling.topP': 'generationConfig.topP',
    'sampling.topK': 'generationConfig.topK',
    'sampling.seed': 'generationConfig.seed',
    'sampling.stopSequences': 'generationConfig.stopSequences',
    'sampling.presencePenalty': 'generationConfig.presencePenalty',
    'sampling.frequencyPenalty': 'generationConfig.frequencyPenalty',
    'sampling.candidates': 'generationConfig.candidateCount',
    'sampling.logprobs': 'generationConfig.responseLogprobs',
    'sampling.topLogprobs': 'generationConfig.logprobs',
    maxOutputTokens: 'generationConfig.maxOutputTokens',
    reasoning: 'generationConfig.thinkingConfig',
    'reasoning.effort': 'generationConfig.thinkingConfig.thinkingLevel',
    'reasoning.budgetTokens': 'generationConfig.thinkingConfig.thinkingBudget',
    'reasoning.show': 'generationConfig.thinkingConfig.includeThoughts',
    output: 'generationConfig.responseMimeType',
    'output.schema': 'generationConfig.responseJsonSchema',
    toolChoice: 'toolConfig.functionCallingConfig',
    messages: 'contents',
    serviceTier: 'serviceTier',
  },
  // N3, H5: model and streaming are said by the path.
  sealsCalls: true,
  glance: ({ door, params }) => ({
    model: (params['model'] ?? '').replace(/^models\//, ''),
    streaming: door.streaming === true,
  }),
  rename: (body) => body,
  replyModel: 'modelVersion',
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
  models: lists,
};

/** A model's name may hold slashes. */
function modelDoors(path: string): readonly Door[] {
  return [
    { method: 'POST', path: `${path}/{model}:generateContent`, operation: 'generate', streaming: false },
    { method: 'POST', path: `${path}/{model}:streamGenerateContent`, operation: 'generate', streaming: true },
    { method: 'POST', path: `${path}/{model}:countTokens`, operation: 'count-tokens' },
  ];
}

/** `/v1/models` belongs to three dialects. */
function listDoors(path: string, claims?: Door['claims']): readonly Door[] {
  return [
    { method: 'GET', path, operation: 'list-models', ...(claims && { claims }) },
    { method: 'GET', path: `${path}/{model}`, operation: 'get-model', ...(claims && { claims }) },
  ];
}
