import type { StoragePlace } from './place.ts';
import { present } from './row.ts';
import type { Database } from './tables.ts';

/** What was asked and answered in a call, without what is to be left out. */
export interface StoredPrompt {
  readonly requestId: string;
  readonly startedAt: number;
  readonly callerId?: string;
  readonly endpoint: string;
  readonly model: string;
  readonly prompt: string;
  readonly response: string;
  /** Of a longer response, the beginning. */
  readonly cut?: true;
}

export interface Prompts {
  /** Those that are there already are left as they are. */
  add(prompts: readonly StoredPrompt[]): Promise<void>;
  /** The latest first. */
  list(page: { readonly limit: number }): Promise<readonly StoredPrompt[]>;
  /** Forgets what is older; returns how many. */
  sweep(before: number): Promise<number>;
}

/** Each may be megabytes, and nobody sweeps a database in memory for want of room on a disk. */
const keptInMemory = 1000;

export function promptsIn(db: Database, place: StoragePlace): Prompts {
  async function keepLatest(many: number): Promise<void> {
    const oldest = db.selectFrom('prompts').select('startedAt').orderBy('startedAt', 'desc').offset(many).limit(1);
    await db.deleteFrom('prompts').where('startedAt', '<=', oldest).execute();
  }

  return {
    async add(prompts) {
      if (prompts.length === 0) return;
      await db
        .insertInto('prompts')
        .values(prompts.map(({ callerId = null, cut, ...prompt }) => ({ ...prompt, callerId, cut: cut ? 1 : 0 })))
        .onConflict((conflict) => conflict.column('requestId').doNothing())
        .execute();
      if (place.type === 'memory') await keepLatest(keptInMemory);
    },
    async list({ limit }) {
      const rows = await db
        .selectFrom('prompts')
        .selectAll()
        .orderBy('startedAt', 'desc')
        .orderBy('requestId', 'desc')
        .limit(limit)
        .execute();
      return rows.map(({ cut, ...row }) => ({ ...present(row), ...(cut === 1 && { cut: true as const }) }));
    },
    async sweep(before) {
      const { numDeletedRows } = await db.deleteFrom('prompts').where('startedAt', '<', before).executeTakeFirst();
      return Number(numDeletedRows);
    },
  };
}
