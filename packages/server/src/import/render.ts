import { stringify } from 'yaml';
import { mask } from '../mask.ts';
import type { Draft, Imported } from './imported.ts';

/** The configuration file that comes of an import, with what was left as comments. */
export function render({ source, draft, left, notes = [] }: Imported): string {
  const comments = [
    `Imported from ${source} by proxy import.`,
    ...notes,
    ...left.map((one) => `Not carried over: ${one.replace(/\s+/g, ' ')}`),
  ];
  return `${comments.map((one) => `# ${one}\n`).join('')}${stringify(draft, { lineWidth: 0, aliasDuplicateObjects: false })}`;
}

/** The same without secrets, for a screen. */
export function maskedDraft(draft: Draft): Draft {
  return {
    ...draft,
    ...(draft.accessKeys && { accessKeys: draft.accessKeys.map((one) => ({ ...one, key: shown(one.key) })) }),
    upstreams: draft.upstreams.map(({ apiKeys, ...rest }) => ({
      ...rest,
      ...(apiKeys && {
        apiKeys: apiKeys.map((one) => (typeof one === 'string' ? shown(one) : { ...one, key: shown(one.key) })),
      }),
    })),
  };
}

/** A reference to the environment is no secret. */
function shown(key: string): string {
  return /^\$\{\w+\}(:\$\{\w+\})*$/.test(key) ? key : mask(key);
}
