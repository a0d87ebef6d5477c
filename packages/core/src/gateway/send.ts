import type { Chunk } from '../bytes/framing.ts';
import type { HeaderMap, Operation } from '../dialects/dialect.ts';
import { Failure } from '../conversation/failure.ts';
import type { CancelSignal, OpenedSocket, Source, UpstreamResponse } from '../ports.ts';
import { fillHoles } from '../providers/base-url.ts';
import type { Inbound, Translation } from '../translate/translation.ts';
import { asFailure } from '../translate/upstream-failure.ts';
import { readAll } from './read-all.ts';
import type { Target } from './prospect.ts';
import type { Running } from './running.ts';
import { errorWithout, rememberSecrets, socketWithout, unsaid } from './unsaid.ts';

/** The vendors' SDKs wait ten minutes; anything shorter would cut answers that their callers still wait for. */
const defaultHeadersTimeoutMs = 600_000;
const defaultIdleTimeoutMs = 300_000;
const maxErrorBytes = 1024 * 1024;

type Sent = { readonly response: UpstreamResponse } | Unsent;

interface Unsent {
  readonly failure: Failure;
  readonly status: number;
}

/** What is said to a target, before it is authorized. */
export interface Message {
  readonly method: string;
  readonly headers: HeaderMap;
  readonly body?: Chunk | Source;
  /** `baseUrl` has its holes filled. */
  url(baseUrl: string): string;
  /** A refusal, understood. */
  failure(status: number, body: Uint8Array, headers: HeaderMap): Failure;
}

/** The message of an operation that the hub knows. */
export function messageOf(
  { upstream, dialect, model, settings }: Target,
  { glance, knock }: Inbound,
  translation: Translation,
  operation: Operation,
): Message {
  const { way, headers, body } = translation;
  return {
    method: 'POST',
    headers,
    body,
    url: (baseUrl) =>
      upstream.provider.endpoint({
        dialect,
        operation,
        model,
        streaming: glance.streaming,
        baseUrl,
        settings,
        ...(way === 'relay' && { query: knock.query }),
      }),
    failure: (...refusal) => translation.failure(...refusal),
  };
}

/** One send. Whatever goes wrong is a value: a refusal of the upstream's, a dead network, a timeout. */
export async function send(gateway: Running, target: Target, message: Message, signal: CancelSignal): Promise<Sent> {
  const { ports, options } = gateway;
  const { method, body } = message;
  try {
    const authorizing = authorizedRequest(gateway, target, message);
    const authorized = authorizing instanceof Promise ? await authorizing : authorizing;
    const response = await ports.transport.send({
      method,
      url: authorized.url,
      headers: authorized.headers,
      body,
      signal,
      headersTimeoutMs: options.timeouts?.headersMs ?? defaultHeadersTimeoutMs,
      idleTimeoutMs: options.timeouts?.idleMs ?? defaultIdleTimeoutMs,
    });
    hear(gateway, target, response);
    const secrets = secretsIn(target, message, authorized.headers);
    const told = unsaid(response, secrets);
    if (told.status < 400) return { response: told };
    return await refused(gateway, target, message, secrets, told);
  } catch (thrown) {
    return unsent(thrown, signal);
  }
}

/** A connection that is to stay open: for as long as both sides want. */
export async function openSocket(
  gateway: Running,
  target: Target,
  message: Message,
  protocols: readonly string[],
  signal: CancelSignal,
): Promise<OpenedSocket | Unsent> {
  const { ports, options } = gateway;
  try {
    if (!ports.transport.open) throw new Failure('server', 'No WebSocket can be opened from here.', { status: 426 });
    const authorized = await authorizedRequest(gateway, target, message);
    const opened = await ports.transport.open({
      url: authorized.url,
      headers: authorized.headers,
      protocols,
      signal,
      headersTimeoutMs: options.timeouts?.headersMs ?? defaultHeadersTimeoutMs,
      maxMessageBytes: maxMessageBytes(options),
    });
    const secrets = secretsIn(target, message, authorized.headers);
    if ('socket' in opened) return { ...opened, socket: socketWithout(opened.socket, secrets) };
    return await refused(gateway, target, message, secrets, unsaid(opened, secrets));
  } catch (thrown) {
    return unsent(thrown, signal);
  }
}

/** What a reply's headers say of the vendor's limits, for whoever chooses by it. */
function hear(gateway: Running, { upstream, credential, from }: Target, { headers }: UpstreamResponse): void {
  gateway.selectorOf(upstream).hear?.(credential, from.model, headers);
  if (from.branch) gateway.selectorOf(from.branch.route).hear?.(from.branch, '', headers);
}

export function maxMessageBytes({ sockets }: Running['options']): number {
  return sockets?.maxMessageBytes ?? 16 * 1024 * 1024;
}

async function refused(
  { tokens }: Running,
  { credential }: Target,
  message: Message,
  secrets: readonly string[],
  { status, headers, body }: UpstreamResponse,
): Promise<Unsent> {
  if (status === 401) tokens.forget(credential.id);
  const tooLarge = () => new Failure('bad-upstream', 'The error body is too large.');
  const refusal = await readAll(body, maxErrorBytes, tooLarge);
  return { failure: message.failure(status, errorWithout(refusal, secrets), headers), status };
}

const secretsSent = rememberSecrets();

function secretsIn({ credential, upstream }: Target, { headers }: Message, authorized: HeaderMap): readonly string[] {
  return secretsSent(credential.secret, authorized, headers, upstream.headers);
}

function unsent(thrown: unknown, signal: CancelSignal): Unsent {
  if (signal.aborted)
    return { failure: new Failure('client-gone', 'The caller went away.', { cause: thrown }), status: 499 };
  const failure = asFailure(thrown);
  return { failure, status: failure.status };
}

function authorizedRequest({ ports, tokens }: Running, { upstream, credential, settings }: Target, message: Message) {
  const { provider } = upstream;
  const { method, body } = message;
  const url = message.url(fillHoles(upstream.baseUrl ?? provider.baseUrl ?? '', settings));
  const headers: Record<string, string> = provider.headers
    ? { ...provider.headers, ...message.headers }
    : { ...message.headers };
  if (upstream.headers) Object.assign(headers, upstream.headers);
  if (upstream.userAgent !== undefined)
    headers['user-agent'] = agentShown(upstream.userAgent, message.headers['user-agent']);
  const now = ports.clock.now();
  return provider.authorize(
    { method, url, headers, body: isWhole(body) ? body : undefined, settings, now, tokens },
    credential,
  );
}

/** Some relays admit one program alone; a caller that is this program keeps its own version (acceptance row D5). */
function agentShown(wanted: string, callers = ''): string {
  const [program = wanted] = wanted.split('/');
  return callers.startsWith(program) ? callers : wanted;
}

/** No scheme of a place that takes forms signs their bytes. */
function isWhole(body: Chunk | Source | undefined): body is Chunk {
  return typeof body === 'string' || body instanceof Uint8Array;
}
