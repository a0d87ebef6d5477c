import type { Database } from './tables.ts';

/** What processes keep in memory of this database. */
export type Topic = 'callers' | 'credentials' | 'bans';

export type ChangeNumbers = Readonly<Partial<Record<Topic, number>>>;

/** Changes of what processes keep in memory, told to all of them. */
export interface Changes {
  /** A transaction that changes a topic. Whoever listens in this process hears of it at once; others when they ask for the numbers. */
  make<Result>(topic: Topic, change: (tx: Database) => Promise<Result>): Promise<Result>;
  /** How often each topic has been changed, by whomever; absent: never. Cheap enough to ask every second. */
  numbers(): Promise<ChangeNumbers>;
  listen(listener: (topic: Topic) => void): void;
}

export function changesIn(db: Database): Changes {
  const listeners: ((topic: Topic) => void)[] = [];
  return {
    async make(topic, change) {
      const result = await db.transaction().execute(async (tx) => {
        await count(tx, topic);
        return change(tx);
      });
      for (const listener of listeners) listener(topic);
      return result;
    },
    async numbers() {
      const rows = await db.selectFrom('changes').selectAll().execute();
      return Object.fromEntries(rows.map(({ topic, number }) => [topic, number]));
    },
    listen: (listener) => void listeners.push(listener),
  };
}

async function count(tx: Database, topic: Topic): Promise<void> {
  await tx
    .insertInto('changes')
    .values({ topic, number: 1 })
    .onConflict((conflict) =>
      conflict.column('topic').doUpdateSet((row) => ({ number: row('changes.number', '+', 1) })),
    )
    .execute();
}
