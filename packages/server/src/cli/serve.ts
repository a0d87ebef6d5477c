import { banner } from '../banner.ts';
import { loadConfig } from '../config/load.ts';
import { ConfigError } from '../config/problems.ts';
import type { Flags } from '../config/resolve.ts';
import { createLog, type ServerLog } from '../log.ts';
import { startServer, type RunningServer } from '../server.ts';

/** `proxy serve`: runs until a signal ends it. */
export async function serve(flags: Flags): Promise<void> {
  const log = createLog();
  let starting = true;
  // Only a start puts up with a broken config.json: there is nothing older to keep.
  const load = () => loadConfig({ cwd: process.cwd(), env: process.env, flags, tolerant: starting });
  const server = await startServer({ load, log }).catch((error: unknown) => fail(error, flags));
  starting = false;
  process.stdout.write(`${banner(server.config(), server.port)}\n`);
  for (const note of server.config().notes) log.logger.warn(note);
  obeySignals(server, log);
}

function obeySignals(server: RunningServer, log: ServerLog): void {
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (stopping) return process.exit(130); // the second signal: somebody is in a hurry
    stopping = true;
    log.logger.info({ signal }, `${signal}: no new requests are taken; running ones may end.`);
    void server.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  process.on('SIGHUP', () => void server.reload());
}

/** A start that failed is told in sentences, without a stack. */
function fail(error: unknown, flags: Flags): never {
  if (error instanceof ConfigError) return end(error.message);
  const { code, port, address } = error as { code?: string; port?: number; address?: string }; // Node's system errors have these
  const at = `${address ?? flags.host ?? ''}:${port ?? flags.port ?? ''}`;
  if (code === 'EADDRINUSE')
    return end(
      `Port ${port ?? flags.port ?? ''} is in use already (${at}). Stop the program that has it ` +
        `(lsof -i :${port ?? ''} shows which), or choose another: --port ${(port ?? 3000) + 1}, or PORT=${(port ?? 3000) + 1}.`,
    );
  if (code === 'EACCES')
    return end(`Listening on ${at} is not allowed: ports below 1024 need rights. Choose another: --port 3000.`);
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return end(`${address ?? flags.host ?? 'That address'} is not an address of this machine. Try --host 127.0.0.1.`);
  throw error;
}

function end(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
