import type { Budget, Limits } from '@proxy/core';
import { InvalidArgumentError, type Command } from 'commander';
import type * as z from 'zod';
import { addressesSchema, operationsSchema, patternsSchema } from '../../config/access-keys.ts';
import { latestMs } from '../../config/schema-parts.ts';
import { roles, type Role } from '../../storage/rules.ts';

/** What the commands' options may hold, as commander reads them. */

export interface LimitFlags {
  readonly requestsPerMinute?: number;
  readonly tokensPerMinute?: number;
  readonly concurrency?: number;
  readonly budget?: readonly Budget[];
}

export function withLimitFlags(command: Command): Command {
  return command
    .option('--requests-per-minute <number>', 'how many requests', wholeNumber)
    .option('--tokens-per-minute <number>', 'how many tokens', wholeNumber)
    .option('--concurrency <number>', 'how many at a time', wholeNumber)
    .option('--budget <amount>', 'such as 20usd/month or 1000000tokens/day; may be said more than once', budget);
}

/** Undefined: none was said. */
export function limitsOf(flags: LimitFlags, before: Limits = {}): Limits | undefined {
  const { requestsPerMinute, tokensPerMinute, concurrency, budget: budgets } = flags;
  const said: Limits = {
    ...(requestsPerMinute !== undefined && { requestsPerMinute }),
    ...(tokensPerMinute !== undefined && { tokensPerMinute }),
    ...(concurrency !== undefined && { concurrency }),
    ...(budgets && { budgets }),
  };
  return Object.keys(said).length === 0 ? undefined : { ...before, ...said };
}

export function limitsText({ requestsPerMinute, tokensPerMinute, concurrency, budgets = [] }: Limits = {}): string {
  return [
    requestsPerMinute !== undefined && `${requestsPerMinute} requests/minute`,
    tokensPerMinute !== undefined && `${tokensPerMinute} tokens/minute`,
    concurrency !== undefined && `${concurrency} at a time`,
    ...budgets.map(({ amount, of, per }) => `${amount} ${of}/${per}`),
  ]
    .filter((part) => part !== false)
    .join('\n');
}

export function role(text: string): Role {
  const known = roles.find((one) => one === text);
  if (!known) throw new InvalidArgumentError(`Write one of ${roles.join(', ')}.`);
  return known;
}

/** As the admin API takes it. */
export function nameOf(text: string): string {
  const name = text.trim();
  if (name === '' || name.length > 200) throw new InvalidArgumentError('A name has between 1 and 200 characters.');
  return name;
}

export const models = listOf(patternsSchema);
export const operations = listOf(operationsSchema);
export const addresses = listOf(addressesSchema);

/** Held to what the configuration holds it to: a key bound by a slip of the pen could open everything, or nothing. */
function listOf(schema: z.ZodType<readonly string[]>): (text: string) => readonly string[] {
  return (text) => {
    const parts = text.split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()]));
    const { success, data, error } = schema.safeParse(parts);
    if (success) return data;
    const problems = error.issues.map(({ path: [index], message }) =>
      message.startsWith('must ') ? `${index === undefined ? 'It' : `"${parts[Number(index)]}"`} ${message}` : message,
    );
    throw new InvalidArgumentError(problems.join(' '));
  };
}

export function wholeNumber(text: string): number {
  const number = Number(text);
  if (!/^[1-9]\d*$/.test(text) || !Number.isSafeInteger(number))
    throw new InvalidArgumentError('Write a whole number from 1 on.');
  return number;
}

/** A date, or a span from now on: `30d`. */
export function future(text: string): number {
  const time = moment(text, 1);
  if (time <= Date.now()) throw new InvalidArgumentError('It is past already. To end a key now: proxy keys revoke.');
  return time;
}

/** A date, or a span until now: `7d`. */
export function past(text: string): number {
  return moment(text, -1);
}

const spans: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

function moment(text: string, direction: number): number {
  const [, amount, unit = ''] = /^(\d+)([mhdw])$/.exec(text) ?? [];
  const date = amount === undefined ? dateIn(text) : Date.now() + direction * Number(amount) * (spans[unit] ?? 0);
  if (!(Math.abs(date) <= latestMs))
    throw new InvalidArgumentError('Write a span such as 30m, 24h, 7d or 2w, or a date such as 2026-01-31.');
  return date;
}

/** With its year and month, or not at all: to Date, "7" is a day in 2001. */
function dateIn(text: string): number {
  return /^\d{4}-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
}

function budget(text: string, before: readonly Budget[] = []): readonly Budget[] {
  const [, amount, of, per] = /^(\d+(?:\.\d+)?)\s*(usd|tokens|requests|images)\/(.+)$/.exec(text) ?? [];
  if (amount === undefined || of === undefined || per === undefined || !periods.includes(per))
    throw new InvalidArgumentError(
      `Write it as 20usd/month: usd, tokens, requests or images by ${periods.join(', ')}.`,
    );
  // Both would be one budget in the books, and every call be charged to it twice.
  if (before.some((one) => one.of === of && one.per === per))
    throw new InvalidArgumentError(`There is a budget of ${of}/${per} already: say it once.`);
  return [...before, { amount: Number(amount), of: of as Budget['of'], per }]; // the pattern's words
}

const periods = ['minute', 'hour', 'day', 'week', 'month', 'total'];
