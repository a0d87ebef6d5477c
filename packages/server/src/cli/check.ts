import { stringify } from 'yaml';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import { ConfigError } from '../config/problems.ts';
import type { Flags } from '../config/resolve.ts';
import { createMaskText, mask } from '../mask.ts';

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

/** The same configuration with every secret masked. */
export function masked(config: Config): Config {
  return {
    ...config,
    accessKeys: config.accessKeys.map((accessKey) => ({ ...accessKey, key: mask(accessKey.key) })),
    upstreams: config.upstreams.map(({ apiKeys, headers, ...upstream }) => ({
      ...upstream,
      ...(apiKeys && { apiKeys: apiKeys.map((apiKey) => ({ ...apiKey, key: mask(apiKey.key) })) }),
      ...(headers && { headers: maskedHeaders(headers) }),
    })),
    vendors: config.vendors.map(({ headers, ...vendor }) => ({
      ...vendor,
      ...(headers && { headers: maskedHeaders(headers) }),
    })),
  };
}

/** A header may be anything, and one of them may be a key. */
function maskedHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, mask(value)]));
}
