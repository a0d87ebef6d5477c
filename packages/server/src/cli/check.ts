import { stringify } from 'yaml';
import { secretsOf } from '../config/build.ts';
import { masked } from '../config/masked.ts';
import { ConfigError } from '../config/problems.ts';
import type { Flags } from '../config/resolve.ts';
import { createMaskText, maskable } from '../mask.ts';
import { StorageError } from '../storage/storage-error.ts';
import { loadServed } from './load-served.ts';

/** `proxy check`: exit code 0 and the effective configuration, or 1 and every problem. */
export async function check(flags: Flags, json: boolean): Promise<void> {
  try {
    const { config } = await loadServed({ cwd: process.cwd(), env: process.env, flags });
    const shown = masked(config);
    const text = json ? JSON.stringify(shown, null, 2) : stringify(shown, { aliasDuplicateObjects: false }).trimEnd();
    process.stdout.write(`${createMaskText(() => maskable(secretsOf(config)))(text)}\n`); // wherever else one may stand
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof StorageError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
