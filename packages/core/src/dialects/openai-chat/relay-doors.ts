import type { Usage } from '../../conversation/usage.ts';
import { number, object } from '../../json.ts';
import type { RelayDoor, TopLevel } from '../dialect.ts';
import { findUsage } from './usage.ts';

const asking = { model: 'required', usage: usageOf } as const;
/** What an upstream keeps was paid for when it was made. */
const kept = { model: 'none' } as const;

/** The rest of OpenAI's classic surface, by the paths of openai-node 7. */
export const relayDoors: readonly RelayDoor[] = [
  { method: 'POST', path: '/v1/completions', operation: 'complete', relay: asking },
  { method: 'POST', path: '/v1/embeddings', operation: 'embed', relay: asking },
  { method: 'POST', path: '/v1/images/generations', operation: 'generate-image', relay: asking },
  // Pictures as files, or (gpt-image) as URLs and ids in JSON.
  {
    method: 'POST',
    path: '/v1/images/edits',
    operation: 'edit-image',
    relay: { model: 'optional', form: 'or-json', usage: usageOf },
  },
  {
    method: 'POST',
    path: '/v1/images/variations',
    operation: 'vary-image',
    relay: { model: 'optional', form: 'only', usage: usageOf },
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

/** As Chat writes it; as Responses does, which images follow; or the total alone, as Jina's reranker does. */
function usageOf(reply: TopLevel): Usage | undefined {
  const usage = object(reply.get('usage'));
  if (!usage) return undefined;
  const chat = findUsage({ usage }, {});
  if (chat) return chat;
  const input = number(usage.input_tokens);
  const output = number(usage.output_tokens);
  const total = number(usage.total_tokens);
  if (input === undefined && output === undefined) return total === undefined ? undefined : { inputTokens: total };
  return { ...(input !== undefined && { inputTokens: input }), ...(output !== undefined && { outputTokens: output }) };
}
