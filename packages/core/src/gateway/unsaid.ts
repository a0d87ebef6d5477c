import type { Chunk } from '../bytes/framing.ts';
import { createHiding } from '../bytes/hide.ts';
import type { HeaderMap } from '../dialects/dialect.ts';
import type { Sink, Socket, Source, UpstreamResponse } from '../ports.ts';
import { withoutVendorIds } from '../translate/vendor-ids.ts';

// Some vendors, and gateways before them, repeat what they were sent: in an error, a header, an event of a stream that fails,
// a closing reason. Our callers, our log and our records read all of that, so secrets are taken out where it comes in.

/** What authorizes a request, as it may come back: `authorized` are the headers as sent, `before` those without. */
export function secretsSent(
  secret: string,
  authorized: HeaderMap,
  before: HeaderMap,
  configured: HeaderMap = {},
): readonly string[] {
  const found = new Set<string>();
  // Of AWS's and Azure's secrets a part alone may come back: the session token with a wrong signature, the key without its resource.
  if (secret.includes(':')) for (const part of secret.split(':')) if (part.length >= leastPart) found.add(part);
  if (secret !== '') found.add(secret);
  for (const name of credentialHeaders) {
    const value = authorized[name];
    if (value !== undefined && value !== before[name]) found.add(withoutScheme(value));
  }
  for (const name in configured) {
    const value = configured[name];
    if (value !== undefined && value !== '' && mayBeSecret(name, value)) found.add(value).add(withoutScheme(value));
  }
  // One may hold another.
  return found.size > 1 ? [...found].sort((a, b) => b.length - a.length) : [...found];
}

/** The same, found once for each credential and what it was shown as; a signature is new each time. */
export function rememberSecrets(): typeof secretsSent {
  const known = new Map<string, { readonly shown: readonly unknown[]; readonly secrets: readonly string[] }>();
  return (secret, authorized, before, configured) => {
    const shown: unknown[] = [configured];
    for (const name of credentialHeaders) shown.push(authorized[name] === before[name] ? undefined : authorized[name]);
    const last = known.get(secret);
    if (last?.shown.every((value, at) => value === shown[at])) return last.secrets;
    const secrets = secretsSent(secret, authorized, before, configured);
    if (known.size >= maxKnown) known.clear();
    known.set(secret, { shown, secrets });
    return secrets;
  };
}

const maxKnown = 500;

/** RFC 9110 §11.4: whoever repeats a token leaves the scheme before it out. */
function withoutScheme(value: string): string {
  return value.replace(/^[\w-]+ +(?=\S)/, '');
}

const credentialHeaders = ['authorization', 'api-key', 'x-api-key', 'x-goog-api-key'] as const;

/** Shorter parts of a secret are words like a region. */
const leastPart = 16;
/** Shorter ones may be ordinary words of a reply; nobody's real key is. */
const leastInReply = 8;

/** A header of an upstream's own by which a gateway in between may know us. */
export function mayBeSecret(name: string, value: string): boolean {
  if (/auth|key|token|secret|cookie|pass|credential/i.test(name)) return true;
  return !openNames.test(name) && /^(?=.*\d)(?=.*[a-z])[\w.~+/=-]{16,}$/i.test(value);
}

/** What these say is no secret, and vendors speak of it in their errors. */
const openNames =
  /^(anthropic-(beta|version)|openai-(beta|organization|project)|user-agent|accept|content-type|referer|origin|x-title|http-referer)$/i;

/** The same reply without those secrets. */
export function unsaid(response: UpstreamResponse, secrets: readonly string[]): UpstreamResponse {
  const hidden = secrets.filter((secret) => secret.length >= leastInReply);
  if (hidden.length === 0) return response;
  const { status, headers, body } = response;
  return { status, headers: headersWithout(headers, hidden), body: bodyWithout(body, hidden) };
}

/** The same of an error's whole body, however short the secrets are. */
export function errorWithout(body: Uint8Array, secrets: readonly string[]): Uint8Array {
  const text = new TextDecoder().decode(body);
  const told = withoutVendorIds(textWithout(text, secrets));
  return told === text ? body : new TextEncoder().encode(told);
}

/** An upstream's end of a WebSocket. */
export function socketWithout(socket: Socket, secrets: readonly string[]): Socket {
  const hidden = secrets.filter((secret) => secret.length >= leastInReply);
  if (hidden.length === 0) return socket;
  return {
    listen: (listener) =>
      socket.listen({
        message: (message, binary) => listener.message(bytesWithout(message, hidden), binary),
        drained: () => listener.drained(),
        closed: (code, reason) => listener.closed(code, textWithout(reason, hidden)),
      }),
    send: (message, binary) => socket.send(message, binary),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close: (code, reason) => socket.close(code, reason),
  };
}

function headersWithout(headers: HeaderMap, secrets: readonly string[]): HeaderMap {
  let changed: Record<string, string> | undefined;
  let shortest = Infinity;
  for (const secret of secrets) if (secret.length < shortest) shortest = secret.length;
  for (const name in headers) {
    const value = headers[name] ?? '';
    // Most headers are shorter than any key.
    if (value.length < shortest || !secrets.some((secret) => value.includes(secret))) continue;
    changed ??= { ...headers };
    changed[name] = textWithout(value, secrets);
  }
  return changed ?? headers;
}

function bodyWithout(body: Source, secrets: readonly string[]): Source {
  return {
    start: (sink) => body.start(new HidingSink(sink, secrets)),
    ...(body.gather && {
      gather: (maxBytes: number) => body.gather?.(maxBytes)?.then((bytes) => bytesWithout(bytes, secrets)),
    }),
  };
}

class HidingSink implements Sink {
  readonly #sink: Sink;
  readonly #hiding: ReturnType<typeof createHiding>;

  constructor(sink: Sink, secrets: readonly string[]) {
    this.#sink = sink;
    this.#hiding = createHiding(secrets);
  }

  write(chunk: Chunk): boolean {
    const bytes = this.#hiding.push(bytesOf(chunk));
    return bytes.length === 0 || this.#sink.write(bytes);
  }

  end(): void {
    this.#writeRest();
    this.#sink.end();
  }

  fail(error: unknown): void {
    this.#writeRest();
    this.#sink.fail(error);
  }

  #writeRest(): void {
    const bytes = this.#hiding.end();
    if (bytes.length > 0) this.#sink.write(bytes);
  }
}

function bytesWithout(bytes: Uint8Array, secrets: readonly string[]): Uint8Array {
  const hiding = createHiding(secrets);
  const begun = hiding.push(bytes);
  const rest = hiding.end();
  if (rest.length === 0) return begun;
  const all = new Uint8Array(begun.length + rest.length);
  all.set(begun);
  all.set(rest, begun.length);
  return all;
}

function textWithout(text: string, secrets: readonly string[]): string {
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
}

function bytesOf(chunk: Chunk): Uint8Array {
  return typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk;
}
