import { statfsSync } from 'node:fs';

/** What the doctor asks of the machine it runs on, so that a test can be another machine. */
export interface Machine {
  readonly nodeVersion: string;
  /** Milliseconds since 1970. */
  now(): number;
  freeBytes(folder: string): number;
}

export const thisMachine: Machine = {
  nodeVersion: process.versions.node,
  now: Date.now,
  freeBytes(folder) {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  },
};
