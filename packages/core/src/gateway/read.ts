import { formBoundary } from '../bytes/form-fields.ts';
import { Failure } from '../conversation/failure.ts';
import type { RelayDoor } from '../dialects/dialect.ts';
import type { Source } from '../ports.ts';
import { inboundOf } from '../translate/decode.ts';
import { readAll } from './read-all.ts';
import type { GatewayOptions } from './gateway.ts';
import type { HttpRequest } from './http.ts';
import type { Incoming } from './incoming.ts';
import type { Call } from './recognize.ts';
import { Upload } from './upload.ts';

const defaultMaxBodyBytes = 100 * 1024 * 1024;
const defaultMaxUploadBytes = 2 * 1024 * 1024 * 1024;
/** Most clients send the file first; OpenAI takes audio of 25 MB, so that what it takes can be routed by its model. */
const maxHeldFormBytes = 32 * 1024 * 1024;

/** The request's body, and what it asks for. @throws Failure `too-large`, `bad-request`, `client-gone`. */
export async function read(
  options: Pick<GatewayOptions, 'maxBodyBytes' | 'maxUploadBytes'>,
  call: Call,
  request: HttpRequest,
): Promise<Incoming> {
  const { door } = call.knock;
  if (door.relay?.form && !isJsonInstead(door, request))
    return readForm(call, door, request, options.maxUploadBytes ?? defaultMaxUploadBytes);
  const maxBytes = options.maxBodyBytes ?? defaultMaxBodyBytes;
  const body = await bodyOf(request.body, maxBytes);
  if (body.length === 0 && door.relay?.model !== 'none')
    throw new Failure('bad-request', 'The request has no body: a JSON object is needed.');
  return inboundOf(call.dialect, call.knock, request.direction?.reword?.(body) ?? body);
}

function isJsonInstead({ relay }: RelayDoor, { headers }: HttpRequest): boolean {
  return relay.form === 'or-json' && /^\s*application\/([\w.-]+\+)?json/i.test(headers['content-type'] ?? '');
}

/** Up to its model, the rest later. */
async function readForm(
  { dialect, knock }: Call,
  { relay }: RelayDoor,
  { body, headers }: HttpRequest,
  maxBytes: number,
): Promise<Incoming> {
  const boundary = boundaryOf(headers['content-type']);
  if (body === undefined || (body instanceof Uint8Array && body.length === 0))
    throw new Failure('bad-request', 'The request has no body: a form (multipart/form-data) is needed.');
  const length = announced(headers['content-length']);
  const upload = new Upload(body instanceof Uint8Array ? sourceOf(body) : body, {
    maxBytes,
    ...(length !== undefined && { length }),
    ...(relay.model !== 'none' && {
      form: { boundary, modelRequired: relay.model === 'required', maxHeldBytes: maxHeldFormBytes },
    }),
  });
  await upload.ready();
  const glance = {
    get model() {
      return upload.model;
    },
    get streaming() {
      return upload.streaming;
    },
  };
  const decoded = () => {
    throw new Error('A form has no conversation in it.');
  };
  return { dialect, knock, glance, body: new Uint8Array(), top: { get: () => undefined }, decoded, upload };
}

/** @throws Failure unless it is that of a form, with the boundary by which its parts are told apart. */
function boundaryOf(contentType = ''): string {
  const boundary = formBoundary(contentType);
  if (boundary !== undefined) return boundary;
  if (/^\s*multipart\/form-data/i.test(contentType))
    throw new Failure('bad-request', 'The content-type names no boundary: multipart/form-data; boundary=…');
  throw new Failure(
    'unsupported-media',
    `The content-type "${contentType.slice(0, 100)}" is not the one of this operation: send multipart/form-data.`,
  );
}

function announced(length: string | undefined): number | undefined {
  return length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}

function sourceOf(body: Uint8Array): Source {
  return {
    start(sink) {
      sink.write(body);
      sink.end();
      return { resume: () => undefined, cancel: () => undefined };
    },
  };
}

function bodyOf(body: Uint8Array | Source | undefined, maxBytes: number): Uint8Array | Promise<Uint8Array> {
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
