import type { Credential } from '../auth/authorize.ts';

/** How to choose among an upstream's credentials. */
export type SelectorName = 'failover' | 'round-robin' | 'random' | 'weighted' | 'least-busy';

/** Orders credentials for one call, the one to try first in front. Resting credentials were taken out before. */
export interface Selector {
  order(credentials: readonly Credential[]): readonly Credential[];
  /** A send with this credential begins; call the returned function when its reply is over. */
  begin?(credential: Credential): () => void;
}
