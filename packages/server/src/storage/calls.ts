import { sql, type ExpressionWrapper, type RawBuilder, type SelectQueryBuilder, type SqlBool } from 'kysely';
import { callOf } from './call-row.ts';
import type { StoredCall } from './stored-call.ts';
import type { Database, Tables } from './tables.ts';
import type { UsageGroup } from './usage-groups.ts';

/** Which calls are meant; what is absent does not matter. */
export interface CallFilter {
  readonly since?: number;
  readonly until?: number;
  readonly callerId?: string;
  readonly userId?: string;
  readonly model?: string;
  readonly upstream?: string;
  /** Only those that did not end well. */
  readonly failed?: boolean;
}

export interface CallPage extends CallFilter {
  readonly limit: number;
  /** The last call of the page before. */
  readonly before?: { readonly startedAt: number; readonly requestId: string };
}

export interface UsageRow {
  /** The key's or user's id, the model, the upstream, or the day (UTC) as `2026-01-31`; empty: none. */
  readonly group: string;
  readonly calls: number;
  readonly failed: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Of the calls whose price is known. */
  readonly costUsd: number;
  /** So many calls used tokens that have no price. */
  readonly unpriced: number;
}

export interface Calls {
  find(requestId: string): Promise<StoredCall | undefined>;
  /** The latest first. */
  list(page: CallPage): Promise<readonly StoredCall[]>;
  count(filter?: CallFilter): Promise<number>;
  /** Sums by group: the largest first, days in their order. */
  usage(by: UsageGroup, filter?: CallFilter): Promise<readonly UsageRow[]>;
  /** Forgets what is older; returns how many. */
  sweep(before: number): Promise<number>;
  /** Forgets all but the latest so many. */
  keepLatest(many: number): Promise<void>;
}

const dayMs = 86_400_000;

export function callsIn(db: Database): Calls {
  return {
    async find(requestId) {
      const row = await db.selectFrom('calls').selectAll().where('requestId', '=', requestId).executeTakeFirst();
      return row && callOf(row);
    },
    async list({ limit, before, ...filter }) {
      const rows = await filtered(db.selectFrom('calls'), filter)
        .selectAll()
        .$if(before !== undefined, (query) =>
          query.where(({ eb, refTuple, tuple }) =>
            eb(refTuple('startedAt', 'requestId'), '<', tuple(before?.startedAt ?? 0, before?.requestId ?? '')),
          ),
        )
        .orderBy('startedAt', 'desc')
        .orderBy('requestId', 'desc')
        .limit(limit)
        .execute();
      return rows.map(callOf);
    },
    async count(filter = {}) {
      const { many } = await filtered(db.selectFrom('calls'), filter)
        .select((row) => row.fn.countAll<number>().as('many'))
        .executeTakeFirstOrThrow();
      return many;
    },
    async usage(by, filter = {}) {
      const group = groups[by];
      const rows = await filtered(db.selectFrom('calls'), filter)
        .select((row) => [
          group.as('group'),
          row.fn.countAll<number>().as('calls'),
          row.fn.sum<number>(row.case().when(failed()).then(1).else(0).end()).as('failed'),
          row.fn.sum<number>('inputTokens').as('inputTokens'),
          row.fn.sum<number>('outputTokens').as('outputTokens'),
          row.fn.sum<number | null>('costNanos').as('costNanos'),
          row.fn.sum<number>(row.case().when(unpriced()).then(1).else(0).end()).as('unpriced'),
        ])
        .groupBy(group)
        .orderBy((row) => (by === 'day' ? group : row.fn.countAll()), by === 'day' ? 'asc' : 'desc')
        .execute();
      return rows.map(({ costNanos, ...row }) => ({
        ...row,
        group: by === 'day' ? dayText(Number(row.group)) : String(row.group ?? ''),
        costUsd: (costNanos ?? 0) / 1e9,
      }));
    },
    async sweep(before) {
      const { numDeletedRows } = await db.deleteFrom('calls').where('startedAt', '<', before).executeTakeFirst();
      return Number(numDeletedRows);
    },
    async keepLatest(many) {
      const oldest = db.selectFrom('calls').select('startedAt').orderBy('startedAt', 'desc').offset(many).limit(1);
      await db.deleteFrom('calls').where('startedAt', '<=', oldest).execute();
    },
  };
}

const groups: Readonly<Record<UsageGroup, RawBuilder<string | number | null>>> = {
  key: sql`caller_id`,
  user: sql`user_id`,
  model: sql`model`,
  upstream: sql`upstream`,
  // A literal, since a parameter is a real number to SQLite: whole numbers divide to whole numbers in both databases.
  day: sql`started_at / ${sql.lit(dayMs)}`,
};

function dayText(day: number): string {
  return new Date(day * dayMs).toISOString().slice(0, 10);
}

function failed() {
  return sql<SqlBool>`(status >= 400 or failure is not null)`;
}

function unpriced() {
  return sql<SqlBool>`(cost_nanos is null and input_tokens + output_tokens > 0)`;
}

function filtered<Output>(
  query: SelectQueryBuilder<Tables, 'calls', Output>,
  { since, until, failed: onlyFailed, ...equal }: CallFilter,
): SelectQueryBuilder<Tables, 'calls', Output> {
  return query.where(({ eb, and }) => {
    const conditions: ExpressionWrapper<Tables, 'calls', SqlBool>[] = [];
    if (since !== undefined) conditions.push(eb('startedAt', '>=', since));
    if (until !== undefined) conditions.push(eb('startedAt', '<', until));
    for (const name of ['callerId', 'userId', 'model', 'upstream'] as const) {
      const value = equal[name];
      if (value !== undefined) conditions.push(eb(name, '=', value));
    }
    return onlyFailed === true ? and([...conditions, failed()]) : and(conditions);
  });
}
