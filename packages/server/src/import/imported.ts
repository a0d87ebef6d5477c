import type { Vendor } from '@proxy/core';

/** What a foreign file means in the words of proxy.config.yaml. */
export interface Imported {
  /** Whose it is: completes "imported from …". */
  readonly source: string;
  readonly draft: Draft;
  /** What could not be carried over: a sentence each, naming the place, without secrets. */
  readonly left: readonly string[];
  /** What else its owner should know. */
  readonly notes?: readonly string[];
}

/** The part of a configuration file that others have too. */
export interface Draft {
  readonly accessKeys?: readonly DraftAccessKey[];
  readonly vendors?: Readonly<Record<string, Omit<Vendor, 'name'>>>;
  readonly upstreams: readonly DraftUpstream[];
  readonly routes?: readonly DraftRoute[];
  readonly timeouts?: { readonly headersMs: number };
}

export interface DraftAccessKey {
  readonly key: string;
  readonly name?: string;
}

export interface DraftUpstream {
  readonly name: string;
  readonly provider: string;
  readonly description?: string;
  readonly baseUrl?: string;
  readonly apiKeys?: readonly (string | DraftApiKey)[];
  readonly models?: readonly string[] | Readonly<Record<string, string>>;
  readonly strategy?: string;
  readonly [setting: string]: unknown;
}

export interface DraftApiKey {
  readonly key: string;
  readonly cost?: number;
  readonly quota?: number;
}

export interface DraftRoute {
  readonly model: string;
  readonly targets: readonly DraftTarget[];
  readonly strategy?: string;
  readonly fallbacks?: readonly DraftTarget[];
}

export type DraftTarget = string | { readonly upstream: string; readonly model?: string; readonly weight?: number };

/** The file is nobody's that we know, or is damaged. The message says the mend. */
export class ImportError extends Error {
  override readonly name = 'ImportError';
}

/** Names that callers can write before a slash, each once. */
export function createNames(): (wanted: string) => string {
  const taken = new Set<string>();
  return (wanted) => {
    const plain = wanted.trim().replace(/[\s/]+/g, '-') || 'upstream';
    let name = plain;
    for (let count = 2; taken.has(name); count += 1) name = `${plain}-${count}`;
    taken.add(name);
    return name;
  };
}
