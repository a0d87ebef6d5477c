import { createCooldown, type Cooldown, type CooldownOptions } from './cooldown.ts';
import { createRefusedKeys, type RefusedKeys } from './refused.ts';

/** What has been learnt of credentials. Hand the same one to the next gateway, and a new configuration forgets nothing. */
export interface KeyStates {
  readonly cooldown: Cooldown;
  readonly refused: RefusedKeys;
  /** The last check of each credential, by its id. */
  readonly checks: Map<string, KeyCheck>;
}

export interface KeyCheck {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** `unclear`: the vendor could not be asked, or said neither. `unchecked`: there is no way to ask. */
  readonly verdict: 'valid' | 'refused' | 'unclear' | 'unchecked';
  readonly message?: string;
  /** What the key can be used for, as the vendor lists it. */
  readonly models?: readonly string[];
}

export function createKeyStates(options: CooldownOptions): KeyStates {
  return { cooldown: createCooldown(options), refused: createRefusedKeys(options), checks: new Map() };
}
