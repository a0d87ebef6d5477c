import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { ConnectionConfig, WrittenConnection } from './connection.ts';
import type { Files } from './files.ts';

/** Of this machine: relative to the configuration that names them, else to the working directory. */
export const nodeFiles: Files = {
  key: (path, beside = '.') => readKeyFile(path, dirname(beside)),
  connection: (written, beside = '.') => readConnection(written, dirname(beside)),
};

/** A key's file, without the line break at its end. @throws Error naming the path. */
function readKeyFile(path: string, folder: string): string {
  const absolute = resolve(folder, path);
  try {
    const text = readFileSync(absolute, 'utf8').trim();
    if (text === '') throw new Error('it is empty');
    return text;
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'it is empty';
    throw new Error(`${absolute} cannot be read (${why}).`, { cause: error });
  }
}

/**
 * The same with every file read; paths are relative to `folder`. A problem is told as one text, without its place.
 * @throws Error naming the member at fault, never a secret.
 */
function readConnection(written: WrittenConnection, folder: string): ConnectionConfig {
  const { ca, cert, key, ...rest } = written;
  const read = (member: string, text: string) => pemOf(member, text, folder);
  const connection: ConnectionConfig = {
    ...rest,
    ...(ca !== undefined && { ca: typeof ca === 'string' ? read('ca', ca) : ca.map((each) => read('ca', each)) }),
    ...(cert !== undefined && { cert: read('cert', cert) }),
    ...(key !== undefined && { key: read('key', key) }),
  };
  if ((cert === undefined) !== (key === undefined)) throw new Error('needs both cert and key, or neither.');
  checkUsable(connection);
  return connection;
}

function pemOf(member: string, text: string, folder: string): string {
  if (text.includes('-----BEGIN')) return text;
  const path = resolve(folder, text);
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`${member}: ${path} cannot be read (${codeOf(error)}).`, { cause: error });
  }
  if (!content.includes('-----BEGIN')) throw new Error(`${member}: ${path} holds no PEM text ("-----BEGIN …").`);
  return content;
}

/** At the start rather than at the first request. */
function checkUsable({ ca, cert, key, passphrase }: ConnectionConfig): void {
  try {
    createSecureContext({
      ...(ca !== undefined && { ca: typeof ca === 'string' ? ca : [...ca] }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
      ...(passphrase !== undefined && { passphrase }),
    });
  } catch (error) {
    throw new Error(`its certificates or key cannot be used (${codeOf(error)}).`, { cause: error });
  }
}

function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.message : String(error);
}
