import type { Dialect, Door, HeaderMap, Knock } from '../dialects/dialect.ts';
import type { HttpRequest } from './http.ts';

/** A request at a door we know: its language, and what the path said. */
export interface Call {
  readonly dialect: Dialect;
  readonly knock: Knock;
}

export interface Doors {
  /** The door that this request knocks at; undefined when no dialect has one there. */
  find(method: string, url: string, headers: HeaderMap): Call | undefined;
  /** The dialects' names and paths, for people. */
  readonly paths: readonly string[];
}

interface Entry {
  readonly dialect: Dialect;
  readonly door: Door;
  readonly pattern?: RegExp;
}

/** Looks paths up: literal ones in a map, templated ones one by one, longest first. */
export function createDoors(dialects: readonly Dialect[]): Doors {
  const literal = new Map<string, Map<string, Entry[]>>();
  const templated: Entry[] = [];
  for (const dialect of dialects) {
    for (const door of dialect.doors) {
      if (door.path.includes('{')) {
        templated.push({ dialect, door, pattern: patternOf(door.path) });
      } else {
        const paths = literal.get(door.method) ?? new Map<string, Entry[]>();
        literal.set(door.method, paths.set(door.path, [...(paths.get(door.path) ?? []), { dialect, door }]));
      }
    }
  }
  templated.sort((a, b) => b.door.path.length - a.door.path.length);

  function entriesAt(method: string, path: string): readonly Entry[] {
    return (
      literal.get(method)?.get(path) ??
      templated.filter((entry) => entry.door.method === method && entry.pattern?.test(path))
    );
  }

  function find(method: string, url: string, headers: HeaderMap): Call | undefined {
    const mark = url.indexOf('?');
    const rawPath = mark < 0 ? url : url.slice(0, mark);
    const trimmed = rawPath.length > 1 && rawPath.endsWith('/') ? rawPath.slice(0, -1) : rawPath;
    // Google's SDK puts its WebSocket's path behind a base URL that ends in a slash.
    const path = trimmed.startsWith('//ws/') ? trimmed.slice(1) : trimmed;
    // A base URL pasted without its version still finds its door.
    const known = entriesAt(method, path);
    const entries = known.length > 0 ? known : entriesAt(method, `/v1${path}`);
    if (entries.length === 0) return undefined;
    const query = mark < 0 ? noQuery : new URLSearchParams(url.slice(mark + 1));
    const entry =
      entries.find(({ door }) => door.claims?.(headers, query)) ??
      entries.find(({ door }) => !door.claims) ??
      entries[0];
    if (!entry) return undefined;
    const params = entry.pattern ? paramsOf(entry.pattern.exec(path) ?? entry.pattern.exec(`/v1${path}`)) : {};
    return { dialect: entry.dialect, knock: { door: entry.door, params, query, headers } };
  }

  const paths = dialects.flatMap(({ doors }) => doors.map(({ method, path }) => `${method} ${path}`));
  return { find, paths: [...new Set(paths)].sort() };
}

/** Shared, since nobody writes into a knock's query: making one costs as much as finding the door. */
const noQuery = new URLSearchParams();

export function recognize(doors: Doors, request: HttpRequest): Call | undefined {
  return doors.find(request.method, request.url, request.headers);
}

function patternOf(path: string): RegExp {
  const escaped = path.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{(\w+)\}/g, '(?<$1>.+)');
  return new RegExp(`^${escaped}$`);
}

function paramsOf(match: RegExpExecArray | null): Readonly<Record<string, string>> {
  const out: Record<string, string> = {};
  for (const [name, value] of Object.entries(match?.groups ?? {})) out[name] = decoded(value);
  return out;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
