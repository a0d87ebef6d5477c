import type { HeaderMap } from '../dialects/dialect.ts';
import { isArray, list, number, object, type JsonObject } from '../json.ts';
import type { EmbeddingReply, EmbeddingRequest, EmbeddingTask } from './embedding.ts';
import type { EmbeddingForm, EncodeEmbeddingsContext } from './form.ts';
import { noteLost, sameForAll, textOnly } from './lost.ts';
import { vectorOf } from './vectors.ts';
import type { CohereRequest, TitanRequest } from './wire.ts';

/** Amazon Titan Text Embeddings by InvokeModel: one text a call. */
export const titanEmbeddings: EmbeddingForm = {
  name: 'bedrock-titan',
  callLimits: () => ({ inputs: 1 }),
  perCall: ['task', 'dimensions', 'truncate'],
  encodeRequest: encodeTitan,
  decodeReply: decodeTitan,
};

/** Cohere Embed v3 and v4 by InvokeModel. */
export const cohereEmbeddings: EmbeddingForm = {
  name: 'bedrock-cohere',
  callLimits: () => ({ inputs: 96 }),
  perCall: ['task', 'dimensions', 'truncate'],
  encodeRequest: encodeCohere,
  decodeReply: decodeCohere,
};

/** By the foundation model's id. */
export function bedrockFormOf(id: string): EmbeddingForm | undefined {
  if (/(^|\/)amazon\.titan-embed-(text|g1-text)-/.test(id)) return titanEmbeddings;
  return /(^|\/)cohere\.embed-/.test(id) ? cohereEmbeddings : undefined;
}

function encodeTitan(request: EmbeddingRequest, { model, report }: EncodeEmbeddingsContext): JsonObject {
  const { inputs, endUser } = request;
  const [input] = inputs;
  noteLost(inputs, ['task', 'title', 'truncate'], report, 'Titan has no member for it.');
  if (endUser !== undefined) report({ type: 'dropped', field: 'endUser', detail: 'Titan has no member for it.' });
  const dimensions = sameForAll(inputs, 'dimensions');
  // Version 1 refuses every member but the text.
  const chooses = model.includes('titan-embed-text-v2');
  if (!chooses)
    noteLost(inputs, ['dimensions'], report, 'Vectors of Titan’s first version have 1536 dimensions, always.');
  const wire: TitanRequest = {
    inputText: input ? textOnly(input) : '',
    ...(chooses && dimensions !== undefined && { dimensions }),
  };
  return { ...wire };
}

function decodeTitan(body: JsonObject, headers: HeaderMap): EmbeddingReply {
  return {
    vectors: [{ values: vectorOf(body.embedding ?? object(body.embeddingsByType)?.float) }],
    ...tokensTold(number(body.inputTextTokenCount), headers),
  };
}

/** Exact for the first four; the rest is the nearest, and told. */
const inputTypes = {
  query: 'search_query',
  document: 'search_document',
  classification: 'classification',
  clustering: 'clustering',
  similarity: 'clustering',
  'question-answering': 'search_query',
  'fact-verification': 'search_query',
  'code-query': 'search_query',
} as const satisfies Record<EmbeddingTask, CohereRequest['input_type']>;
const exact: ReadonlySet<EmbeddingTask> = new Set<EmbeddingTask>(['query', 'document', 'classification', 'clustering']);

function encodeCohere(request: EmbeddingRequest, { model, report }: EncodeEmbeddingsContext): JsonObject {
  const { inputs, endUser, truncates } = request;
  noteLost(inputs, ['title'], report, 'Cohere has no member for it.');
  if (endUser !== undefined) report({ type: 'dropped', field: 'endUser', detail: 'Cohere has no member for it.' });
  const version4 = /embed-v4/.test(model);
  const dimensions = sameForAll(inputs, 'dimensions');
  if (!version4 && dimensions !== fixedDimensions)
    noteLost(inputs, ['dimensions'], report, `Vectors of Cohere Embed v3 have ${fixedDimensions} dimensions, always.`);
  const cuts = sameForAll(inputs, 'truncate') ?? truncates;
  const wire: CohereRequest = {
    texts: inputs.map(textOnly),
    input_type: inputTypeOf(sameForAll(inputs, 'task'), report),
    embedding_types: ['float'],
    // The end of a text is on the right in v4.
    truncate: cuts ? (version4 ? 'RIGHT' : 'END') : 'NONE',
    ...(version4 && dimensions !== undefined && { output_dimension: dimensions }),
  };
  return { ...wire };
}

const fixedDimensions = 1024;

function inputTypeOf(
  task: EmbeddingTask | undefined,
  report: EncodeEmbeddingsContext['report'],
): CohereRequest['input_type'] {
  if (!task) {
    const detail = 'Cohere must be told what the vectors are for; "search_document" was, for lack of a word.';
    report({ type: 'defaulted', field: 'task', detail });
    return 'search_document';
  }
  const word = inputTypes[task];
  if (!exact.has(task)) report({ type: 'approximated', field: 'task', detail: `Cohere was told "${word}".` });
  return word;
}

/** Asked for types it answers by type; the oldest models answer plainly all the same. */
function decodeCohere(body: JsonObject, headers: HeaderMap): EmbeddingReply {
  const embeddings = isArray(body.embeddings) ? body.embeddings : list(object(body.embeddings)?.float);
  const billed = number(object(object(body.meta)?.billed_units)?.input_tokens);
  return { vectors: embeddings.map((values) => ({ values: vectorOf(values) })), ...tokensTold(billed, headers) };
}

/** Bedrock counts in a header, whatever the model's own body says. */
function tokensTold(own: number | undefined, headers: HeaderMap): { readonly inputTokens?: number } {
  const header = headers['x-amzn-bedrock-input-token-count'] ?? '';
  const inputTokens = own ?? (/^\d+$/.test(header) ? Number(header) : undefined);
  return inputTokens === undefined ? {} : { inputTokens };
}
