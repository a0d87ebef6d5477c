import type { Storage } from './storage.ts';

const everyMs = 60 * 60_000;
const dayMs = 24 * 60 * 60_000;
/** What changed and who did it is kept longer than calls are. */
const auditDays = 400;
/** Segments' files are gone within moments of the last move, and with them the use of their positions. */
const positionDays = 30;

/** How long calls, and what was asked and answered in them, are kept; absent: for ever. */
export interface Kept {
  readonly calls?: number;
  readonly prompts?: number;
}

/** Forgets every hour what is over, and what is older than so many days. Returns what stops it. */
export function sweepHourly(storage: Storage, days: () => Kept, complain: (error: unknown) => void): () => void {
  const run = () => void sweep(storage, Date.now(), days()).catch(complain);
  const timer = setInterval(run, everyMs).unref();
  run();
  return () => clearInterval(timer);
}

export async function sweep(storage: Storage, now: number, { calls, prompts }: Kept): Promise<void> {
  await storage.bans.sweep(now);
  await storage.sessions.sweep(now);
  await storage.audit.sweep(now - auditDays * dayMs);
  if (calls !== undefined) await storage.calls.sweep(now - calls * dayMs);
  if (prompts !== undefined) await storage.prompts.sweep(now - prompts * dayMs);
  await storage.db
    .deleteFrom('journals')
    .where('updatedAt', '<', now - positionDays * dayMs)
    .execute();
}
