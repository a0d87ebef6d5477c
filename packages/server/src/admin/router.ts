import type { Operation } from './operation.ts';

export interface Match {
  readonly operation: Operation;
  readonly members: Readonly<Record<string, string>>;
}

/** Finds operations by method and path; at one path, words win over members. */
export interface Router {
  find(method: string, path: string): Match | undefined;
  /** What may be done at a path. */
  methodsAt(path: string): readonly string[];
}

export function createRouter(operations: readonly Operation[]): Router {
  const routes = operations
    .map((operation) => ({ operation, parts: operation.path.split('/') }))
    .sort((a, b) => membersOf(a.parts) - membersOf(b.parts));
  const at = (path: string) => {
    const given = path.split('/');
    return routes.flatMap(({ operation, parts }) => {
      const members = match(parts, given);
      return members ? [{ operation, members }] : [];
    });
  };
  return {
    find: (method, path) => at(path).find(({ operation }) => operation.method === method),
    methodsAt: (path) => at(path).map(({ operation }) => operation.method),
  };
}

function match(parts: readonly string[], given: readonly string[]): Readonly<Record<string, string>> | undefined {
  if (parts.length !== given.length) return undefined;
  const members: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const value = decoded(given[index] ?? '');
    if (value === undefined) return undefined;
    if (!part.startsWith('{')) {
      if (part !== value) return undefined;
    } else if (value === '') return undefined;
    else members[part.slice(1, -1)] = value;
  }
  return members;
}

function membersOf(parts: readonly string[]): number {
  return parts.filter((part) => part.startsWith('{')).length;
}

/** Undefined: a percent sign stands alone. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
