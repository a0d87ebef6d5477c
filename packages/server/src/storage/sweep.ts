import type { Storage } from './storage.ts';

const everyMs = 60 * 60_000;
const dayMs = 24 * 60 * 60_000;
/** What changed and who did it is kept longer than calls are. */
const auditDays = 400;
/** Segments' files are gone within moments of the last move, and with them the use of their positions. */
const positionDays = 30;

/** How long things are kept. */
export interface Keeping {
  /** Days: calls, and what was asked and answered in them; absent: for ever. */
  readonly calls?: number;
  readonly prompts?: number;
  /** Of temporary access keys after they have expired. */
  readonly temporaryKeyHours: number;
}

/** Forgets every hour what is over, and what is older than that. Returns what stops it. */
export function sweepHourly(storage: Storage, keeping: () => Keeping, complain: (error: unknown) => void): () => void {
  const run = () => void sweep(storage, Date.now(), keeping()).catch(complain);
  const timer = setInterval(run, everyMs).unref();
  run();
  return () => clearInterval(timer);
}

export async function sweep(
  storage: Storage,
  now: number,
  { calls, prompts, temporaryKeyHours }: Keeping,
): Promise<void> {
  await storage.accessKeys.sweep(now - temporaryKeyHours * 60 * 60_000);
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
