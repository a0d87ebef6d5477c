/**
 * Amazon Bedrock's runtime as a scripted server. It believes nothing: signatures are recomputed here from AWS's description
 * of SigV4, bodies held to the SDK's types, and streams are AWS's binary messages, written by AWS's own codec.
 */
import { EventStreamCodec } from '@smithy/eventstream-codec';
import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fixture } from './upstream.ts';
import { schemaFaults } from './wire-schemas/validate.ts';

export const region = 'us-west-2';
export const accessKeyId = 'AKIAE2EEXAMPLE';
export const secretAccessKey = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
export const sessionToken = `IQoJb3JpZ2luX2VjE${'e2e/'.repeat(40)}==`;
/** Keys that do not expire come without a session. */
export const staticKeyId = 'AKIAE2ESTATIC';
export const staticSecret = 'static/bPxRfiCYEXAMPLEKEY+wJalrXUtnFEMI';
export const apiKey = 'ABSKZTJlLWtleQ==';

export type Action = 'converse' | 'converse-stream' | 'invoke' | 'invoke-with-response-stream' | 'count-tokens';

export type BedrockStep =
  | { readonly type: 'answer'; readonly fixture: string; readonly chunkBytes?: number }
  /** The first messages of the stream, then an exception. */
  | {
      readonly type: 'exception';
      readonly fixture: string;
      readonly frames: number;
      readonly name: string;
      /** AWS's two ways of breaking off: a modelled exception, and an error that no model knows. */
      readonly kind?: 'exception' | 'error';
      readonly chunkBytes?: number;
    }
  /** The stream without its last bytes. */
  | { readonly type: 'cut'; readonly fixture: string; readonly bytes: number }
  | { readonly type: 'error'; readonly status: number; readonly name: string; readonly message: string };

export interface BedrockRequest {
  readonly action: Action;
  /** As it stands in the path, decoded once. */
  readonly model: string;
  readonly raw: string;
  readonly body: Record<string, unknown>;
  readonly headers: IncomingMessage['headers'];
  /** What AWS would refuse of it. */
  readonly faults: readonly string[];
}

export interface Bedrock {
  readonly url: string;
  readonly requests: readonly BedrockRequest[];
  script(...steps: readonly BedrockStep[]): void;
  close(): Promise<void>;
}

