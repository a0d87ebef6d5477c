import { stringify } from 'yaml';
import { secretsOf } from '../config/build.ts';
import { masked } from '../config/masked.ts';
import { ConfigError } from '../config/problems.ts';
import type { Flags } from '../config/resolve.ts';
import { createMaskText, maskable } from '../mask.ts';
import { StorageError } from '../storage/storage-error.ts';
import { loadServed } from './load-served.ts';

/** `proxy check`: exit code 0 and the effective configuration, or 1 and every problem; with `json` as `{ file?, problems }`. */
export async function check(flags: Flags, json: boolean): Promise<void> {
  try {
    const { config } = await loadServed({ cwd: process.cwd(), env: process.env, flags });
    const shown = masked(config);
    const text = json ? JSON.stringify(shown, null, 2) : stringify(shown, { aliasDuplicateObjects: false }).trimEnd();
    process.stdout.write(`${createMaskText(() => maskable(secretsOf(config)))(text)}\n`); // wherever else one may stand
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof StorageError)) throw error;
    if (json) process.stdout.write(`${JSON.stringify(problemsOf(error), null, 2)}\n`);
    else process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}

function problemsOf(error: ConfigError | StorageError): {
  readonly file?: string;
  readonly problems: readonly string[];
} {
  if (error instanceof StorageError) return { problems: [error.message] };
  const { file, problems } = error;
  return { ...(file !== undefined && { file }), problems };
}
