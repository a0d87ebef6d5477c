import { ConfigError } from '../config/problems.ts';
import { StorageError } from '../storage/storage-error.ts';

/** A start that failed is told in sentences, without a stack. */
export function fail(error: unknown): never {
  const message = sentenceOf(error);
  if (message === undefined) throw error;
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/** Why a start failed, and the mend; undefined: a bug. */
export function sentenceOf(error: unknown): string | undefined {
  if (error instanceof ConfigError || error instanceof StorageError) return error.message;
  const { code, port = 3000, address, hostname } = systemErrorOf(error);
  const other = port < 65_535 ? port + 1 : 3000;
  switch (code) {
    case 'EADDRINUSE':
      return (
        `Port ${port} is in use already. Stop the program that has it (lsof -i :${port} shows which), ` +
        `or choose another: --port ${other}, or PORT=${other}.`
      );
    case 'EACCES':
      return `Listening on port ${port} is not allowed: ports below 1024 need rights. Choose another: --port 3000.`;
    case 'EADDRNOTAVAIL':
    case 'EAI_AGAIN':
    case 'ENOTFOUND':
      return `This machine has no address ${address ?? hostname ?? 'of that name'}. Try --host 127.0.0.1.`;
    default:
      return undefined;
  }
}

interface SystemError {
  readonly code?: string;
  readonly port?: number;
  readonly address?: string;
  /** One that could not be resolved. */
  readonly hostname?: string;
}

/** Node's own error, under the one that @proxy/node made of it. */
function systemErrorOf(error: unknown): SystemError {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return typeof cause === 'object' && cause !== null ? (cause as SystemError) : {}; // every member is optional
}
