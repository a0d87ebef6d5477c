/** A configuration file that commands change in place: what they do not touch stays as it was written. */
export interface ConfigEditor {
  readonly upstreams: readonly UpstreamView[];
  /** How keys are chosen; undefined: nothing is said, or not the same everywhere. */
  readonly strategy: string | undefined;
  readonly strategies: readonly string[];
  /** The kinds of upstream that may be written. */
  readonly types: readonly string[];
  add(upstream: NewUpstream): void;
  update(index: number, changes: UpstreamChanges): void;
  /** Returns what went along with it, each a sentence. */
  remove(index: number): readonly string[];
  /** From now on whatever no rule sends elsewhere goes there. */
  use(index: number): void;
  setKeys(index: number, keys: readonly StoredKey[]): void;
  setStrategy(strategy: string): void;
  clear(): void;
  text(): string;
}

export interface UpstreamView {
  readonly name: string;
  readonly type: string;
  readonly baseUrl: string | undefined;
  readonly keys: readonly StoredKey[];
  readonly description?: string;
  readonly insecureSkipVerify?: boolean;
  readonly current: boolean;
}

/** A key as it is written, and the text by which it is known: the key itself, or where it lies. */
export interface StoredKey {
  readonly written: unknown;
  readonly text: string;
}

export interface NewUpstream {
  readonly name: string;
  readonly type: string;
  readonly baseUrl: string;
  readonly description?: string;
  readonly insecureSkipVerify?: boolean;
}

export type UpstreamChanges = Partial<NewUpstream>;

/** What a command was asked for cannot be done. */
export class EditError extends Error {
  override readonly name = 'EditError';
}

/** A name in any case, also one that begins with a digit; else an index from 0. @throws EditError */
export function indexOf(upstreams: readonly Pick<UpstreamView, 'name'>[], given: string): number {
  const named = upstreams.findIndex(({ name }) => name.toLowerCase() === given.toLowerCase());
  if (named >= 0) return named;
  if (/^\d+$/.test(given) && Number(given) < upstreams.length) return Number(given);
  const known = upstreams.map(({ name }, index) => `${index} ${name}`).join(', ');
  throw new EditError(
    `There is no upstream "${given}". ${known === '' ? 'None is configured.' : `There are: ${known}.`}`,
  );
}
