import { serve as listen } from '@proxy/node';
import { banner } from '../banner.ts';
import { secretsOf } from '../config/build.ts';
import type { Environment } from '../config/expand.ts';
import { configPlaces, loadConfig } from '../config/load.ts';
import { defaultStorage } from '../storage/place.ts';
import type { Flags } from '../config/resolve.ts';
import { createLog, type ServerLog } from '../log.ts';
import { createMaskText } from '../mask.ts';
import { startServer, type RunningServer } from '../server.ts';
import { fail } from './fail.ts';
import { keepLargeBodies, tuneAllocator, tuneCollector } from './tuning.ts';

/** `proxy serve`: runs until a signal ends it. */
export async function serve(flags: Flags, defaults: Environment): Promise<void> {
  tuneCollector();
  tuneAllocator();
  const log = createLog();
  let starting = true;
  // Only a start puts up with a broken config.json: there is nothing older to keep.
  const load = (text?: string) =>
    loadConfig({
      cwd: process.cwd(),
      env: process.env,
      defaults,
      flags,
      tolerant: starting,
      defaultStorage,
      ...(text !== undefined && { text }),
    });
  const server = await startServer({
    load,
    log,
    places: configPlaces(process.cwd()),
    listen: (gateway, options) => listen(keepLargeBodies(gateway), options),
  }).catch((error: unknown) => fail(error));
  starting = false;
  const config = server.config();
  // A base URL may hold a key in its query.
  const maskText = createMaskText(() => secretsOf(config));
  process.stdout.write(maskText(`${banner(config, server.port, process.env, server.open())}\n`));
  obeySignals(server, log);
}

/** Ctrl-C reaches a whole process group, so npm's forwarding makes it come twice at once: that is one wish, not two. */
const sameWishMs = 1000;

function obeySignals(server: RunningServer, log: ServerLog): void {
  let stoppingSince: number | undefined;
  const stop = (signal: NodeJS.Signals) => {
    const now = performance.now();
    if (stoppingSince !== undefined) {
      if (now - stoppingSince > sameWishMs) process.exit(130); // asked again: somebody is in a hurry
      return;
    }
    stoppingSince = now;
    log.logger.info({ signal }, 'Stopping: no new requests are taken, running ones may end.');
    void server.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  process.on('SIGHUP', () => void server.reload());
}
