import { Cron } from 'croner';
import type { Budget } from '../ports.ts';

/** The calendar's spans as what fills a budget again. Weeks begin on Monday. */
const calendar: Readonly<Record<string, string>> = {
  minute: '* * * * *',
  hour: '0 * * * *',
  day: '0 0 * * *',
  week: '0 0 * * 1',
  month: '0 0 1 * *',
};

const hourMs = 60 * 60_000;
/** How far back a rolling budget looks; a month is thirty days. */
const spans: Readonly<Record<string, number>> = {
  minute: 60_000,
  hour: hourMs,
  day: 24 * hourMs,
  week: 7 * 24 * hourMs,
  month: 30 * 24 * hourMs,
};

/** When a budget is filled again. */
export interface Period {
  /** Present: spent amounts leave by themselves so long after. */
  readonly rollingMs?: number;
  /** The first moment behind `now` at which it is full again; 0: never, or it rolls. */
  endAfter(now: number): number;
}

/** @throws Error that says what is wrong with `per`, `rolling` or `timeZone`. */
export function periodOf({ per, rolling, timeZone = 'UTC' }: Omit<Budget, 'amount' | 'of'>): Period {
  if (rolling) {
    const rollingMs = spans[per];
    if (rollingMs === undefined) throw new Error(`Only a ${Object.keys(spans).join(', ')} can roll, not "${per}".`);
    return { rollingMs, endAfter: () => 0 };
  }
  if (per === 'total') return { endAfter: () => 0 };
  // Knowing time zones takes Intl's tables, eight megabytes of them; UTC needs none.
  const zone = timeZone === 'UTC' ? { utcOffset: 0 } : { timezone: timeZone };
  const cron = new Cron(calendar[per] ?? per, { paused: true, ...zone });
  return { endAfter: (now) => cron.nextRun(new Date(now))?.getTime() ?? 0 };
}
