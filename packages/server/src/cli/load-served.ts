import { existsSync } from 'node:fs';
import type { Config } from '../config/config.ts';
import { set } from '../config/expand.ts';
import { loadConfig, withDotenv, type LoadOptions } from '../config/load.ts';
import { ConfigError } from '../config/problems.ts';
import { refusalToListen } from '../config/safety.ts';
import { isFleeting } from '../config/storage.ts';
import { openStorage } from '../storage/open.ts';
import { defaultStorage, placeOf } from '../storage/place.ts';
import { withStoredKeys } from '../storage/stored-keys.ts';

export interface ServedConfig {
  /** With the upstream keys that are stored. */
  readonly config: Config;
  /** Access keys are stored, so that callers need one. */
  readonly storedAccessKeys: boolean;
}

/** The configuration as `proxy serve` would have it from here, with what is stored already; makes no storage. @throws ConfigError, StorageError */
export async function loadServed(options: Omit<LoadOptions, 'defaultStorage'>): Promise<ServedConfig> {
  const config = loadConfig({ ...options, defaultStorage });
  const { place: text, folder = options.cwd, encryptionKeys, production } = config.storage;
  const place = placeOf(text, folder);
  if (isFleeting(text) || (place.type === 'sqlite' && !existsSync(place.path))) return checked(config, false);
  const storage = await openStorage({ place, encryptionKeys, production });
  try {
    const complete = withStoredKeys(config, await storage.credentials.open());
    return checked(complete, (await storage.accessKeys.count()) > 0);
  } finally {
    await storage.close();
  }
}

function checked(config: Config, storedAccessKeys: boolean): ServedConfig {
  const refusal = refusalToListen(config, storedAccessKeys);
  if (refusal !== undefined) throw new ConfigError([refusal], config.file);
  return { config, storedAccessKeys };
}

/** The default storage where there is one: a command that is run in anybody's folder makes none there. */
export function storageThatIsThere({ cwd, env }: Pick<LoadOptions, 'cwd' | 'env'>): { defaultStorage?: string } {
  const place = placeOf(defaultStorage, set(withDotenv(cwd, env), 'BASE_PATH') ?? cwd);
  return place.type === 'sqlite' && existsSync(place.path) ? { defaultStorage } : {};
}
