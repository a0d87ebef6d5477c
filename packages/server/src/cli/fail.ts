import { ConfigError } from '../config/problems.ts';
import { StorageError } from '../storage/storage-error.ts';

/** A start that failed is told in sentences, without a stack. */
export function fail(error: unknown): never {
  if (error instanceof ConfigError || error instanceof StorageError) return end(error.message);
  const { code, port = 3000, address = 'that address' } = systemErrorOf(error);
  switch (code) {
    case 'EADDRINUSE':
      return end(
        `Port ${port} is in use already. Stop the program that has it (lsof -i :${port} shows which), ` +
          `or choose another: --port ${port + 1}, or PORT=${port + 1}.`,
      );
    case 'EACCES':
      return end(
        `Listening on port ${port} is not allowed: ports below 1024 need rights. Choose another: --port 3000.`,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return end(`This machine has no address ${address}. Try --host 127.0.0.1.`);
    default:
      throw error;
  }
}

interface SystemError {
  readonly code?: string;
  readonly port?: number;
  readonly address?: string;
}

/** Node's own error, under the one that @proxy/node made of it. */
function systemErrorOf(error: unknown): SystemError {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return typeof cause === 'object' && cause !== null ? (cause as SystemError) : {}; // every member is optional
}

function end(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
