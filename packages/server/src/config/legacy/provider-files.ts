import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Vendor } from '@proxy/core';
import { ConfigError } from '../problems.ts';
import { readText } from '../text-file.ts';
import { vendorOf } from './provider-file.ts';

/** What lies in configs/providers of a folder: vendors, and a sentence for each file that is skipped. */
export function providerFilesIn(cwd: string): {
  readonly vendors: readonly Vendor[];
  readonly skipped: readonly string[];
} {
  const folder = join(cwd, 'configs', 'providers');
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return { vendors: [], skipped: [] };
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort();
  const read = names.map((name) => {
    const path = join('configs', 'providers', name);
    try {
      return vendorOf({ path, text: readText(join(cwd, path)) });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return { skipped: `${path} is skipped: ${error.problems.join(' ')}` };
    }
  });
  return {
    vendors: read.flatMap((one) => ('vendor' in one ? [one.vendor] : [])),
    skipped: read.flatMap((one) => ('skipped' in one ? [one.skipped] : [])),
  };
}
