import type { Kysely } from 'kysely';

/**
 * The database as its rows are: one schema for SQLite and PostgreSQL. Times are milliseconds since 1970, JSON is text, and columns are
 * named in snake_case there (CamelCasePlugin). What repositories return is plain data of their own.
 */
export interface Tables {
  readonly users: UserTable;
  readonly accessKeys: AccessKeyTable;
  readonly credentials: CredentialTable;
  readonly budgetBooks: BudgetBookTable;
  readonly budgetSlices: BudgetSliceTable;
  readonly budgetLeases: BudgetLeaseTable;
  readonly budgetHolders: BudgetHolderTable;
  readonly totals: TotalTable;
  readonly bans: BanTable;
  readonly sessions: SessionTable;
  readonly audit: AuditTable;
  readonly calls: CallTable;
  readonly prompts: PromptTable;
  readonly journals: JournalTable;
  readonly settings: SettingTable;
  readonly changes: ChangeTable;
  readonly keyQuotas: KeyQuotaTable;
}

/** A transaction is one as well. */
export type Database = Kysely<Tables>;

export interface UserTable {
  readonly id: string;
  readonly name: string;
  readonly role: string | null;
  /** JSON: Limits. */
  readonly limits: string | null;
  readonly note: string | null;
  readonly createdAt: number;
  readonly disabledAt: number | null;
  readonly disabledReason: string | null;
}

export interface AccessKeyTable {
  readonly id: string;
  readonly userId: string | null;
  readonly name: string | null;
  /** HMAC-SHA-256 of the key. */
  readonly hash: string;
  readonly hint: string;
  readonly role: string | null;
  /** JSON: AccessRules. */
  readonly rules: string;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
  readonly revokedReason: string | null;
}

export interface CredentialTable {
  readonly id: string;
  readonly upstream: string;
  readonly weight: number | null;
  /** An envelope; see secrets/envelope.ts. */
  readonly sealed: string;
  /** Of the key that sealed it. */
  readonly keyId: string;
  /** HMAC-SHA-256, so that the same key is not added twice. */
  readonly hash: string;
  readonly hint: string;
  readonly createdAt: number;
  /** JSON: CredentialDetails. */
  readonly details: string | null;
}

/** What has been spent of a budget within the period that ends then (0: there is but one), in whole units. Locked by whoever changes anything of it. */
export interface BudgetBookTable {
  readonly budget: string;
  readonly endsAt: number;
  readonly spent: number;
}

/** Of a budget that rolls: what leaves it again, and when. */
export interface BudgetSliceTable {
  readonly budget: string;
  readonly leavesAt: number;
  readonly spent: number;
}

/** What a process may spend without asking again; less what it has spent and booked. */
export interface BudgetLeaseTable {
  readonly budget: string;
  readonly endsAt: number;
  readonly holder: string;
  readonly amount: number;
}

/** A process, whose leases lapse then unless it says that it lives. */
export interface BudgetHolderTable {
  readonly holder: string;
  readonly validUntil: number;
}

/** What a caller has used of a model since ever: kept when calls are swept. */
export interface TotalTable {
  readonly callerId: string;
  readonly model: string;
  readonly calls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costNanos: number;
  readonly lastAt: number;
}

export interface BanTable {
  /** An address or a CIDR. */
  readonly address: string;
  readonly reason: string;
  readonly since: number;
  readonly until: number | null;
}

export interface SessionTable {
  /** SHA-256 of what the cookie holds. */
  readonly hash: string;
  readonly subject: string;
  readonly role: string;
  readonly csrf: string;
  readonly address: string | null;
  readonly createdAt: number;
  readonly expiresAt: number;
}

export interface AuditTable {
  readonly id: string;
  readonly at: number;
  readonly actor: string;
  readonly address: string | null;
  readonly action: string;
  readonly object: string;
  /** JSON, secrets masked. */
  readonly before: string | null;
  readonly after: string | null;
}

export interface CallTable {
  readonly requestId: string;
  readonly startedAt: number;
  readonly durationMs: number;
  readonly status: number;
  readonly callerId: string | null;
  readonly userId: string | null;
  readonly operation: string | null;
  readonly model: string | null;
  readonly upstream: string | null;
  readonly upstreamModel: string | null;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Billionths of a dollar. */
  readonly costNanos: number | null;
  readonly failure: string | null;
  /** JSON: what the other columns leave out of the call (call-row.ts). */
  readonly record: string;
}

/** What was asked and answered, where the configuration wants it kept here. */
export interface PromptTable {
  readonly requestId: string;
  readonly startedAt: number;
  readonly callerId: string | null;
  readonly endpoint: string;
  readonly model: string;
  readonly prompt: string;
  readonly response: string;
  /** 1: of a longer response, the beginning. */
  readonly cut: number;
}

/** How far a segment of the journal has been moved into this database. */
export interface JournalTable {
  readonly segment: string;
  readonly position: number;
  readonly updatedAt: number;
}

export interface SettingTable {
  readonly name: string;
  readonly value: string;
}

/** A number that grows with every change of a topic, for the caches of other processes. */
export interface ChangeTable {
  readonly topic: string;
  readonly number: number;
}

export interface KeyQuotaTable {
  /** Without its place in a list: `main#a1b2c3`. */
  readonly credential: string;
  readonly used: number;
}
