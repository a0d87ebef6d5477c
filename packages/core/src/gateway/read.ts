import { Failure } from '../conversation/failure.ts';
import type { Source } from '../ports.ts';
import { inboundOf } from '../translate/decode.ts';
import type { Inbound } from '../translate/translation.ts';
import { readAll } from './read-all.ts';
import type { HttpRequest } from './http.ts';
import type { Call } from './recognize.ts';
import type { Running } from './running.ts';

const defaultMaxBodyBytes = 100 * 1024 * 1024;

/** The request's body, and what it asks for. @throws Failure `too-large`, `bad-request`, `client-gone`. */
export async function read({ options }: Running, call: Call, request: HttpRequest): Promise<Inbound> {
  const maxBytes = options.maxBodyBytes ?? defaultMaxBodyBytes;
  const body = await bodyOf(request.body, maxBytes);
  if (body.length === 0 && call.knock.door.relay?.model !== 'none')
    throw new Failure('bad-request', 'The request has no body: a JSON object is needed.');
  return inboundOf(call.dialect, call.knock, body);
}

async function bodyOf(body: Uint8Array | Source | undefined, maxBytes: number): Promise<Uint8Array> {
  if (body === undefined) return new Uint8Array();
  if (body instanceof Uint8Array) {
    if (body.length > maxBytes) throw tooLarge(maxBytes);
    return body;
  }
  return readAll(body, maxBytes, () => tooLarge(maxBytes));
}

function tooLarge(maxBytes: number): Failure {
  return new Failure('too-large', `The request body is larger than the ${maxBytes} bytes allowed here.`);
}
