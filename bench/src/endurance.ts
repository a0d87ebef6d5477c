import { setInterval as ticks } from 'node:timers/promises';
import { openStreams, send } from './measure.ts';
import type { Bench } from './measure.ts';
import type { Running } from './processes.ts';
import { growth } from './statistics.ts';
import type { DialectName } from './wire/shape.ts';

export interface Memory {
  readonly peakBytes: number;
  readonly growthBytes: number;
  readonly flat: boolean;
}

/** More than this between the second and the last third of a stream is no noise of a collector. */
const flatBytes = 24 * 1024 * 1024;

/**
 * One stream of 100,000 deltas, 30 MB of events, to a client that reads slower than the upstream sends: whoever collects
 * instead of holding the upstream back grows by all of it.
 */
export async function memory(
  bench: Bench,
  running: Running,
  client: DialectName,
  upstream: DialectName,
): Promise<Memory> {
  const deltas = bench.smoke ? 2000 : 100_000;
  const stream = (count: number, bytesPerSecond: number) =>
    send(
      bench,
      running,
      { name: 'memory', client, upstream },
      {
        pace: { deltas: count, perWrite: 20 },
        load: { streaming: true, requests: 1, concurrency: 1, deltas: count, bytesPerSecond },
      },
    );
  await stream(deltas / 10, 20_000_000);
  const samples: number[] = [];
  const sampling = new AbortController();
  const sampled = (async () => {
    for await (const _ of ticks(bench.smoke ? 10 : 50, undefined, { signal: sampling.signal }))
      samples.push(running.residentBytes());
  })().catch(() => undefined);
  await stream(deltas, bench.smoke ? 5_000_000 : 6_000_000);
  sampling.abort();
  await sampled;
  const growthBytes = growth(samples);
  return { peakBytes: Math.max(...samples), growthBytes, flat: growthBytes < flatBytes };
}

export interface Abort {
  readonly streams: number;
  /** How long after the last client left the upstream had no open stream any more. */
  readonly tookMs: number;
}

/** Clients that leave in mid-stream: the upstream must notice. @throws when streams stay open. */
export async function abort(
  bench: Bench,
  running: Running,
  client: DialectName,
  upstream: DialectName,
): Promise<Abort> {
  const streams = bench.smoke ? 10 : 100;
  const answering = running.subject.converts ? upstream : client;
  await bench.upstream.ask('pace', { deltas: 100_000, perWrite: 1, intervalMs: 20 });
  const result = await bench.load.ask<{ completed: number; complaints: string[] }>('run', {
    port: running.port,
    client,
    upstream: answering,
    streaming: true,
    requests: streams,
    concurrency: streams,
    deltas: 0,
    leaveAfter: 3,
  });
  if (result.completed !== streams) throw new Error(`${running.subject.name}, abort: ${result.complaints.join('\n')}`);
  const left = performance.now();
  const open = await openStreams(bench, 5000);
  const tookMs = performance.now() - left;
  if (open > 0)
    throw new Error(
      `${running.subject.name}, abort: ${open} of ${streams} streams are still open at the upstream after 5 s.`,
    );
  return { streams, tookMs };
}
