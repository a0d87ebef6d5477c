import type { PostForm, Token, Tokens } from '../auth/tokens.ts';
import { Failure } from '../conversation/failure.ts';
import { tryParseJson } from '../json.ts';
import type { Ports } from '../ports.ts';
import { readAll } from './read-all.ts';

interface Kept {
  readonly value: string;
  readonly freshUntilMs: number;
  readonly expiresAtMs: number;
}

const tokenTimeoutMs = 30_000;
const maxTokenBytes = 1024 * 1024;
/** A token is renewed so long before its end, or a fifth of its life, whichever is less. */
const renewalMs = 5 * 60_000;

/**
 * Tokens in this gateway's memory. One that nears its end goes on serving while the next is fetched behind the requests'
 * backs; only the first request and one after a long silence wait.
 */
export function createTokens({ transport, clock }: Pick<Ports, 'transport' | 'clock'>): Tokens {
  const kept = new Map<string, Kept>();
  const running = new Map<string, Promise<Kept>>();
  const post = postForm(transport);

  function renewed(id: string, fetch: (post: PostForm) => Promise<Token>): Promise<Kept> {
    const waiting = running.get(id);
    if (waiting) return waiting;
    const fetched = fetch(post)
      .then((token) => {
        const next = keptOf(token, clock.now());
        kept.set(id, next);
        return next;
      })
      .finally(() => running.delete(id));
    running.set(id, fetched);
    return fetched;
  }

  return {
    async get(id, fetch) {
      const known = kept.get(id);
      const now = clock.now();
      if (!known || now >= known.expiresAtMs) return (await renewed(id, fetch)).value;
      // Whoever comes after its end hears why there is no other.
      if (now >= known.freshUntilMs) void renewed(id, fetch).catch(() => undefined);
      return known.value;
    },
    forget: (id) => void kept.delete(id),
  };
}

function keptOf({ value, lifetimeSeconds }: Token, now: number): Kept {
  const lifetimeMs = lifetimeSeconds * 1000;
  return { value, freshUntilMs: now + lifetimeMs - Math.min(renewalMs, lifetimeMs / 5), expiresAtMs: now + lifetimeMs };
}

function postForm(transport: Ports['transport']): PostForm {
  return async (url, form) => {
    // Not a caller's signal: others may wait for the same token.
    const { signal } = new AbortController();
    const response = await transport.send({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body: new URLSearchParams(form).toString(),
      signal,
      headersTimeoutMs: tokenTimeoutMs,
      idleTimeoutMs: tokenTimeoutMs,
    });
    const tooLarge = () => new Failure('bad-upstream', 'The answer of the token endpoint is too large.');
    const text = new TextDecoder().decode(await readAll(response.body, maxTokenBytes, tooLarge));
    return { status: response.status, body: tryParseJson(text) ?? text };
  };
}
