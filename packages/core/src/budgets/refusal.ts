import { Failure } from '../conversation/failure.ts';
import type { Most, Spendable, Spending } from '../ports.ts';
import type { Shortage } from './account.ts';
import type { Bound } from './bound.ts';
import { amountOf, mostUnits, type Prices } from './units.ts';

/** Who has to wait longer than this should not be asked again by a library on its own. */
const worthRetryingSeconds = 60;

/** Which budget, whose, how much of it is gone, when it is there again, and what would fit. */
export function refusal(
  bound: Bound,
  need: number,
  shortage: Shortage,
  now: number,
  spending: Spending,
  most: Most,
  prices: Prices,
): Failure {
  const { budget, whose, units } = bound;
  const { of, models } = budget;
  const { spent, leased } = shortage;
  const told = (amount: number) => quantity(of, amount);
  const seconds = secondsUntilRoom(bound, need, shortage, now);
  const room = Math.max(0, units - spent - leased);
  const sentences = [
    `The budget of ${told(units)} ${span(bound)} of ${whose}${models ? ` (${models.join(', ')})` : ''} has no room for this ` +
      `request: ${told(spent)} spent, ${told(Math.max(0, leased))} set aside for running requests, and this one may take up to ${told(need)}.`,
    when(bound, need, seconds, now),
    fitting(bound, room, spending, most, prices),
  ];
  return new Failure('rate-limited', sentences.filter((sentence) => sentence !== '').join(' '), {
    code: 'proxy_quota_exceeded',
    ...(seconds !== undefined && { retryAfterSeconds: seconds }),
    shouldRetry: seconds !== undefined && seconds <= worthRetryingSeconds,
    quota: {
      of,
      quota: amountOf(of, units),
      used: amountOf(of, spent),
      reserved: amountOf(of, leased),
      requested: amountOf(of, need),
      remaining: amountOf(of, room),
      ...(seconds !== undefined && { resetsAt: now + seconds * 1000 }),
    },
  });
}

/** The cost of what was asked cannot be told beforehand, so that no budget of money or tokens can be held. */
export function unboundable({ whose, budget }: Bound, why: string, mend: string): Failure {
  const limit = `the budget of ${quantity(budget.of, Math.round(amountUnits(budget.of, budget.amount)))} of ${whose}`;
  return new Failure('forbidden', `${why}, so that ${limit} could not be held. ${mend}`);
}

function amountUnits(of: Spendable, amount: number): number {
  return amount / amountOf(of, 1);
}

function secondsUntilRoom(
  { units, budget }: Bound,
  need: number,
  { spent, endsAt, freesAfterMs }: Shortage,
  now: number,
): number | undefined {
  if (need > units) return undefined;
  // Nothing but running requests stands in the way.
  if (spent + need <= units) return 1;
  if (budget.rolling) return freesAfterMs !== undefined && Number.isFinite(freesAfterMs) ? atLeastOne(freesAfterMs) : 1;
  return endsAt === 0 ? undefined : atLeastOne(endsAt - now);
}

function atLeastOne(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000));
}

function when({ units }: Bound, need: number, seconds: number | undefined, now: number): string {
  if (need > units) return 'That is more than the whole budget: ask for less at a time, or have it raised.';
  if (seconds === undefined) return 'It is not filled again.';
  if (seconds === 1) return 'Try again when a running request has ended.';
  return `There is room again at ${new Date(now + seconds * 1000).toISOString().replace(/\.\d+/, '')}.`;
}

/** How long a reply could be asked for. */
function fitting({ budget: { of } }: Bound, room: number, spending: Spending, most: Most, prices: Prices): string {
  if (of === 'requests' || of === 'images' || most.outputTokens <= 0 || spending.outputField === undefined) return '';
  const without = mostUnits(of, spending, { ...most, outputTokens: 0 }, prices);
  const withAll = mostUnits(of, spending, most, prices);
  if (without === undefined || withAll === undefined || withAll <= without) return '';
  const tokens = Math.floor((((room - without) / (withAll - without)) * most.outputTokens) / (most.candidates ?? 1));
  return tokens >= 1 ? `Send ${spending.outputField} of at most ${tokens}.` : '';
}

function span({ budget: { per, rolling, timeZone } }: Bound): string {
  if (per === 'total') return 'in all';
  if (/\s/.test(per)) return `(filled again by "${per}"${timeZone === undefined ? '' : `, ${timeZone}`})`;
  return rolling ? `within a ${per}` : `per ${per}`;
}

function quantity(of: Spendable, units: number): string {
  const amount = amountOf(of, units);
  if (of !== 'usd') return `${amount} ${amount === 1 ? of.slice(0, -1) : of}`;
  return `$${amount === 0 || amount >= 0.01 ? amount.toFixed(2) : amount.toPrecision(2)}`;
}
