/** A configuration that cannot be used. Each problem is one sentence that names the place and the mend. */
export class ConfigError extends Error {
  readonly problems: readonly string[];
  /** The file in which they were found; absent for the environment and flags. */
  readonly file?: string;

  constructor(problems: readonly string[], file?: string) {
    super(
      [file === undefined ? 'The configuration has problems:' : `${file} has problems:`, ...problems].join('\n  - '),
    );
    this.name = 'ConfigError';
    this.problems = problems;
    if (file !== undefined) this.file = file;
  }
}

/** `"openia" is not a provider. Did you mean "openai"? Known: anthropic, openai.` */
export function unknownName(given: string, what: string, known: readonly string[]): string {
  const near = nearest(given, known);
  return `"${given}" is not ${what}.${near === undefined ? '' : ` Did you mean "${near}"?`} Known: ${known.join(', ')}.`;
}

/** The known name that somebody most likely meant; undefined when nothing comes close. */
export function nearest(given: string, known: readonly string[]): string | undefined {
  const wanted = plain(given);
  const ranked = known
    .map((name) => ({ name, distance: editDistance(wanted, plain(name)) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  if (best && best.distance <= Math.max(1, Math.floor(best.name.length / 3))) return best.name;
  // "warning" for warn, "anthropics" for anthropic, "comp" for compatible.
  return known.find((name) => wanted.length > 2 && (wanted.startsWith(plain(name)) || plain(name).startsWith(wanted)));
}

/** `["upstreams", 1, "baseUrl"]` → `upstreams[1].baseUrl` */
export function pathText(path: readonly PropertyKey[]): string {
  let out = '';
  for (const step of path) {
    if (typeof step === 'number') out += `[${step}]`;
    else out += out === '' ? String(step) : `.${String(step)}`;
  }
  return out;
}

/** base_url, base-url and BaseURL are all misspellings of the same word. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[-_\s]/g, '');
}

/** Insertions, deletions, replacements and swaps of neighbours. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) cost = Math.min(cost, (beforeLast[column - 2] ?? 0) + 1);
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? 0;
}
