import type { AccessKeys } from './access-keys.ts';
import type { Audit } from './audit.ts';
import type { Bans } from './bans.ts';
import type { Calls } from './calls.ts';
import type { Changes } from './changes.ts';
import type { Credentials } from './credentials.ts';
import type { KeyQuotas } from './key-quotas.ts';
import type { StoragePlace } from './place.ts';
import type { Prompts } from './prompts.ts';
import type { Sessions } from './sessions.ts';
import type { Database } from './tables.ts';
import type { Totals } from './totals.ts';
import type { Users } from './users.ts';

/** Everything that outlives the process. Several processes may have the same open. */
export interface Storage {
  readonly place: StoragePlace;
  /** For transactions over several tables; reads and writes of one kind go through what is below. */
  readonly db: Database;
  readonly users: Users;
  readonly accessKeys: AccessKeys;
  readonly credentials: Credentials;
  readonly keyQuotas: KeyQuotas;
  readonly bans: Bans;
  readonly sessions: Sessions;
  readonly audit: Audit;
  readonly calls: Calls;
  readonly totals: Totals;
  readonly prompts: Prompts;
  readonly changes: Changes;
  /** From now on these open secrets, and the first of them seals. @throws StorageError when none opens what is there. */
  useKeys(encryptionKeys: readonly string[]): Promise<void>;
  close(): Promise<void>;
}
