import type { ProviderFile } from '../config/legacy/provider-file.ts';
import { vendorOf } from '../config/legacy/provider-file.ts';
import { createNames, type Imported } from './imported.ts';

/** api-proxy's configs/providers/*.json: vendors of our file, and an upstream for each. */
export function importProviderFiles(files: readonly ProviderFile[]): Imported {
  const nameOf = createNames();
  const read = files.map(vendorOf);
  const vendors = read.flatMap((one) => ('vendor' in one ? [one.vendor] : []));
  return {
    source: 'api-proxy’s provider files',
    draft: {
      ...(vendors.length > 0 && { vendors: Object.fromEntries(vendors.map(({ name, ...vendor }) => [name, vendor])) }),
      upstreams: vendors.map(({ name }) => ({ name: nameOf(name), provider: name })),
    },
    left: read.flatMap((one) => ('skipped' in one ? [one.skipped] : [])),
  };
}
