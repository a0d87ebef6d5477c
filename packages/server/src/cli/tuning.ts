import { setFlagsFromString } from 'node:v8';
import type { Gateway } from '@proxy/core';

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
export function tuneCollector(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
  setFlagsFromString('--external-memory-accounted-in-global-limit');
  setFlagsFromString('--no-concurrent-marking');
}

/**
 * glibc maps every buffer of 128 KB and more afresh and gives it back when it is freed, so that a body with a picture costs hundreds of
 * page faults. Its threshold rises to the largest mapped buffer that was freed, 32 MB at most (mallopt(3), M_MMAP_THRESHOLD): one such
 * buffer, never touched, makes it keep what bodies are made of. Elsewhere it does nothing.
 *
 * Twice as much may then lie free before any is given back. With all of it, what compiling took at the first calls would be kept,
 * some twelve megabytes, so a server begins with less.
 */
export function tuneAllocator(): void {
  raiseThreshold(2);
}

/** All of the threshold from the first large body on: a relayed request with a picture costs two fifths less (`pnpm bench`). */
export function keepLargeBodies(gateway: Gateway): Gateway {
  let kept = false;
  return {
    ...gateway,
    handle(request) {
      if (!kept && Number(request.headers['content-length']) >= mappedBytes) {
        kept = true;
        raiseThreshold(32);
      }
      return gateway.handle(request);
    },
  };
}

const mappedBytes = 128 * 1024;

function raiseThreshold(megabytes: number): void {
  Buffer.allocUnsafeSlow(megabytes * 1024 * 1024 - 64 * 1024).buffer.transfer(0);
}
