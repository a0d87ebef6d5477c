import { Failure } from '../conversation/failure.ts';
import { compact, isArray, isObject, list, lookUp, number, object, text, type Json, type JsonObject } from '../json.ts';
import type { EmbeddingInput, EmbeddingReply, EmbeddingRequest, EmbeddingTask, Vector } from './embedding.ts';
import type {
  AnswerEmbeddingsContext,
  DecodeEmbeddingsContext,
  EmbeddingCaller,
  EmbeddingForm,
  EncodeEmbeddingsContext,
} from './form.ts';
import { noteLost, sameForAll } from './lost.ts';
import { base64OfVector, vectorOf } from './vectors.ts';
import type { OpenAIEmbeddingRequest, OpenAIEmbeddings } from './wire.ts';

/** `POST /v1/embeddings`, as OpenAI has it and its imitators. */
export const openaiEmbeddings: EmbeddingForm = {
  name: 'openai',
  callLimits: () => ({ inputs: maxInputs }),
  perCall: ['dimensions'],
  encodeRequest,
  decodeReply,
};

export const openaiEmbeddingCaller: EmbeddingCaller = {
  dialect: 'openai-chat',
  fieldNames: { task: 'input_type', endUser: 'user' },
  decodeRequest,
  encodeReply,
};

/** openai-node 7, EmbeddingCreateParams.input: "any array must be 2048 dimensions or less". */
const maxInputs = 2048;

const known = new Set(['model', 'input', 'dimensions', 'encoding_format', 'user', 'input_type']);

/** OpenAI itself has no `input_type`; these are the words of Cohere, Voyage and NVIDIA, whose servers imitate it. */
const tasks: Readonly<Record<string, EmbeddingTask>> = {
  query: 'query',
  search_query: 'query',
  document: 'document',
  passage: 'document',
  search_document: 'document',
  classification: 'classification',
  clustering: 'clustering',
};

function decodeRequest(body: JsonObject, { report }: DecodeEmbeddingsContext): EmbeddingRequest {
  for (const field of Object.keys(body))
    if (!known.has(field) && body[field] !== null)
      report({ type: 'dropped', field, detail: 'It is no member of an embeddings request that others know.' });
  const dimensions = wholeNumber(body.dimensions, 'dimensions');
  const task = lookUp(tasks, text(body.input_type));
  if (!task && (body.input_type ?? null) !== null)
    throw malformed('input_type', `one of ${Object.keys(tasks).join(', ')} is known.`);
  const encoding = body.encoding_format ?? 'float';
  if (encoding !== 'float' && encoding !== 'base64')
    throw malformed('encoding_format', '"float" and "base64" are known.');
  const user = text(body.user);
  return {
    inputs: inputsOf(body.input).map((input) => ({ ...input, ...compact({ task, dimensions }) })),
    truncates: false,
    encoding,
    ...(user !== undefined && { endUser: user }),
  };
}

/** A text, texts, the tokens of one text, or those of several. */
function inputsOf(input: Json | undefined): readonly EmbeddingInput[] {
  if (typeof input === 'string') return [{ content: filled(input, 'input'), at: 'input' }];
  if (!isArray(input) || input.length === 0)
    throw malformed('input', 'a text, a list of texts, or tokens (a list of whole numbers) are needed.');
  if (typeof input[0] === 'number') return [{ content: tokensOf(input, 'input'), at: 'input' }];
  if (input.length > maxInputs) throw malformed('input', `${maxInputs} inputs at most are taken at a time.`);
  return input.map((item, index) => {
    const at = `input[${index}]`;
    return { content: typeof item === 'string' ? filled(item, at) : tokensOf(item, at), at };
  });
}

function filled(content: string, field: string): string {
  if (content === '') throw malformed(field, 'it is empty, and of nothing there is no embedding.');
  return content;
}

function tokensOf(value: Json, field: string): readonly number[] {
  if (isArray(value) && value.length > 0 && value.every((item) => Number.isInteger(item)))
    return value as readonly number[]; // just seen
  throw malformed(field, 'a text, or a list of tokens (whole numbers), is needed.');
}

function wholeNumber(value: Json | undefined, field: string): number | undefined {
  if ((value ?? null) === null) return undefined;
  if (Number.isInteger(value) && (number(value) ?? 0) > 0) return number(value);
  throw malformed(field, 'a whole number above 0 is needed.');
}

function malformed(field: string, mend: string): Failure {
  return new Failure('bad-request', `Malformed "${field}": ${mend}`, { field });
}

function encodeReply({ vectors }: EmbeddingReply, context: AnswerEmbeddingsContext): JsonObject {
  const { model, request, inputTokens } = context;
  const reply: OpenAIEmbeddings = {
    object: 'list',
    data: vectors.map(({ values }, index) => ({
      object: 'embedding',
      index,
      embedding: request.encoding === 'base64' ? base64OfVector(values) : values,
    })),
    model,
    usage: { prompt_tokens: inputTokens, total_tokens: inputTokens },
  };
  return { ...reply };
}

function encodeRequest(request: EmbeddingRequest, { model, report }: EncodeEmbeddingsContext): JsonObject {
  const { inputs, endUser } = request;
  noteLost(inputs, ['task', 'title', 'truncate'], report, 'OpenAI’s form of embeddings has no member for it.');
  const dimensions = sameForAll(inputs, 'dimensions');
  const wire: OpenAIEmbeddingRequest = {
    model,
    input: inputs.every(({ content }) => typeof content === 'string')
      ? inputs.map(({ content }) => content as string) // just seen
      : inputs.map(({ content, at }) => (typeof content === 'string' ? mixed(at) : content)),
    encoding_format: 'float',
    ...compact({ dimensions, user: endUser }),
  };
  return { ...wire };
}

function mixed(at: string): never {
  throw malformed(at, 'texts and tokens cannot stand in one request.');
}

function decodeReply(body: JsonObject): EmbeddingReply {
  const usage = object(body.usage);
  const inputTokens = number(usage?.prompt_tokens) ?? number(usage?.total_tokens);
  const vectors: Vector[] = [];
  list(body.data).forEach((item, position) => {
    if (isObject(item)) vectors[number(item.index) ?? position] = { values: vectorOf(item.embedding) };
  });
  return { vectors, ...(inputTokens !== undefined && { inputTokens }) };
}
