import { stringify } from 'yaml';
import { withoutSecrets } from '../config/url-secrets.ts';
import { mask } from '../mask.ts';
import type { Draft, Imported } from './imported.ts';

/** The configuration file that comes of an import, with what was left as comments. */
export function render(imported: Imported): string {
  return `${commentsOf(imported)}${stringify(imported.draft, { lineWidth: 0, aliasDuplicateObjects: false })}`;
}

/** Where it comes from, and what was left. */
export function commentsOf({ source, left, notes = [] }: Imported): string {
  const comments = [
    `Imported from ${source} by proxy import.`,
    ...notes,
    ...left.map((one) => `Not carried over: ${one.replace(/\s+/g, ' ')}`),
  ];
  return comments.map((one) => `# ${one}\n`).join('');
}

/** The same without secrets, for a screen. */
export function maskedDraft(draft: Draft): Draft {
  return {
    ...(withoutHidden(draft) as Draft), // the same members
    ...(draft.accessKeys && { accessKeys: draft.accessKeys.map((one) => ({ ...one, key: shown(one.key) })) }),
    upstreams: draft.upstreams.map(({ apiKeys, ...rest }) => ({
      ...(withoutHidden(rest) as typeof rest), // the same members
      ...(apiKeys && {
        apiKeys: apiKeys.map((one) => (typeof one === 'string' ? shown(one) : { ...one, key: shown(one.key) })),
      }),
    })),
  };
}

/** Any header may be a key, and any address may hold one. */
function withoutHidden(value: unknown, within = ''): unknown {
  if (typeof value === 'string') {
    if (/headers$/i.test(within) || secretMembers.has(within)) return shown(value);
    return value.includes('://') ? withoutSecrets(value, shown) : value;
  }
  if (Array.isArray(value)) return value.map((one) => withoutHidden(one, within));
  if (typeof value !== 'object' || value === null) return value;
  const deeper = /headers$/i.test(within);
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, withoutHidden(one, deeper ? within : name)]),
  );
}

const secretMembers: ReadonlySet<string> = new Set(['key', 'passphrase']);

/** A reference to the environment is no secret. */
function shown(key: string): string {
  return /^\$\{\w+\}(:\$\{\w+\})*$/.test(key) ? key : mask(key);
}
