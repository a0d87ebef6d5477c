import { sql, type RawBuilder, type SqlBool } from 'kysely';
import type { StoredCall } from '../storage/stored-call.ts';
import type { Storage } from '../storage/storage.ts';

/** Sums over calls. */
export interface CallSums {
  readonly calls: number;
  readonly failed: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Of the calls whose price is known. */
  readonly costUsd: number;
  readonly meanDurationMs: number;
}

export interface Span {
  readonly since: number;
  /** Absent: up to now. */
  readonly until?: number;
}

export const bucketSizes = ['hour', 'day', 'month'] as const;
export type BucketSize = (typeof bucketSizes)[number];

/** What the calls on record amount to. */
export interface Statistics {
  /** By the upstream's key that served a call or failed last, by its id. */
  byCredential(span: Span): Promise<readonly (CallSums & { readonly upstream: string; readonly credential: string })[]>;
  /** By the path that was asked. */
  byEndpoint(span: Span): Promise<readonly (CallSums & { readonly endpoint: string })[]>;
  /** By the hour, day or month in UTC in which calls began, in their order; those without calls are left out. */
  buckets(size: BucketSize, span: Span): Promise<readonly (CallSums & { readonly bucket: string })[]>;
  /** The latest first. */
  recent(limit: number): Promise<readonly StoredCall[]>;
}

export function statisticsOf({ db, calls, place }: Storage): Statistics {
  const text = place.type === 'postgres' ? postgresTexts : sqliteTexts;

  async function sums<Names extends string>(groups: Readonly<Record<Names, RawBuilder<string | null>>>, span: Span) {
    const names = Object.keys(groups) as Names[]; // its own keys
    const rows = await db
      .selectFrom('calls')
      .where('startedAt', '>=', span.since)
      .$if(span.until !== undefined, (query) => query.where('startedAt', '<', span.until ?? 0))
      .select((row) => [
        row.fn.countAll<number>().as('calls'),
        row.fn.sum<number>(row.case().when(failed).then(1).else(0).end()).as('failed'),
        row.fn.sum<number>('inputTokens').as('inputTokens'),
        row.fn.sum<number>('outputTokens').as('outputTokens'),
        row.fn.sum<number | null>('costNanos').as('costNanos'),
        row.fn.sum<number>('durationMs').as('durationMs'),
      ])
      .select(names.map((name) => groups[name].as(name)))
      .groupBy(names.map((name) => groups[name]))
      .execute();
    return rows.map(({ costNanos, durationMs, ...row }) => ({
      ...(row as typeof row & Readonly<Record<Names, string | null>>), // selected by these names
      costUsd: (costNanos ?? 0) / 1e9,
      meanDurationMs: durationMs / row.calls,
    }));
  }

  return {
    async byCredential(span) {
      const rows = await sums({ upstream: sql<string | null>`upstream`, credential: text.credential }, span);
      return rows
        .flatMap(({ upstream, credential, ...row }) =>
          upstream === null ? [] : [{ ...row, upstream, credential: credential ?? '' }],
        )
        .sort((a, b) => b.calls - a.calls);
    },
    async byEndpoint(span) {
      const rows = await sums({ endpoint: text.path }, span);
      return rows.map((row) => ({ ...row, endpoint: row.endpoint ?? '' })).sort((a, b) => b.calls - a.calls);
    },
    async buckets(size, span) {
      const rows = await sums({ bucket: text[size] }, span);
      return rows.map((row) => ({ ...row, bucket: row.bucket ?? '' })).sort((a, b) => (a.bucket < b.bucket ? -1 : 1));
    },
    recent: (limit) => calls.list({ limit }),
  };
}

const failed = sql<SqlBool>`(status >= 400 or failure is not null)`;

type Texts = Readonly<Record<'credential' | 'path' | BucketSize, RawBuilder<string | null>>>;

const sqliteTexts: Texts = {
  credential: sql`json_extract(record, '$.attempts[#-1].credential')`,
  path: sql`json_extract(record, '$.path')`,
  hour: sql`strftime('%Y-%m-%dT%H:00Z', started_at / 1000, 'unixepoch')`,
  day: sql`strftime('%Y-%m-%d', started_at / 1000, 'unixepoch')`,
  month: sql`strftime('%Y-%m', started_at / 1000, 'unixepoch')`,
};

const postgresTexts: Texts = {
  credential: sql`record::jsonb -> 'attempts' -> -1 ->> 'credential'`,
  path: sql`record::jsonb ->> 'path'`,
  hour: sql`to_char(to_timestamp(started_at / 1000) at time zone 'utc', 'YYYY-MM-DD"T"HH24:00"Z"')`,
  day: sql`to_char(to_timestamp(started_at / 1000) at time zone 'utc', 'YYYY-MM-DD')`,
  month: sql`to_char(to_timestamp(started_at / 1000) at time zone 'utc', 'YYYY-MM')`,
};
