import type { Load } from './load.ts';
import type { Pace } from './upstream.ts';
import type { DialectName } from './wire/shape.ts';

/** One row of the table. */
export interface Scenario {
  readonly name: string;
  readonly client: DialectName;
  readonly upstream: DialectName;
  readonly kind: Kind;
  /** The gateway's CPU is to be at most so many times that of the dispatch baseline. */
  readonly goal?: number;
}

export type Kind = 'json' | 'backlog' | 'paced' | 'image';

export const scenarios: readonly Scenario[] = [
  { name: 'relay-json', client: 'chat', upstream: 'chat', kind: 'json', goal: 1.5 },
  { name: 'relay-backlog', client: 'chat', upstream: 'chat', kind: 'backlog', goal: 1.3 },
  { name: 'relay-paced', client: 'chat', upstream: 'chat', kind: 'paced', goal: 1.15 },
  { name: 'relay-image', client: 'chat', upstream: 'chat', kind: 'image', goal: 1.3 },
  { name: 'convert-json', client: 'messages', upstream: 'chat', kind: 'json', goal: 2.5 },
  { name: 'convert-backlog', client: 'messages', upstream: 'chat', kind: 'backlog', goal: 3.5 },
  { name: 'convert-paced', client: 'messages', upstream: 'chat', kind: 'paced', goal: 1.5 },
  { name: 'convert-image', client: 'messages', upstream: 'chat', kind: 'image', goal: 3 },
  { name: 'convert-back-json', client: 'chat', upstream: 'messages', kind: 'json', goal: 2.5 },
  { name: 'convert-back-backlog', client: 'chat', upstream: 'messages', kind: 'backlog', goal: 3.5 },
  { name: 'convert-back-paced', client: 'chat', upstream: 'messages', kind: 'paced', goal: 1.5 },
];

/** Parts in which a round's load is sent, the subjects in turns; streams at a model's pace take their time as it is. */
export const slices: Readonly<Record<Kind, number>> = { json: 4, backlog: 4, paced: 1, image: 4 };

/** Nearly all of a gateway's functions are compiled within its first 20,000 requests, the last within 30,000 (`--trace-opt`). */
const jsonWarmUp = 30_000;

/** How much of it: enough for a steady figure, or, in a smoke run, just enough to see that it works. */
export interface Size {
  readonly pace: Pace;
  readonly load: Pick<Load, 'streaming' | 'requests' | 'concurrency' | 'deltas' | 'staggerMs' | 'imageBytes'>;
}

export function sizeOf(kind: Kind, size: 'full' | 'warm-up' | 'smoke'): Size {
  const pick = (full: number, warmUp: number, smoke: number) => ({ full, 'warm-up': warmUp, smoke })[size];
  switch (kind) {
    case 'json':
      return {
        pace: { deltas: 0, perWrite: 1 },
        load: { streaming: false, requests: pick(20_000, jsonWarmUp, 20), concurrency: 32, deltas: 0 },
      };
    case 'backlog': {
      const pace = { deltas: pick(1500, 1500, 60), perWrite: 20 };
      return { pace, load: { streaming: true, requests: pick(600, 1800, 5), concurrency: 4, deltas: pace.deltas } };
    }
    case 'paced': {
      const streams = pick(100, 100, 10);
      // A server that has run for a while is what is measured: a hundred streams alone would be read by the interpreter.
      if (size === 'warm-up') {
        const pace = { deltas: 20, perWrite: 1 };
        return { pace, load: { streaming: true, requests: 5000, concurrency: streams, deltas: pace.deltas } };
      }
      const pace = { deltas: size === 'full' ? 250 : 10, perWrite: 1, intervalMs: 20 };
      return {
        pace,
        load: { streaming: true, requests: streams, concurrency: streams, deltas: pace.deltas, staggerMs: 3 },
      };
    }
    case 'image':
      return {
        pace: { deltas: 0, perWrite: 1 },
        load: {
          streaming: false,
          requests: pick(300, 300, 3),
          concurrency: 4,
          deltas: 0,
          imageBytes: (1 << 20) * 0.75,
        },
      };
  }
}

/** CPU is told by the delta where deltas are streamed, else by the request. */
export function unitsIn({ load }: Size): number {
  return load.streaming ? load.requests * load.deltas : load.requests;
}
