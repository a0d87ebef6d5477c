import { Failure, type Incoming, type JsonObject } from '@proxy/core';

const remembered = new WeakMap<Uint8Array, JsonObject | undefined>();

/** The JSON that was sent, parsed once for all rules; undefined for forms, handshakes and requests without a body. */
export function bodyOf({ body }: Incoming): JsonObject | undefined {
  if (body.length === 0) return undefined;
  if (!remembered.has(body)) remembered.set(body, parsed(body));
  return remembered.get(body);
}

function parsed(body: Uint8Array): JsonObject {
  try {
    return JSON.parse(new TextDecoder().decode(body)) as JsonObject; // the glance has found an object
  } catch (cause) {
    throw new Failure('bad-request', 'The request body is not valid JSON.', { cause });
  }
}
