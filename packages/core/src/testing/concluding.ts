/** Streams that break off where errors are completions (row F16). */
import type { Chunk } from '../bytes/framing.ts';
import { Failure } from '../conversation/failure.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { factsOf } from '../models/facts.ts';
import { concluding } from '../translate/conclude.ts';
import { inboundOf } from '../translate/decode.ts';
import { translate } from '../translate/translate.ts';
import type { StreamTranslator } from '../translate/translation.ts';
import { dialects, requests, type Name } from './pairs.ts';

/** What `broken` is told as. */
export const words = 'Proxy error 504 (timeout): Too slow.';
export const broken = () => new Failure('timeout', 'Too slow.');

export function concludingStream(
  client: Name,
  upstream: Dialect,
  query = 'alt=sse',
  more: object = {},
): StreamTranslator {
  const dialect = dialects[client];
  const door = dialect.doors.find((each) => each.operation === 'generate' && each.streaming !== false);
  if (!door) throw new Error('no door');
  const knock = { door, params: { model: 'm' }, query: new URLSearchParams(query), headers: {} };
  const body = { ...requests[client], ...(client !== 'gemini' && { stream: true }), ...more };
  const inbound = inboundOf(dialect, knock, new TextEncoder().encode(JSON.stringify(body)));
  let ids = 0;
  const settings = { created: 1, newId: (prefix: string) => `${prefix}${++ids}` };
  const destination = { dialect: upstream, model: 'm', facts: factsOf('some-model'), signer: upstream.name };
  const inner = translate(inbound, destination, settings).stream(upstream.framing.contentType);
  const text = ({ kind, status, message, details }: Failure) =>
    `${details.told ? 'Upstream' : 'Proxy'} error ${status} (${kind}): ${message}`;
  return concluding(inner, inbound, {
    form: dialect,
    text,
    reply: (failure, usage = { inputTokens: 0, outputTokens: 0 }) => ({
      id: '',
      model: 'm',
      candidates: [{ parts: [{ type: 'text', text: text(failure) }], finish: { reason: 'stop' } }],
      usage,
    }),
    context: () => ({ ...settings, model: 'm', report: () => undefined, request: inbound.decoded().wire }),
  });
}

export const textOf = (chunk: Chunk | undefined) =>
  typeof chunk === 'string' ? chunk : new TextDecoder().decode(chunk);
