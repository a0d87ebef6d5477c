import type { Direction, ModelFacts, Provider } from '@proxy/core';
import { digest } from '../digest.ts';

interface OwnKey {
  /** The upstream's name in records. */
  readonly name: string;
  readonly provider: Provider;
  readonly baseUrl: string;
  readonly key: string;
  readonly facts?: ModelFacts;
}

/** To an upstream that the caller names, with a key that the caller brings: who that is, is known by the key's hash alone. */
export function withOwnKey({ name, provider, baseUrl, key, facts }: OwnKey): Direction {
  const id = `own-${digest(key).slice(0, 12)}`;
  return {
    callers: { open: false, find: () => ({ id }) },
    upstreams: [
      { name, provider, baseUrl, credentials: [{ id: ownCredential(name, id), secret: key }], ...(facts && { facts }) },
    ],
  };
}

/** What records call the key that a caller brought for an upstream. */
export function ownCredential(upstream: string, callerId: string): string {
  return `${upstream}#${callerId}`;
}