export async function startBedrock(): Promise<Bedrock> {
  let requests: BedrockRequest[] = [];
  let steps: BedrockStep[] = [];
  const server = createServer((request, response) => {
    void received(request).then((raw) => {
      const unsigned = signatureFault(request, raw);
      if (unsigned !== undefined) return refuse(response, 403, 'InvalidSignatureException', unsigned);
      const asked = read(request, raw);
      if (!asked) return refuse(response, 404, 'UnknownOperationException', `No such path: ${request.url}`);
      requests.push(asked);
      if (asked.action === 'count-tokens') return whole(response, Buffer.from('{"inputTokens":120}'));
      const step = steps.shift();
      if (!step) return refuse(response, 500, 'InternalServerException', 'The script is over: one request too many.');
      perform(response, asked.action, step);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // listening on TCP
  return {
    url: `http://127.0.0.1:${port}`,
    get requests() {
      return requests;
    },
    script(...next) {
      requests = [];
      steps = [...next];
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const path = /^\/model\/([^/]+)\/(converse|converse-stream|invoke|invoke-with-response-stream|count-tokens)$/;

function read(request: IncomingMessage, raw: string): BedrockRequest | undefined {
  const [, model = '', action] = path.exec(request.url ?? '') ?? [];
  if (action === undefined || request.method !== 'POST') return undefined;
  const body = JSON.parse(raw) as Record<string, unknown>; // the schema judges it
  const known = action as Action; // the expression has no other words
  const type = request.headers['content-type'];
  const faults = [
    ...(type === 'application/json' ? [] : [`content-type ${type}`]),
    ...bodyFaults(known, body),
    ...Object.keys(request.headers).filter((name) => name.startsWith('anthropic-')),
  ];
  return { action: known, model: decodeURIComponent(model), raw, body, headers: request.headers, faults };
}

function bodyFaults(action: Action, body: Record<string, unknown>): readonly string[] {
  if (action === 'count-tokens') return schemaFaults('bedrock-count-tokens', body);
  if (action.startsWith('converse')) return schemaFaults('bedrock-converse', body);
  const { anthropic_version: version, anthropic_beta: flags = [], ...rest } = body;
  return [
    ...(version === 'bedrock-2023-05-31' ? [] : [`anthropic_version: ${String(version)}`]),
    ...(Array.isArray(flags) ? [] : ['anthropic_beta is not a list']),
    ...['model', 'stream'].filter((name) => name in body),
    ...schemaFaults('anthropic-messages-beta', { ...rest, model: 'm' }),
  ];
}

const holders: Readonly<Record<string, { readonly secret: string; readonly session?: string }>> = {
  [accessKeyId]: { secret: secretAccessKey, session: sessionToken },
  [staticKeyId]: { secret: staticSecret },
};

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html, step by step. */
function signatureFault(request: IncomingMessage, raw: string): string | undefined {
  const { authorization = '', host = '' } = request.headers;
  if (authorization === `Bearer ${apiKey}`) return undefined;
  const parts =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/bedrock\/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$/.exec(
      authorization,
    );
  if (!parts) return 'The authorization header is none of AWS’s.';
  const [, id, day = '', scopeRegion, signed = '', signature] = parts;
  const time = String(request.headers['x-amz-date']);
  const at = Date.parse(time.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  const holder = holders[id ?? ''];
  if (!holder || scopeRegion !== region) return 'The credential’s scope is wrong.';
  if (!(Math.abs(Date.now() - at) < 300_000) || !time.startsWith(day)) return 'The request was signed at another time.';
  if (request.headers['x-amz-security-token'] !== holder.session)
    return 'The session token is not the one of the keys.';
  const names = signed.split(';');
  for (const needed of ['host', 'x-amz-date', ...(holder.session ? ['x-amz-security-token'] : [])])
    if (!names.includes(needed)) return `${needed} is not signed.`;
  const { pathname, search } = new URL(request.url ?? '', `http://${host}`);
  if (search !== '') return 'A query was sent.';
  const canonical = [
    'POST',
    // Every segment as it was sent, encoded once more: the rule for all services but S3.
    pathname.split('/').map(rfc3986).join('/'),
    '',
    ...names.map((name) => `${name}:${String(request.headers[name]).trim()}`),
    '',
    signed,
    sha256(raw),
  ].join('\n');
  const scope = `${day}/${region}/bedrock/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n');
  let key: Buffer = Buffer.from(`AWS4${holder.secret}`);
  for (const piece of [day, region, 'bedrock', 'aws4_request']) key = createHmac('sha256', key).update(piece).digest();
  const expected = createHmac('sha256', key).update(toSign).digest('hex');
  return expected === signature ? undefined : `The canonical request should have been '${canonical}'.`;
}

function rfc3986(segment: string): string {
  return [...Buffer.from(segment)]
    .map((byte) => {
      const sign = String.fromCharCode(byte);
      return /[A-Za-z0-9._~-]/.test(sign) ? sign : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

const codec = new EventStreamCodec(
  (bytes) => (typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString()),
  (text) => Buffer.from(text),
);

function message(headers: Readonly<Record<string, string>>, body: string): Uint8Array {
  const texts = Object.entries(headers).map(([name, value]) => [name, { type: 'string' as const, value }] as const);
  return codec.encode({ headers: Object.fromEntries(texts), body: Buffer.from(body) });
}

function event(name: string, body: string): Uint8Array {
  return message({ ':event-type': name, ':content-type': 'application/json', ':message-type': 'event' }, body);
}

/** Converse's events as they are recorded, or Anthropic's, each wrapped as InvokeModel wraps them. */
function framesOf(action: Action, name: string): readonly Uint8Array[] {
  if (action === 'converse-stream') {
    const lines = fixture('bedrock-converse', `${name}.jsonl`).toString().split('\n');
    return lines
      .filter((line) => line !== '')
      .map((line) => {
        const [type = '', body] = JSON.parse(line) as [string, object]; // our own file
        return event(type, JSON.stringify(body));
      });
  }
  const events = fixture('anthropic-messages', `${name}.sse`)
    .toString()
    .matchAll(/^data: (.*)$/gm);
  return [...events].map(([, data = '']) =>
    event('chunk', JSON.stringify({ bytes: Buffer.from(data).toString('base64'), p: 'abcdefg' })),
  );
}

function perform(response: ServerResponse, action: Action, step: BedrockStep): void {
  if (step.type === 'error') return refuse(response, step.status, step.name, step.message);
  const dialect = action.startsWith('converse') ? 'bedrock-converse' : 'anthropic-messages';
  if (!action.endsWith('stream')) return whole(response, fixture(dialect, `${step.fixture}.json`));
  response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream', 'x-amzn-requestid': 'e2e' });
  const frames = framesOf(action, step.fixture);
  if (step.type === 'exception') {
    const bytes = Buffer.concat([...frames.slice(0, step.frames), breakingOff(step.name, step.kind)]);
    return inPieces(response, bytes, step.chunkBytes ?? 7);
  }
  const bytes = Buffer.concat(frames);
  if (step.type === 'cut') return inPieces(response, bytes.subarray(0, bytes.length - step.bytes), 101);
  inPieces(response, bytes, step.chunkBytes ?? 13);
}

function breakingOff(name: string, kind: 'exception' | 'error' = 'exception'): Uint8Array {
  const words = 'It broke off on purpose.';
  if (kind === 'error') return message({ ':message-type': kind, ':error-code': name, ':error-message': words }, '');
  const type = { ':exception-type': name, ':content-type': 'application/json', ':message-type': kind };
  return message(type, JSON.stringify({ message: words }));
}

/** Each piece is written when the one before has left, so that it arrives as it was cut. */
function inPieces(response: ServerResponse, bytes: Buffer, size: number, from = 0): void {
  if (response.destroyed) return;
  if (from >= bytes.length) return void response.end();
  response.write(bytes.subarray(from, from + size), () =>
    setImmediate(() => inPieces(response, bytes, size, from + size)),
  );
}

function whole(response: ServerResponse, body: Buffer): void {
  response.writeHead(200, { 'content-type': 'application/json', 'x-amzn-requestid': 'e2e' });
  response.end(body);
}

function refuse(response: ServerResponse, status: number, type: string, words: string): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'x-amzn-errortype': `${type}:http://internal.amazon.com/`,
  });
  response.end(JSON.stringify({ message: words }));
}

async function received(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  try {
    for await (const piece of request) pieces.push(piece as Buffer); // no encoding was set
  } catch {
    // The other side left while writing.
  }
  return Buffer.concat(pieces).toString('utf8');
}
