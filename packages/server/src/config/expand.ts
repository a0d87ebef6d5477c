import { pathText } from './problems.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** `${NAME}`, `${NAME:-otherwise}`, and `$${` for a dollar and a brace that mean themselves. */
const reference = /\$\$\{|\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}/g;

/** Puts environment values where strings refer to them, so that secrets need not be in the file. */
export function expand(
  value: unknown,
  env: Environment,
): { readonly value: unknown; readonly problems: readonly string[] } {
  const problems: string[] = [];
  return { value: walk(value, []), problems };

  function walk(node: unknown, path: readonly PropertyKey[]): unknown {
    if (typeof node === 'string') return expandText(node, path);
    if (Array.isArray(node)) return node.map((item, index) => walk(item, [...path, index]));
    if (typeof node !== 'object' || node === null) return node;
    return Object.fromEntries(Object.entries(node).map(([key, item]) => [key, walk(item, [...path, key])]));
  }

  function expandText(text: string, path: readonly PropertyKey[]): string {
    return text.replace(reference, (whole, name: string | undefined, otherwise: string | undefined) => {
      if (name === undefined) return '${';
      const found = env[name];
      if (found !== undefined && found !== '') return found;
      if (otherwise !== undefined) return otherwise;
      problems.push(
        `${pathText(path)}: the environment variable ${name} is not set. ` +
          `Set it in the environment or in .env, or write $${whole} for the text itself.`,
      );
      return '';
    });
  }
}

/** A variable's value; an empty one counts as not set. */
export function set(env: Environment, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = env[name]?.trim();
    if (value !== undefined && value !== '') return value;
  }
  return undefined;
}

/** Whether a switch is on; undefined: nothing is said of it. Predecessors ask for `true`, people write the others as well. */
export function isOn(env: Environment, name: string): boolean | undefined {
  const word = set(env, name)?.toLowerCase();
  return word === undefined ? undefined : onWords.has(word);
}

const onWords: ReadonlySet<string> = new Set(['true', '1', 'yes', 'on']);
