import { maskMembers } from '../mask.ts';
import { newId } from './ids.ts';
import { parsed, present, written } from './row.ts';
import type { Database } from './tables.ts';

/** One change that somebody made, by the command line or the admin API. */
export interface AuditEntry {
  readonly id: string;
  readonly at: number;
  /** Who: `cli:<user>`, a user's id, `admin`. */
  readonly actor: string;
  readonly address?: string;
  /** `user.create`, `access-key.revoke`. */
  readonly action: string;
  /** The id of what was changed. */
  readonly object: string;
  /** As it was and as it became, secrets masked. */
  readonly before?: unknown;
  readonly after?: unknown;
}

export interface AuditPage {
  readonly limit: number;
  /** The id of the last entry of the page before. */
  readonly before?: string;
  readonly actor?: string;
  readonly object?: string;
}

export interface Audit {
  append(entry: Omit<AuditEntry, 'id' | 'at'>): Promise<void>;
  /** The latest first. */
  list(page: AuditPage): Promise<readonly AuditEntry[]>;
  /** Forgets what is older; returns how many. */
  sweep(before: number): Promise<number>;
}

export function auditIn(db: Database): Audit {
  return {
    async append({ actor, address, action, object, before, after }) {
      const at = Date.now();
      await db
        .insertInto('audit')
        .values({
          id: newId('audit', at),
          at,
          actor,
          address: address ?? null,
          action,
          object,
          before: written(maskMembers(before)),
          after: written(maskMembers(after)),
        })
        .execute();
    },
    async list({ limit, before, actor, object }) {
      const rows = await db
        .selectFrom('audit')
        .selectAll()
        .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
        .$if(actor !== undefined, (query) => query.where('actor', '=', actor ?? ''))
        .$if(object !== undefined, (query) => query.where('object', '=', object ?? ''))
        .orderBy('id', 'desc')
        .limit(limit)
        .execute();
      return rows.map((row) => ({
        ...present({ ...row, before: null, after: null }),
        ...(row.before !== null && { before: parsed(row.before) }),
        ...(row.after !== null && { after: parsed(row.after) }),
      }));
    },
    async sweep(before) {
      const { numDeletedRows } = await db.deleteFrom('audit').where('at', '<', before).executeTakeFirst();
      return Number(numDeletedRows);
    },
  };
}
