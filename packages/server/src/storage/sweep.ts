import type { Storage } from './storage.ts';

const everyMs = 60 * 60_000;
const dayMs = 24 * 60 * 60_000;
/** What changed and who did it is kept longer than calls are. */
const auditDays = 400;
/** Segments' files are gone within moments of the last move, and with them the use of their positions. */
const positionDays = 30;

export interface Keeping {
  /** Of calls; absent: they stay. */
  readonly days: number | undefined;
  /** Of temporary access keys after they have expired. */
  readonly temporaryKeyHours: number;
}

/** Forgets every hour what is over. Returns what stops it. */
export function sweepHourly(storage: Storage, keeping: () => Keeping, complain: (error: unknown) => void): () => void {
  const run = () => void sweep(storage, Date.now(), keeping()).catch(complain);
  const timer = setInterval(run, everyMs).unref();
  run();
  return () => clearInterval(timer);
}

export async function sweep(storage: Storage, now: number, { days, temporaryKeyHours }: Keeping): Promise<void> {
  await storage.accessKeys.sweep(now - temporaryKeyHours * 60 * 60_000);
  await storage.bans.sweep(now);
  await storage.sessions.sweep(now);
  await storage.audit.sweep(now - auditDays * dayMs);
  if (days !== undefined) await storage.calls.sweep(now - days * dayMs);
  await storage.db
    .deleteFrom('journals')
    .where('updatedAt', '<', now - positionDays * dayMs)
    .execute();
}
