import type { Usage } from '../../conversation/usage.ts';
import { compact, list, number, object, type JsonObject } from '../../json.ts';
import type { RelayDoor, TopLevel } from '../dialect.ts';
import { completions } from './completions.ts';
import { findUsage } from './usage.ts';

const asking = { model: 'required', usage: usageOf } as const;
/** What an upstream keeps was paid for when it was made. */
const kept = { model: 'none' } as const;

/** The rest of OpenAI's classic surface, by the paths of openai-node 7. */
export const relayDoors: readonly RelayDoor[] = [
  { method: 'POST', path: '/v1/completions', operation: 'complete', relay: { ...asking, reply: completions } },
  { method: 'POST', path: '/v1/embeddings', operation: 'embed', relay: asking },
  {
    method: 'POST',
    path: '/v1/images/generations',
    operation: 'generate-image',
    relay: { model: 'required', usage: usageOfImages },
  },
  // Pictures as files, or (gpt-image) as URLs and ids in JSON.
  {
    method: 'POST',
    path: '/v1/images/edits',
    operation: 'edit-image',
    relay: { model: 'optional', form: 'or-json', usage: usageOfImages },
  },
  {
    method: 'POST',
    path: '/v1/images/variations',
    operation: 'vary-image',
    relay: { model: 'optional', form: 'only', usage: usageOfImages },
  },
  { method: 'POST', path: '/v1/audio/transcriptions', operation: 'transcribe', relay: { ...asking, form: 'only' } },
  { method: 'POST', path: '/v1/audio/translations', operation: 'translate-audio', relay: { ...asking, form: 'only' } },
  { method: 'POST', path: '/v1/audio/speech', operation: 'speak', relay: asking },
  // Not OpenAI's own: Cohere's and Jina's form, which their imitators serve beside the rest.
  { method: 'POST', path: '/v1/rerank', operation: 'rerank', relay: asking },
  { method: 'POST', path: '/v1/moderations', operation: 'moderate', relay: { model: 'optional', usage: usageOf } },
  { method: 'POST', path: '/v1/files', operation: 'upload-file', relay: { model: 'none', form: 'only' } },
  { method: 'GET', path: '/v1/files', operation: 'list-files', relay: kept },
  { method: 'GET', path: '/v1/files/{file}', operation: 'get-file', relay: kept },
  { method: 'DELETE', path: '/v1/files/{file}', operation: 'delete-file', relay: kept },
  { method: 'GET', path: '/v1/files/{file}/content', operation: 'get-file-content', relay: kept },
  { method: 'POST', path: '/v1/uploads', operation: 'create-upload', relay: kept },
  {
    method: 'POST',
    path: '/v1/uploads/{upload}/parts',
    operation: 'add-upload-part',
    relay: { model: 'none', form: 'only' },
  },
  { method: 'POST', path: '/v1/uploads/{upload}/complete', operation: 'complete-upload', relay: kept },
  { method: 'POST', path: '/v1/uploads/{upload}/cancel', operation: 'cancel-upload', relay: kept },
  { method: 'GET', path: '/v1/batches', operation: 'list-batches', relay: kept },
  { method: 'POST', path: '/v1/batches', operation: 'create-batch', relay: kept },
  { method: 'GET', path: '/v1/batches/{batch}', operation: 'get-batch', relay: kept },
  { method: 'POST', path: '/v1/batches/{batch}/cancel', operation: 'cancel-batch', relay: kept },
];

/** As Chat writes it; as Responses does, which images and sound follow; or the total alone, as Jina's reranker does. */
function usageOf(reply: TopLevel): Usage | undefined {
  const usage = object(reply.get('usage'));
  if (!usage) return undefined;
  // Whisper is paid for by the second.
  const audioSeconds = usage.type === 'duration' ? number(usage.seconds) : undefined;
  if (audioSeconds !== undefined) return { audioSeconds };
  return findUsage({ usage }, {}) ?? usageInParts(usage) ?? totalAlone(usage);
}

function usageInParts(usage: JsonObject): Usage | undefined {
  const input = object(usage.input_tokens_details) ?? object(usage.input_token_details);
  const output = object(usage.output_tokens_details);
  const parts: Usage = compact({
    inputTokens: number(usage.input_tokens),
    outputTokens: number(usage.output_tokens),
    audioInputTokens: number(input?.audio_tokens),
    imageInputTokens: number(input?.image_tokens),
    imageOutputTokens: number(output?.image_tokens),
  });
  return Object.keys(parts).length > 0 ? parts : undefined;
}

function totalAlone(usage: JsonObject): Usage | undefined {
  const inputTokens = number(usage.total_tokens);
  return inputTokens === undefined ? undefined : { inputTokens };
}

/** Older models tell no tokens: their pictures are counted. */
function usageOfImages(reply: TopLevel): Usage | undefined {
  const images = list(reply.get('data')).length;
  const usage = usageOf(reply);
  return images > 0 ? { ...usage, images } : usage;
}
