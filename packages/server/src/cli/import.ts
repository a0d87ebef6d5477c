import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { stderr, stdout } from 'node:process';
import { parse } from 'yaml';
import { expand } from '../config/expand.ts';
import { withDotenv } from '../config/load.ts';
import { ConfigError } from '../config/problems.ts';
import { checkFile } from '../config/schema.ts';
import { WriteError, writeText } from '../config/text-file.ts';
import { ImportError, type Imported } from '../import/imported.ts';
import { readForeign } from '../import/read.ts';
import { commentsOf, maskedDraft, render } from '../import/render.ts';

export interface ImportFlags {
  /** Where to; true: proxy.config.yaml. */
  readonly write?: string | true;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** `proxy import`: another program's file in our words: printed with keys masked, or written. */
export function importFile(file: string, { write, force, json }: ImportFlags): void {
  try {
    const imported = readForeign(resolve(file), withDotenv(process.cwd(), process.env));
    const text = render(imported);
    const problems = problemsOf(text);
    const shown = { ...imported, draft: maskedDraft(imported.draft) };
    if (json) stdout.write(`${JSON.stringify({ ...shown, problems }, null, 2)}\n`);
    else if (write === undefined) stdout.write(render(shown));
    if (write !== undefined) save(resolve(write === true ? 'proxy.config.yaml' : write), imported, force === true);
    for (const problem of problems) stderr.write(`It needs your hand: ${problem}\n`);
    if (write === undefined && !json) stderr.write('Keys are masked here. With --write the file gets them whole.\n');
  } catch (error) {
    if (!(error instanceof ImportError || error instanceof WriteError || error instanceof ConfigError)) throw error;
    stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}

/** What the schema says of it; variables may be set elsewhere. */
function problemsOf(text: string): readonly string[] {
  const anything = new Proxy({}, { get: () => 'https://set.elsewhere' });
  const checked = checkFile(expand(parse(text), anything).value);
  return checked.ok ? [] : checked.problems;
}

function save(path: string, imported: Imported, force: boolean): void {
  if (existsSync(path) && !force)
    throw new ImportError(`${path} is there already. Use --force to replace it, or name another file.`);
  // It holds keys: its owner's alone.
  if (path.endsWith('.json')) {
    writeText(path, `${JSON.stringify(imported.draft, null, 2)}\n`, 0o600);
    stderr.write(commentsOf(imported)); // JSON has no place for them
  } else writeText(path, render(imported), 0o600);
  stderr.write(`Wrote ${path}. Next: proxy check, and: proxy doctor\n`);
}
