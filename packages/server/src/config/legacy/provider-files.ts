import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Vendor } from '@proxy/core';
import { vendorOf } from './provider-file.ts';

/** What lies in configs/providers of a folder: vendors, and a sentence for each file that is skipped. */
export function providerFilesIn(cwd: string): {
  readonly vendors: readonly Vendor[];
  readonly skipped: readonly string[];
} {
  const folder = join(cwd, 'configs', 'providers');
  if (!existsSync(folder)) return { vendors: [], skipped: [] };
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort();
  const read = names.map((name) => {
    const path = join('configs', 'providers', name);
    return vendorOf({ path, text: readFileSync(join(cwd, path), 'utf8') });
  });
  return {
    vendors: read.flatMap((one) => ('vendor' in one ? [one.vendor] : [])),
    skipped: read.flatMap((one) => ('skipped' in one ? [one.skipped] : [])),
  };
}
