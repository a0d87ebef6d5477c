import { rewording } from './fields.ts';
import type { InnerDoor } from './inner-door.ts';

const model = 'text-embedding-ada-002';

/** Embeddings of the predecessor's one model, unless another that makes embeddings is asked for (acceptance row F2). */
export function adaEmbeddings(asked: string): InnerDoor | undefined {
  if (asked !== '/v1/embeddings') return undefined;
  return {
    path: asked,
    models: { fitting: /embedding/, otherwise: model },
    reword: rewording((body) => (typeof body.model === 'string' ? body : { ...body, model })),
  };
}
