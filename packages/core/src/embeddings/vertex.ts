import { compact, list, number, object, type JsonObject } from '../json.ts';
import type { EmbeddingInput, EmbeddingReply, EmbeddingRequest } from './embedding.ts';
import type { EmbeddingForm, EncodeEmbeddingsContext } from './form.ts';
import { geminiTaskOf } from './gemini-tasks.ts';
import { sameForAll, textOnly } from './lost.ts';
import { vectorOf } from './vectors.ts';
import type { VertexEmbedContentRequest, VertexPredictRequest } from './wire.ts';

/** `:predict` of Vertex AI: text-embedding-*, text-multilingual-embedding-*, gemini-embedding-001. */
export const vertexPredict: EmbeddingForm = {
  name: 'vertex-predict',
  // cloud.google.com/vertex-ai/generative-ai/docs/embeddings/get-text-embeddings, "API limits".
  callLimits: (model) => (model.startsWith('gemini-') ? { inputs: 1 } : { inputs: 250, tokens: 20_000 }),
  perCall: ['dimensions', 'truncate'],
  encodeRequest: encodePredict,
  decodeReply: decodePrediction,
};

/** `:embedContent` of Vertex AI, which newer models take (gemini-embedding-2-*, *-maas): one content a call. */
export const vertexEmbedContent: EmbeddingForm = {
  name: 'vertex-embed-content',
  callLimits: () => ({ inputs: 1 }),
  perCall: ['task', 'dimensions', 'truncate'],
  encodeRequest: encodeContent,
  decodeReply: decodeContent,
};

/** As @google/genai 3.1.0 tells them apart (tIsVertexEmbedContentModel). */
export function vertexFormOf(model: string): EmbeddingForm | undefined {
  if (!/embedding/.test(model) || model.startsWith('multimodal')) return undefined;
  const newer = (model.includes('gemini') && model !== 'gemini-embedding-001') || model.includes('maas');
  return newer ? vertexEmbedContent : vertexPredict;
}

function encodePredict(request: EmbeddingRequest, context: EncodeEmbeddingsContext): JsonObject {
  const { inputs } = request;
  noteEndUser(request, context);
  const parameters = compact({
    outputDimensionality: sameForAll(inputs, 'dimensions'),
    autoTruncate: truncation(request),
  });
  const wire: VertexPredictRequest = {
    instances: inputs.map((input) => ({
      content: textOnly(input),
      ...compact({ task_type: geminiTaskOf(input.task), title: input.title }),
    })),
    parameters,
  };
  return { instances: wire.instances.map((instance) => ({ ...instance })), parameters };
}

/** Vertex AI cuts unless it is told not to, which callers of a dialect that never cuts must not suffer silently. */
function truncation({ inputs, truncates }: EmbeddingRequest): boolean | undefined {
  const said = sameForAll(inputs, 'truncate');
  return said ?? (truncates ? undefined : false);
}

function noteEndUser({ endUser }: EmbeddingRequest, { report }: EncodeEmbeddingsContext): void {
  if (endUser !== undefined)
    report({ type: 'dropped', field: 'endUser', detail: 'Vertex AI’s embeddings have no member for it.' });
}

function decodePrediction(body: JsonObject): EmbeddingReply {
  const embeddings = list(body.predictions).map((prediction) => object(object(prediction)?.embeddings) ?? {});
  const counts = embeddings.map(({ statistics }) => number(object(statistics)?.token_count));
  const told = counts.length > 0 && counts.every((count) => count !== undefined);
  return {
    vectors: embeddings.map(({ values, statistics }) => ({
      values: vectorOf(values),
      ...(object(statistics)?.truncated === true && { truncated: true }),
    })),
    ...(told && { inputTokens: counts.reduce<number>((sum, count = 0) => sum + count, 0) }),
  };
}

function encodeContent(request: EmbeddingRequest, context: EncodeEmbeddingsContext): JsonObject {
  noteEndUser(request, context);
  const [input] = request.inputs;
  const config = settingsOf(request, input);
  const wire: VertexEmbedContentRequest = {
    content: { role: 'user', parts: [{ text: input ? textOnly(input) : '' }] },
    embedContentConfig: config,
  };
  return {
    content: { ...wire.content, parts: wire.content.parts.map((part) => ({ ...part })) },
    embedContentConfig: config,
  };
}

function settingsOf(request: EmbeddingRequest, input: EmbeddingInput | undefined) {
  return compact({
    taskType: geminiTaskOf(input?.task),
    title: input?.title,
    outputDimensionality: input?.dimensions,
    autoTruncate: truncation(request),
  });
}

function decodeContent(body: JsonObject): EmbeddingReply {
  const inputTokens = number(object(body.usageMetadata)?.promptTokenCount);
  const embedding = object(body.embedding);
  return {
    vectors: embedding
      ? [{ values: vectorOf(embedding.values), ...(body.truncated === true && { truncated: true }) }]
      : [],
    ...(inputTokens !== undefined && { inputTokens }),
  };
}
