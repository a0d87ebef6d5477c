import { setFlagsFromString } from 'node:v8';
import { banner } from '../banner.ts';
import { secretsOf } from '../config/build.ts';
import type { Environment } from '../config/expand.ts';
import { loadConfig } from '../config/load.ts';
import { defaultStorage } from '../storage/place.ts';
import type { Flags } from '../config/resolve.ts';
import { createLog, type ServerLog } from '../log.ts';
import { createMaskText } from '../mask.ts';
import { startServer, type RunningServer } from '../server.ts';
import { fail } from './fail.ts';

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
  const server = await startServer({ load, log }).catch((error: unknown) => fail(error));
  starting = false;
  const config = server.config();
  // A base URL may hold a key in its query.
  const maskText = createMaskText(() => secretsOf(config));
  process.stdout.write(maskText(`${banner(config, server.port)}\n`));
  obeySignals(server, log);
}

/**
 * V8 puts straight among the long-lived objects what outlived a few collections where it was made. Here that is whatever was
 * under way at that moment; dead a moment later, it keeps alive all the young objects it points to, until the next full
 * collection. Without that guess a small request cost a sixth less (`pnpm bench`).
 *
 * It also collects everything whenever 64 MB of buffers have come and gone, which with pictures is every few dozen requests. Counted
 * with the rest of the heap they make a third of the collections, and a request with a picture cost a third less.
 *
 * Marking in other threads pays where the heap is large. Ours is some forty megabytes, marked in small steps in between; while others mark,
 * every write to an object is told to them, and a backlog of streams cost a third more (`pnpm bench`).
 */
function tuneCollector(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
  setFlagsFromString('--external-memory-accounted-in-global-limit');
  setFlagsFromString('--no-concurrent-marking');
}

/**
 * glibc maps every buffer of 128 KB and more afresh and gives it back when it is freed, so that a body with a picture costs hundreds of
 * page faults. Its threshold rises to the largest mapped buffer that was freed, 32 MB at most (mallopt(3), M_MMAP_THRESHOLD): one such
 * buffer, never touched, makes it keep what bodies are made of. After a backlog of streams a request with a picture cost
 * a third less (`pnpm bench`). Elsewhere it does nothing.
 */
function tuneAllocator(): void {
  Buffer.allocUnsafeSlow(32 * 1024 * 1024 - 64 * 1024).buffer.transfer(0);
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
