import { existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { parseFile } from '../../config/parse.ts';
import { readText } from '../../config/text-file.ts';
import { found, type Finding } from '../faults.ts';

/** Files with secrets in them that every user of this machine may read. */
export function probeFileModes(cwd: string, configPath: string | undefined): readonly Finding[] {
  if (process.platform === 'win32') return []; // has no such modes
  return [...new Set(secretFiles(cwd, configPath))].filter(isWorldReadable).map((path) => {
    const mode = (statSync(path).mode & 0o777).toString(8).padStart(3, '0');
    return found('secrets-world-readable', path, `It holds secrets, and its mode is ${mode}: every user may read it.`);
  });
}

function secretFiles(cwd: string, configPath: string | undefined): readonly string[] {
  const dotenv = resolve(cwd, '.env');
  const env = existsSync(dotenv) ? parseEnv(readText(dotenv)) : {};
  const hasSecret = Object.entries(env).some(([name, value]) => secretName.test(name) && value !== '');
  const files = hasSecret ? [dotenv] : [];
  if (configPath === undefined || !existsSync(configPath)) return files;
  const raw = readConfig(configPath);
  const named = [...membersOf(raw)].flatMap(([name, value]) =>
    (name === 'file' || name === 'key') && isPath(value) ? [resolve(dirname(configPath), value)] : [],
  );
  const holdsKeys = [...membersOf(raw)].some(([name, value]) => keyMembers.has(name) && isLiteral(value));
  return [...files, ...(holdsKeys ? [configPath] : []), ...named.filter((path) => existsSync(path))];
}

const secretName = /KEY|TOKEN|SECRET|PASSWORD|CREDENTIALS/;
const keyMembers: ReadonlySet<string> = new Set(['key', 'apiKeys', 'accessKeys', 'encryptionKey', 'passphrase']);

/** A broken file is config-problems.ts's to tell. */
function readConfig(path: string): unknown {
  try {
    return parseFile(path, readText(path));
  } catch {
    return {};
  }
}

/** Every text with the name of the member that holds it, members of lists under the list's name. */
function* membersOf(value: unknown, name = ''): Generator<readonly [string, string]> {
  if (typeof value === 'string') yield [name, value];
  else if (Array.isArray(value)) for (const item of value) yield* membersOf(item, name);
  else if (typeof value === 'object' && value !== null)
    for (const [member, inner] of Object.entries(value)) yield* membersOf(inner, member);
}

/** A secret itself, not where it is. */
function isLiteral(value: string): boolean {
  return value !== '' && !/^\$\{\w+(:-)?\}$/.test(value) && !isPath(value);
}

function isPath(value: string): boolean {
  return /\.(json|pem|key|txt)$/.test(value);
}

function isWorldReadable(path: string): boolean {
  return (statSync(path).mode & 0o004) !== 0;
}
