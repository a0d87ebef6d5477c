import { Failure } from '../conversation/failure.ts';
import type { Report } from '../conversation/notice.ts';
import {
  leftover,
  members,
  readBoolean,
  readList,
  readNumber,
  readObject,
  readText,
} from '../dialects/gemini-generate/members.ts';
import { compact, isObject, list, number, object, type JsonObject } from '../json.ts';
import type { EmbeddingInput, EmbeddingReply, EmbeddingRequest } from './embedding.ts';
import type {
  AnswerEmbeddingsContext,
  DecodeEmbeddingsContext,
  EmbeddingCaller,
  EmbeddingForm,
  EncodeEmbeddingsContext,
} from './form.ts';
import { geminiTaskOf, taskOfGemini } from './gemini-tasks.ts';
import { noteLost, textOnly } from './lost.ts';
import { vectorOf } from './vectors.ts';
import type { GeminiEmbeddingRequest } from './wire.ts';

/** `:batchEmbedContents` of the Gemini API, for one input as well: @google/genai sends nothing else. */
export const geminiEmbeddings: EmbeddingForm = {
  name: 'gemini',
  // "BatchEmbedContentsRequest.requests: at most 100 requests can be in one batch".
  callLimits: () => ({ inputs: 100 }),
  perCall: [],
  encodeRequest,
  decodeReply,
};

/** `:embedContent` and `:batchEmbedContents`. */
export const geminiEmbeddingCaller: EmbeddingCaller = {
  dialect: 'gemini-generate',
  fieldNames: { task: 'taskType', dimensions: 'outputDimensionality', truncate: 'autoTruncate' },
  decodeRequest,
  encodeReply,
};

const known = members(
  ...['model', 'content', 'taskType', 'title', 'outputDimensionality', 'autoTruncate', 'embedContentConfig'],
);

function decodeRequest(body: JsonObject, { path, report }: DecodeEmbeddingsContext): EmbeddingRequest {
  return {
    inputs: isBatch(path) ? batchOf(body, report) : [inputOf(body, '', report)],
    truncates: true,
    encoding: 'float',
  };
}

function isBatch(path: string): boolean {
  return path.endsWith(':batchEmbedContents');
}

function batchOf(body: JsonObject, report: Report): readonly EmbeddingInput[] {
  const requests = readList(body, 'requests');
  if (requests.length === 0) throw malformed('requests', 'a list with at least one request is needed.');
  return requests.map((request, index) => {
    const at = `requests[${index}]`;
    if (!isObject(request)) throw malformed(at, 'an object with "content" is needed.');
    return inputOf(request, `${at}.`, report);
  });
}

/** Google's newer clients put the settings into `embedContentConfig`, as Vertex AI has it. */
function inputOf(request: JsonObject, at: string, report: Report): EmbeddingInput {
  const { embedContentConfig: _, ...said } = { ...request, ...readObject(request, 'embedContentConfig') };
  for (const field of Object.keys(leftover(said, known) ?? {}))
    report({
      type: 'dropped',
      field: `${at}${field}`,
      detail: 'It is no member of an embeddings request that others know.',
    });
  const word = readText(said, 'taskType');
  const task = taskOfGemini(word);
  if (word !== undefined && word !== 'TASK_TYPE_UNSPECIFIED' && !task)
    report({ type: 'dropped', field: `${at}taskType`, detail: `No other vendor has the task "${word}".` });
  return {
    content: textOf(request, `${at}content`, report),
    at: `${at}content`,
    ...compact({
      task,
      title: readText(said, 'title'),
      dimensions: readNumber(said, 'outputDimensionality'),
      truncate: readBoolean(said, 'autoTruncate'),
    }),
  };
}

function textOf(request: JsonObject, at: string, report: Report): string {
  const content = readObject(request, 'content');
  const parts = content ? readList(content, 'parts') : [];
  const texts = parts.map((part, index) => {
    const text = isObject(part) ? readText(part, 'text') : undefined;
    if (text === undefined)
      throw malformed(`${at}.parts[${index}]`, 'other vendors embed texts alone: send a part with "text".');
    return text;
  });
  if (texts.join('') === '') throw malformed(at, 'it needs "parts" with a text.');
  if (texts.length > 1)
    report({
      type: 'approximated',
      field: `${at}.parts`,
      detail: 'The parts were joined by line breaks into one text.',
    });
  return texts.join('\n');
}

function malformed(field: string, mend: string): Failure {
  return new Failure('bad-request', `Malformed "${field}": ${mend}`, { field });
}

/** The API itself leaves the usage out where it does not count; so do we rather than tell an estimate as a count. */
function encodeReply(
  { vectors }: EmbeddingReply,
  { path, inputTokens, estimated }: AnswerEmbeddingsContext,
): JsonObject {
  const embeddings = vectors.map(({ values }) => ({ values }));
  return {
    ...(isBatch(path) ? { embeddings } : { embedding: embeddings[0] ?? {} }),
    ...(!estimated && { usageMetadata: { promptTokenCount: inputTokens, totalTokenCount: inputTokens } }),
  };
}

function encodeRequest({ inputs, endUser }: EmbeddingRequest, { model, report }: EncodeEmbeddingsContext): JsonObject {
  if (endUser !== undefined)
    report({ type: 'dropped', field: 'endUser', detail: 'Gemini’s embeddings have no member for it.' });
  noteLost(
    inputs,
    ['truncate'],
    report,
    'The Gemini API cuts whatever is too long; only Vertex AI can be told not to.',
  );
  const requests = inputs.map((input): GeminiEmbeddingRequest => ({
    model: `models/${model.replace(/^models\//, '')}`,
    content: { parts: [{ text: textOnly(input) }] },
    ...compact({
      taskType: geminiTaskOf(input.task),
      title: input.title,
      outputDimensionality: input.dimensions,
    }),
  }));
  return { requests: requests.map((request) => ({ ...request })) };
}

function decodeReply(body: JsonObject): EmbeddingReply {
  const usage = object(body.usageMetadata);
  const inputTokens = number(usage?.promptTokenCount);
  return {
    vectors: list(body.embeddings).map((item) => ({ values: vectorOf(object(item)?.values) })),
    ...(inputTokens !== undefined && { inputTokens }),
  };
}
