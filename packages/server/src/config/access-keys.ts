import { budgetId, periodOf, type Budget, type Limits, type Role } from '@proxy/core';
import ipaddr from 'ipaddr.js';
import * as z from 'zod';
import { families } from '../budgets/families.ts';
import { unknownName } from './problems.ts';
import { flag, keyAlone, latestMs, oneOf, quantity, section, wholeNumber, words } from './schema-parts.ts';

/** Who may call, and how much, as the file says it. */

const roles = ['normal', 'special', 'temporary', 'admin'] as const satisfies readonly Role[];
const spendables = ['usd', 'tokens', 'requests', 'images'] as const;
const operations = [
  'generate', 'count-tokens', 'complete', 'embed', 'moderate', 'rerank', 'generate-image', 'edit-image', 'vary-image', 'speak',
  'transcribe', 'translate-audio', 'realtime', 'live', 'get-response', 'delete-response', 'cancel-response',
  'list-input-items', 'upload-file', 'list-files', 'get-file', 'delete-file', 'get-file-content', 'create-upload',
  'add-upload-part', 'complete-upload', 'cancel-upload', 'list-batches', 'create-batch', 'get-batch', 'cancel-batch', 'other',
] as const; // prettier-ignore

/** Which models; `family:gpt4o` is short for the patterns of that family's models. */
export const patternsSchema = z
  .array(
    words().superRefine((pattern, context) => {
      const family = familyIn(pattern);
      if (family === undefined || Object.hasOwn(families, family)) return;
      context.addIssue({ code: 'custom', message: unknownName(family, 'a family', Object.keys(families)) });
    }),
    { error: 'must be a list of model names; `*` stands for any run of characters, and `!` takes back.' },
  )
  .min(1, 'must not be empty.');

const budget = section({
  amount: quantity(),
  of: oneOf('something to spend', spendables),
  per: words(),
  rolling: flag().exactOptional(),
  models: patternsSchema.exactOptional(),
  timeZone: words().exactOptional(),
}).superRefine(({ per, rolling, timeZone }, context) => {
  if (timeZone !== undefined && !isTimeZone(timeZone)) {
    const message = `"${timeZone}" is no time zone. Write an IANA name such as Europe/Berlin.`;
    context.addIssue({ code: 'custom', path: ['timeZone'], message });
    return;
  }
  const why = troubleOf({ per, ...(rolling && { rolling }), ...(timeZone !== undefined && { timeZone }) });
  if (why === undefined) return;
  const message = `must be minute, hour, day, week, month, total or a cron expression. ${why}`;
  context.addIssue({ code: 'custom', path: ['per'], message });
});

function isTimeZone(name: string): boolean {
  try {
    return Boolean(Intl.DateTimeFormat('en', { timeZone: name }));
  } catch {
    return false;
  }
}

