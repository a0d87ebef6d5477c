import * as z from 'zod';
import { asRange } from '../public-address.ts';
import { isOn, set, type Environment } from './expand.ts';
import { flag, quantity, section, words } from './schema-parts.ts';

/** Who may administer the server, and how. */
export interface AdminConfig {
  /** Absent: only this machine may, and whoever has an access key of the role admin. */
  readonly key?: string;
  /** Ranges from which it may be done; absent: from everywhere. */
  readonly allow?: readonly string[];
  readonly sessionHours: number;
  /** Cookies go over plain HTTP as well. */
  readonly insecureCookies: boolean;
  /** Callers may rename their own keys. */
  readonly nicknames: boolean;
}

const minKeyLength = 12;
const defaultSessionHours = 12;

const range = words().transform((text, context) => {
  const read = asRange(text.trim());
  if (read !== undefined) return read;
  context.addIssue({ code: 'custom', message: `"${text}" is no address and no range. Write it like 10.0.0.0/8.` });
  return z.NEVER;
});

export const adminSchema = section({
  key: words().exactOptional(),
  allow: z.array(range, { error: 'must be a list of addresses and ranges.' }).exactOptional(),
  sessionHours: quantity().exactOptional(),
  insecureCookies: flag().exactOptional(),
  nicknames: flag().exactOptional(),
});

/** The environment's word where it has one: ADMIN_KEY, ADMIN_WHITELIST, USE_INSECURE_COOKIES, ALLOW_NICKNAME_CHANGES. */
export function adminOf(
  file: z.output<typeof adminSchema> | undefined,
  env: Environment,
  accessKeys: readonly { readonly key: string }[],
  problems: string[],
  notes: string[],
): AdminConfig {
  const key = set(env, 'ADMIN_KEY') ?? file?.key;
  const named = set(env, 'ADMIN_KEY') === undefined ? 'admin.key' : 'ADMIN_KEY';
  if (key !== undefined && accessKeys.some((one) => one.key === key))
    problems.push(`${named}: is an access key as well, so that every caller could administer. Choose another.`);
  if (key !== undefined && key.length < minKeyLength)
    notes.push(`${named} is short enough to be guessed. Write at least ${minKeyLength} characters.`);
  const allow = rangesOf(env, problems) ?? file?.allow;
  return {
    ...(key !== undefined && { key }),
    ...(allow && { allow }),
    sessionHours: file?.sessionHours ?? defaultSessionHours,
    insecureCookies: isOn(env, 'USE_INSECURE_COOKIES') ?? file?.insecureCookies ?? false,
    nicknames: isOn(env, 'ALLOW_NICKNAME_CHANGES') ?? file?.nicknames ?? true,
  };
}

/** Row C28: a comma list. */
function rangesOf(env: Environment, problems: string[]): readonly string[] | undefined {
  const text = set(env, 'ADMIN_WHITELIST');
  if (text === undefined) return undefined;
  return text.split(',').flatMap((one) => {
    const read = asRange(one.trim());
    if (read === undefined) problems.push(`ADMIN_WHITELIST: "${one.trim()}" is no address and no range.`);
    return read === undefined ? [] : [read];
  });
}
