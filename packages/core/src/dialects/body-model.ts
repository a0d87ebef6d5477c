import { replaceMember, SpliceError } from '../bytes/splice.ts';
import { Failure } from '../conversation/failure.ts';
import type { Glance, TopLevel } from './dialect.ts';

/** `glance` for dialects that name the model, and whether to stream, in the body. @throws Failure when they are malformed. */
export function glanceBody(body: TopLevel): Glance {
  const { model, stream } = readable(() => ({ model: body.get('model'), stream: body.get('stream') }));
  if (typeof model !== 'string' || model === '')
    throw new Failure('bad-request', 'Missing "model": name the model to ask, as a non-empty string.', {
      field: 'model',
    });
  if (stream !== undefined && stream !== null && typeof stream !== 'boolean')
    throw new Failure('bad-request', 'Malformed "stream": it is true or false, or left out.', { field: 'stream' });
  return { model, streaming: stream === true };
}

/** `rename` for the same dialects. @throws Failure when the body is not a JSON object. */
export function renameBody(body: Uint8Array, model: string): Uint8Array {
  return readable(() => replaceMember(body, 'model', JSON.stringify(model)));
}

function readable<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SpliceError)) throw error;
    throw new Failure('bad-request', `The body must be a JSON object. ${error.message}`, { cause: error });
  }
}
