import type { Keys, Log } from '@proxy/core';
import type { Config } from '../config/config.ts';
import type { Storage } from '../storage/storage.ts';
import type { Attempts } from './attempts.ts';
import type { Tail } from './tail.ts';

/** What the admin API may know of the server and do with it. */
export interface AdminPlace {
  readonly storage: Storage;
  readonly config: () => Config;
  /** Takes over the configuration as it is now; what is wrong with it otherwise. */
  readonly reload: () => readonly string[];
  /** What is wrong with a configuration that nobody has saved yet. */
  readonly validate: (text: string) => readonly string[];
  /** Of the gateway that is current. */
  readonly keys: () => Keys;
  readonly log: Log;
  readonly tail: Tail;
  readonly attempts: Attempts;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}