function troubleOf(period: Pick<Budget, 'per' | 'rolling' | 'timeZone'>): string | undefined {
  try {
    const once = period.per === 'total' || period.rolling === true;
    const comes = periodOf(period).endAfter(0) > 0;
    return once || comes ? undefined : `"${period.per}" never comes; "total" is what is never filled again.`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const budgets = z
  .array(budget, { error: 'must be a list of budgets, each {amount, of, per}.' })
  .superRefine((all, context) => {
    const ids = all.map((one) => budgetId(one));
    ids.forEach((id, index) => {
      if (ids.indexOf(id) === index) return;
      const message = `is of the same, for the same time, as the budget before it (${id}). Remove one.`;
      context.addIssue({ code: 'custom', path: [index], message });
    });
  });

export const limitsSchema = section({
  requestsPerMinute: wholeNumber(1).exactOptional(),
  tokensPerMinute: wholeNumber(1).exactOptional(),
  concurrency: wholeNumber(1).exactOptional(),
  budgets: budgets.exactOptional(),
});

const wantedMoment = 'must be a time: 2026-12-31, 2026-12-31T18:00:00Z, or milliseconds since 1970.';
const moment = z
  .preprocess(
    (value) => {
      if (typeof value !== 'string') return value;
      return /^\d+$/.test(value) ? Number(value) : Date.parse(value);
    },
    z.number({ error: wantedMoment }).min(0, wantedMoment).max(latestMs, wantedMoment),
  )
  .meta({ orText: true });

/** What may be done. */
export const operationsSchema = z.array(oneOf('an operation', operations));

/** From where. */
export const addressesSchema = z
  .array(words().refine(isRange, 'must be an address or a CIDR such as 10.0.0.0/8.'))
  .min(1, 'must not be empty.');

// A plain text is short for an object with only the key.
export const accessKeySchema = z
  .preprocess(
    keyAlone,
    section({
      key: words(),
      name: words().exactOptional(),
      user: words().exactOptional(),
      role: oneOf('a role', roles).exactOptional(),
      limits: limitsSchema.exactOptional(),
      models: patternsSchema.exactOptional(),
      operations: operationsSchema.exactOptional(),
      expiresAt: moment.exactOptional(),
      addresses: addressesSchema.exactOptional(),
      maxAddresses: wholeNumber(1).exactOptional(),
      disabled: words().exactOptional(),
    }),
  )
  .meta({ orText: true });

export const userSchema = section({
  name: words(),
  role: oneOf('a role', roles).exactOptional(),
  limits: limitsSchema.exactOptional(),
  disabled: words().exactOptional(),
});

/** One access key of the configuration. */
export interface AccessKey {
  readonly key: string;
  readonly name?: string;
  /** Whose it is: the name of one of `users`. */
  readonly user?: string;
  readonly role?: Role;
  readonly limits?: Limits;
  /** Patterns; `family:` has been replaced. */
  readonly models?: readonly string[];
  readonly operations?: readonly string[];
  readonly expiresAt?: number;
  /** Addresses and CIDRs that it may be used from. */
  readonly addresses?: readonly string[];
  readonly maxAddresses?: number;
  /** Why it is switched off. */
  readonly disabled?: string;
}

/** Somebody whose keys are limited together. */
export type UserConfig = z.output<typeof userSchema>;

type Written = z.output<typeof accessKeySchema>;

/** Access keys and users with their families spelled out. */
export function accessOf(
  accessKeys: readonly Written[] = [],
  users: readonly UserConfig[] = [],
): { readonly accessKeys: readonly AccessKey[]; readonly users: readonly UserConfig[] } {
  return { accessKeys: accessKeys.map(spelledOut), users: users.map(spelledOut) };
}

/** The limits with their families spelled out. */
export function limitsOf<L extends Limits>(limits: L): L {
  const { budgets } = limits;
  return budgets ? { ...limits, budgets: budgets.map(spelledOutBudget) } : limits;
}

/** Rules with their families spelled out. */
export function spelledOut<T extends { readonly limits?: Limits; readonly models?: readonly string[] }>(written: T): T {
  const { limits, models } = written;
  return {
    ...written,
    ...(limits && { limits: limitsOf(limits) }),
    ...(models && { models: models.flatMap(patternsOf) }),
  };
}

function spelledOutBudget(one: Budget): Budget {
  return one.models ? { ...one, models: one.models.flatMap(patternsOf) } : one;
}

function patternsOf(pattern: string): readonly string[] {
  const family = familyIn(pattern);
  // One that is unknown means no model: without it the list could be empty, and mean all of them.
  return family !== undefined && Object.hasOwn(families, family) ? (families[family] ?? []) : [pattern];
}

function familyIn(pattern: string): string | undefined {
  return pattern.startsWith('family:') ? pattern.slice('family:'.length) : undefined;
}

/** What takes two places of the file to see. */
export function accessProblems(
  accessKeys: readonly Written[] = [],
  users: readonly UserConfig[] = [],
): readonly string[] {
  const names = users.map(({ name }) => name);
  const twice = names.flatMap((name, index) =>
    names.indexOf(name) < index
      ? [`users[${index}].name: "${name}" is the name of users[${names.indexOf(name)}] as well.`]
      : [],
  );
  const strangers = accessKeys.flatMap(({ user }, index) =>
    user === undefined || names.includes(user)
      ? []
      : [`accessKeys[${index}].user: ${unknownName(user, 'one of the users', names)}`],
  );
  return [...twice, ...strangers];
}

function isRange(text: string): boolean {
  return ipaddr.isValid(text) || ipaddr.isValidCIDR(text);
}
