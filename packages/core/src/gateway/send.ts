import type { Credential, Settings } from '../auth/authorize.ts';
import type { Operation } from '../dialects/dialect.ts';
import { Failure } from '../conversation/failure.ts';
import type { UpstreamResponse } from '../ports.ts';
import { fillHoles } from '../providers/base-url.ts';
import type { Inbound, Translation } from '../translate/translation.ts';
import { asFailure } from '../translate/upstream-failure.ts';
import type { Upstream } from './gateway.ts';
import { readAll } from './read-all.ts';
import type { Target } from './route.ts';
import type { Running } from './running.ts';

/** The vendors' SDKs wait ten minutes; anything shorter would cut answers that their callers still wait for. */
const defaultHeadersTimeoutMs = 600_000;
const defaultIdleTimeoutMs = 300_000;
const maxErrorBytes = 1024 * 1024;

type Sent = { readonly response: UpstreamResponse } | { readonly failure: Failure; readonly status: number };

/** One send. Whatever goes wrong is a value: a refusal of the upstream's, a dead network, a timeout. */
export async function send(
  gateway: Running,
  target: Target,
  inbound: Inbound,
  translation: Translation,
  operation: Operation,
  signal: AbortSignal,
): Promise<Sent> {
  const { ports, options } = gateway;
  try {
    const authorized = await authorizedRequest(gateway, target, inbound, translation, operation);
    const response = await ports.transport.send({
      method: inbound.knock.door.method,
      url: authorized.url,
      headers: authorized.headers,
      body: translation.body,
      signal,
      headersTimeoutMs: options.timeouts?.headersMs ?? defaultHeadersTimeoutMs,
      idleTimeoutMs: options.timeouts?.idleMs ?? defaultIdleTimeoutMs,
    });
    if (response.status < 400) return { response };
    const body = await readAll(
      response.body,
      maxErrorBytes,
      () => new Failure('bad-upstream', 'The error body is too large.'),
    );
    const told = withoutSecret(body, target.credential.secret);
    return { failure: translation.failure(response.status, told, response.headers), status: response.status };
  } catch (thrown) {
    if (signal.aborted)
      return { failure: new Failure('client-gone', 'The caller went away.', { cause: thrown }), status: 499 };
    const failure = asFailure(thrown);
    return { failure, status: failure.status };
  }
}

/** Some vendors repeat the refused key in their error, which is for our callers and our log to read. */
function withoutSecret(body: Uint8Array, secret: string): Uint8Array {
  // AWS answers a wrong signature with all that should have been signed, the session token included: a part of our secret.
  const parts = [secret, ...secret.split(':').filter((part) => part.length >= leastSecretPart)];
  const text = new TextDecoder().decode(body);
  const found = parts.filter((part) => part !== '' && text.includes(part));
  if (found.length === 0) return body;
  return new TextEncoder().encode(found.reduce((told, part) => told.replaceAll(part, '***'), text));
}

/** Shorter parts of a secret are words like a region. */
const leastSecretPart = 16;

function authorizedRequest(
  { ports }: Running,
  { upstream, dialect, model, credential }: Target,
  inbound: Inbound,
  translation: Translation,
  operation: Operation,
) {
  const { provider } = upstream;
  const settings = settingsOf(upstream, credential);
  const url = provider.endpoint({
    dialect,
    operation,
    model,
    streaming: inbound.glance.streaming,
    baseUrl: fillHoles(upstream.baseUrl ?? provider.baseUrl ?? '', settings),
    settings,
    ...(translation.way === 'relay' && { query: inbound.knock.query }),
  });
  const headers = { ...provider.headers, ...translation.headers, ...upstream.headers };
  const { now } = ports.clock;
  return provider.authorize({ method: 'POST', url, headers, body: translation.body, settings, now: now() }, credential);
}

/** Defaults, under what is configured, under what the credential itself says. */
function settingsOf({ provider, settings }: Upstream, credential: Credential): Settings {
  if (!provider.settings) return settings ?? {};
  const defaults: Record<string, string> = {};
  for (const [name, { default: value }] of Object.entries(provider.settings))
    if (value !== undefined) defaults[name] = value;
  return { ...defaults, ...settings, ...provider.settingsOf?.(credential) };
}
