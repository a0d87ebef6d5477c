import type { DatabaseSync } from 'node:sqlite';
import { set, type Environment } from '../config/expand.ts';
import { decryptCryptoJs, isCryptoJs } from './crypto-js.ts';
import { createNames, ImportError, type DraftApiKey, type DraftUpstream, type Imported } from './imported.ts';

interface Row {
  readonly provider: string;
  readonly name: string;
  readonly api_key: string;
  readonly api_secret?: string | null;
  readonly base_url: string | null;
  readonly remaining_quota: number | null;
  readonly cost_per_request: number | null;
  readonly is_active: number;
}

/** api-proxy's key store: an upstream for each provider and address, with all of its keys. */
export function importApiProxy(database: DatabaseSync, env: Environment): Imported {
  const rows = database.prepare('select * from api_keys order by id').all() as unknown as readonly Row[]; // its own schema
  const nameOf = createNames();
  const left: string[] = [];
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    if (!row.is_active) left.push(`The key "${row.name}" of ${row.provider} is switched off.`);
    else groups.set(placeOf(row), [...(groups.get(placeOf(row)) ?? []), row]);
  }
  for (const { name, api_secret: secret } of rows) if (secret) left.push(`The secret beside the key "${name}".`);
  const upstreams = [...groups.values()].map((keys): DraftUpstream => {
    const [{ provider, base_url: baseUrl }] = keys as [Row]; // a group begins with a row
    const elsewhere = baseUrl && !isVendorsOwn(baseUrl) ? baseUrl : undefined;
    return {
      name: nameOf(provider),
      provider:
        known.has(provider) && (provider !== 'openai' || elsewhere === undefined) ? provider : 'openai-compatible',
      ...(elsewhere !== undefined && { baseUrl: elsewhere }),
      apiKeys: keys.map((row) => keyOf(row, env)),
      // Its order: the most quota left, then the cheapest.
      ...(keys.length > 1 && { strategy: 'quota-first' }),
    };
  });
  return { source: 'api-proxy', draft: { upstreams }, left };
}

const known: ReadonlySet<string> = new Set(['openai', 'anthropic', 'azure']);

function keyOf(row: Row, env: Environment): DraftApiKey {
  const { cost_per_request: cost, remaining_quota: quota } = row;
  return {
    key: clear(row, env),
    ...(cost !== null && cost > 0 && { cost }),
    ...(quota !== null && quota >= 0 && { quota }),
  };
}

function placeOf({ provider, base_url }: Row): string {
  return `${provider} ${base_url ?? ''}`;
}

function isVendorsOwn(baseUrl: string): boolean {
  return /^https:\/\/api\.(openai|anthropic)\.com(\/v1)?\/?$/.test(baseUrl);
}

function clear({ name, api_key: key }: Row, env: Environment): string {
  if (!isCryptoJs(key)) return key;
  const passphrase = set(env, 'ENCRYPTION_KEY');
  if (passphrase === undefined)
    throw new ImportError('Its keys are encrypted. Set ENCRYPTION_KEY to the one it ran with.');
  const plain = decryptCryptoJs(key, passphrase);
  if (plain === undefined || plain === '')
    throw new ImportError(`ENCRYPTION_KEY does not open the key "${name}". Set it to the one that api-proxy ran with.`);
  return plain;
}
