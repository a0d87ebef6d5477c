import { stringify } from 'yaml';
import { loadConfig } from '../config/load.ts';
import { masked } from '../config/masked.ts';
import { ConfigError } from '../config/problems.ts';
import type { Flags } from '../config/resolve.ts';
import { createMaskText } from '../mask.ts';

/** `proxy check`: exit code 0 and the effective configuration, or 1 and every problem. */
export function check(flags: Flags, json: boolean): void {
  try {
    const config = masked(loadConfig({ cwd: process.cwd(), env: process.env, flags }));
    const text = json ? JSON.stringify(config, null, 2) : stringify(config, { aliasDuplicateObjects: false }).trimEnd();
    process.stdout.write(`${createMaskText(() => [])(text)}\n`); // a base URL may hold a key in its query
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
