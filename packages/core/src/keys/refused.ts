import type { Failure, FailureKind } from '../conversation/failure.ts';
import type { Ports } from '../ports.ts';

/** Credentials that their vendor does not take any longer: out of the pool until somebody finds them well again. */
export interface RefusedKeys {
  has(credentialId: string): boolean;
  /** Takes a credential out, if the failure says that it is of no more use: revoked, unknown, unpaid. Returns whether it did. */
  take(credentialId: string, failure: Failure): boolean;
  /** Back into the pool; without an id, all of them. */
  restore(credentialId?: string): void;
  list(): readonly RefusedKey[];
  get(credentialId: string): RefusedKey | undefined;
}

export interface RefusedKey {
  readonly credential: string;
  readonly reason: FailureKind;
  /** The vendor's own words. */
  readonly message: string;
  readonly sinceMs: number;
}

/** `forbidden` may be about one model or region alone. */
const fatal: ReadonlySet<FailureKind> = new Set(['unauthenticated', 'billing']);

export function createRefusedKeys({ clock }: Pick<Ports, 'clock'>): RefusedKeys {
  const refused = new Map<string, RefusedKey>();
  return {
    has: (credentialId) => refused.size > 0 && refused.has(credentialId),
    get: (credentialId) => refused.get(credentialId),
    take(credential, { kind: reason, message }) {
      if (!fatal.has(reason)) return false;
      const { sinceMs } = refused.get(credential) ?? { sinceMs: clock.now() };
      refused.set(credential, { credential, reason, message, sinceMs });
      return true;
    },
    restore(credentialId) {
      if (credentialId === undefined) refused.clear();
      else refused.delete(credentialId);
    },
    list: () => [...refused.values()],
  };
}
