import { Failure } from '../../conversation/failure.ts';
import type { Usage } from '../../conversation/usage.ts';
import { isObject, list, number, object, tryParseJson, type Json } from '../../json.ts';
import type { RelayDoor, TopLevel } from '../dialect.ts';

const relay = { model: 'required', usage: usageOf, rename } as const;

/** Embeddings of the Gemini API. Vertex AI has them in another form (`:predict`), so its paths have no such door. */
export const relayDoors: readonly RelayDoor[] = ['/v1beta/models', '/v1/models'].flatMap((path) => [
  { method: 'POST', path: `${path}/{model}:embedContent`, operation: 'embed', relay },
  { method: 'POST', path: `${path}/{model}:batchEmbedContents`, operation: 'embed', relay },
]);

function usageOf(reply: TopLevel): Usage | undefined {
  const inputTokens = number(object(reply.get('usageMetadata'))?.promptTokenCount);
  return inputTokens === undefined ? undefined : { inputTokens };
}

/** The path says the model, and each request of a batch repeats it: Google refuses those that differ. */
function rename(body: Uint8Array, model: string): Uint8Array {
  const value = tryParseJson(new TextDecoder().decode(body));
  if (!isObject(value)) throw new Failure('bad-request', 'The request body must be a JSON object.');
  const name = `models/${model.replace(/^models\//, '')}`;
  const renamed = (request: Json) =>
    isObject(request) && request.model !== undefined ? { ...request, model: name } : request;
  const requests = value.requests !== undefined && { requests: list(value.requests).map(renamed) };
  return new TextEncoder().encode(JSON.stringify({ ...object(renamed(value)), ...requests }));
}
