import type { Credential } from '../auth/authorize.ts';
import type { Rest } from '../keys/cooldown.ts';
import type { KeyCheck } from '../keys/key-states.ts';
import { checkKey, type KeyVerdict } from './check-key.ts';
import type { Upstream } from './gateway.ts';
import type { Running } from './running.ts';

/** How the upstreams' credentials are, for people and monitors; no secret is in it. */
export interface Keys {
  status(): readonly KeyStatus[];
  /** Forgets rests and refusals: of one credential by its id, or of all. */
  reset(credentialId?: string): void;
  /** Asks the vendors whether they take them. A key that is taken is back in the pool. Never rejects. */
  check(options?: KeyCheckOptions): Promise<readonly KeyStatus[]>;
}

export interface KeyCheckOptions {
  /** Only this one; absent: all. */
  readonly credential?: string;
  /** Ask nothing that a vendor might bill: keys of places without a list of models stay unchecked. */
  readonly freeOnly?: boolean;
}

export interface KeyStatus {
  readonly upstream: string;
  readonly credential: string;
  /** `resting`: for all models; with some models alone it is `well`. `refused`: out of the pool until it is reset or checked. */
  readonly state: 'well' | 'resting' | 'refused' | 'spent';
  /** Why it is not well. */
  readonly reason?: string;
  /** The vendor's own words. */
  readonly message?: string;
  /** Milliseconds since 1970. */
  readonly refusedSince?: number;
  readonly rests: readonly Rest[];
  readonly quota?: { readonly of: number; readonly left: number };
  readonly checked?: KeyCheck;
}

/** Enough to be done soon, few enough not to look like an attack. */
const maxChecksAtOnce = 8;

export function createKeys(gateway: Running): Keys {
  const { options, ports, cooldown, refused, checks } = gateway;

  const all = (credentialId?: string) =>
    options.upstreams.flatMap((upstream) =>
      upstream.credentials
        .filter(({ id }) => credentialId === undefined || id === credentialId)
        .map((credential) => ({ upstream, credential })),
    );

  function statusOf(upstream: Upstream, { id, quota }: Credential): KeyStatus {
    const rests = cooldown.list().filter(({ credential }) => credential === id);
    const whole = rests.find(({ model }) => model === undefined);
    const refusal = refused.get(id);
    const left = quota === undefined ? undefined : ports.quotas.remaining(id, quota);
    const checked = checks.get(id);
    return {
      upstream: upstream.name,
      credential: id,
      state: refusal ? 'refused' : left !== undefined && left <= 0 ? 'spent' : whole ? 'resting' : 'well',
      ...(whole && { reason: whole.reason }),
      ...(refusal && { reason: refusal.reason, message: refusal.message, refusedSince: refusal.sinceMs }),
      rests,
      ...(quota !== undefined && left !== undefined && { quota: { of: quota, left } }),
      ...(checked && { checked }),
    };
  }

  async function check(upstream: Upstream, credential: Credential, freeOnly: boolean): Promise<void> {
    const told = await checkKey(gateway, upstream, credential, freeOnly);
    checks.set(credential.id, recordOf(told, ports.clock.now()));
    if (told.verdict === 'valid') {
      refused.restore(credential.id);
      cooldown.succeeded(credential.id, '');
    } else if (told.verdict === 'refused') {
      if (upstream.refusedKeys === 'remove') refused.take(credential.id, told.failure);
      else cooldown.rest(credential.id, '', told.failure, upstream.breaker);
    }
  }

  return {
    status: () => all().map(({ upstream, credential }) => statusOf(upstream, credential)),
    reset(credentialId) {
      cooldown.reset(credentialId);
      refused.restore(credentialId);
    },
    async check({ credential: credentialId, freeOnly = false } = {}) {
      const chosen = all(credentialId);
      const waiting = [...chosen];
      const worker = async () => {
        for (let next = waiting.shift(); next; next = waiting.shift())
          await check(next.upstream, next.credential, freeOnly);
      };
      await Promise.all(Array.from({ length: maxChecksAtOnce }, worker));
      return chosen.map(({ upstream, credential }) => statusOf(upstream, credential));
    },
  };
}

function recordOf(told: KeyVerdict, atMs: number): KeyCheck {
  switch (told.verdict) {
    case 'valid':
      return { atMs, verdict: told.verdict, ...(told.models && { models: told.models }) };
    case 'unchecked':
      return { atMs, verdict: told.verdict, message: told.why };
    case 'refused':
    case 'unclear':
      return { atMs, verdict: told.verdict, message: told.failure.message };
  }
}
