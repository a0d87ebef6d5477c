import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Environment } from '../config/expand.ts';
import { isClaudeProxyConfig } from '../config/legacy/claude-proxy.ts';
import { parseFile } from '../config/parse.ts';
import { ConfigError } from '../config/problems.ts';
import { textOf } from '../config/text-file.ts';
import { sqliteCode } from '../storage/sqlite/code.ts';
import { importApiProxy } from './api-proxy.ts';
import { importClaudeProxy } from './claude-proxy.ts';
import { importDotenv } from './dotenv.ts';
import { ImportError, type Imported } from './imported.ts';
import { importLiteLlm, isLiteLlm } from './litellm.ts';
import { channelsIn, importChannels, importOneApi } from './one-api.ts';
import { importProviderFiles } from './provider-files.ts';

/** Reads a predecessor's or another gateway's file, told by what is in it. @throws ImportError */
export function readForeign(path: string, env: Environment): Imported {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) throw new ImportError(`There is no ${path}.`);
  if (stat.isDirectory()) return importFolder(path);
  const bytes = bytesOf(path);
  if (bytes.subarray(0, sqliteHead.length).toString('latin1') === sqliteHead) return importDatabase(path, env);
  if (/^\.env\b|\.env$/.test(basename(path))) return importDotenv(textOf(bytes));
  return importData(path, parsed(path, textOf(bytes)), env);
}

function bytesOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new ImportError(`${path} cannot be read: ${String(error)}`, { cause: error });
  }
}

const sqliteHead = 'SQLite format 3\0';

function importFolder(folder: string): Imported {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort();
  if (names.length === 0) throw new ImportError(`${folder} holds no provider files (*.json). ${understood}`);
  return importProviderFiles(names.map((name) => ({ path: name, text: textOf(bytesOf(join(folder, name))) })));
}

function importDatabase(path: string, env: Environment): Imported {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { readOnly: true });
    const tables = database.prepare("select name from sqlite_master where type = 'table'").all();
    const has = (name: string) => tables.some((table) => table.name === name);
    if (has('channels')) return importOneApi(database);
    if (has('api_keys')) return importApiProxy(database, env);
    throw new ImportError(`${path} is a database of nobody that is known. ${understood}`);
  } catch (error) {
    if (sqliteCode(error) === undefined) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new ImportError(`${path} cannot be read: ${why}. Stop the program whose it is, and copy it whole.`, {
      cause: error,
    });
  } finally {
    database?.close();
  }
}

function importData(path: string, value: unknown, env: Environment): Imported {
  if (isClaudeProxyConfig(value)) return importClaudeProxy(value, env);
  if (isLiteLlm(value)) return importLiteLlm(value);
  const channels = channelsIn(value);
  if (channels) return importChannels(channels);
  if (typeof value === 'object' && value !== null && 'provider' in value && 'base_url' in value)
    return importProviderFiles([{ path: basename(path), text: JSON.stringify(value) }]);
  throw new ImportError(`${path} is nothing that is known. ${understood}`);
}

function parsed(path: string, text: string): unknown {
  try {
    return parseFile(path, text);
  } catch (error) {
    if (error instanceof ConfigError) throw new ImportError(error.message, { cause: error });
    throw error;
  }
}

const understood =
  'Understood are: claude-proxy’s config.json, a .env, a provider file or a folder of them, api-proxy’s, one-api’s and ' +
  'new-api’s SQLite databases, exported channels, and LiteLLM’s config.yaml.';
