import { setInterval as ticks } from 'node:timers/promises';
import type { Load } from './load.ts';
import { openStreams, send } from './send.ts';
import type { Bench } from './send.ts';
import type { Running } from './processes.ts';
import { growth } from './statistics.ts';
import type { DialectName } from './wire/shape.ts';

export const enduranceNames = ['relay-memory', 'relay-abort', 'convert-memory', 'convert-abort'] as const;
export type EnduranceName = (typeof enduranceNames)[number];

/** Rows for the table. */
export async function endure(
  bench: Bench,
  running: readonly Running[],
  names: readonly EnduranceName[],
): Promise<string[][]> {
  const rows: string[][] = [];
  for (const name of names) {
    process.stderr.write(`${name} `);
    const converting = name.startsWith('convert');
    const lasts = name.endsWith('memory');
    let verdict = '';
    const cells: string[] = [];
    for (const one of running) {
      if (converting && !one.subject.converts) {
        cells.push('');
        continue;
      }
      const outcome = lasts ? await memory(bench, one, converting) : await abort(bench, one, converting);
      cells.push(outcome.cell);
      if (one.subject.converts) verdict = outcome.met ? 'met' : 'MISSED';
      process.stderr.write('.');
    }
    process.stderr.write('\n');
    rows.push([name, lasts ? 'MB' : 'ms', ...cells, lasts ? 'flat' : 'all gone', verdict]);
  }
  return rows;
}

interface Outcome {
  readonly cell: string;
  readonly met: boolean;
}

function languages(converting: boolean): { client: DialectName; upstream: DialectName } {
  return converting ? { client: 'messages', upstream: 'chat' } : { client: 'chat', upstream: 'chat' };
}

/** A collector's moods stay below this (±12 MB were seen); a hoarder's 50 MB do not. */
const flatBytes = 32 * 1024 * 1024;

/**
 * One stream of 300,000 deltas, 100 MB of events, to a client that reads slowly, and for a while in the middle not at all: whoever
 * collects what passes grows by all of it, and whoever does not hold the upstream back by half, however slow the machine is.
 */
export async function memory(bench: Bench, running: Running, converting: boolean): Promise<Outcome> {
  const deltas = bench.smoke ? 2000 : 300_000;
  const stream = (count: number, bytesPerSecond: number, rest?: Load['rest']) =>
    send(
      bench,
      running,
      { name: 'memory', ...languages(converting) },
      {
        pace: { deltas: count, perWrite: 20 },
        load: { streaming: true, requests: 1, concurrency: 1, deltas: count, bytesPerSecond, ...(rest && { rest }) },
      },
    );
  // Until the heap has the size that such streams give it.
  for (let times = 0; times < 12; times++) await stream(deltas / 10, 30_000_000);
  const before = running.residentBytes();
  const samples: number[] = [];
  const sampling = new AbortController();
  const sampled = (async () => {
    for await (const _ of ticks(bench.smoke ? 10 : 50, undefined, { signal: sampling.signal }))
      samples.push(running.residentBytes());
  })().catch(() => undefined);
  await stream(deltas, bench.smoke ? 5_000_000 : 20_000_000, { afterDeltas: deltas / 2, ms: bench.smoke ? 50 : 5000 });
  sampling.abort();
  await sampled;
  const growthBytes = growth(before, samples);
  const megabytes = (bytes: number) => (bytes / (1 << 20)).toFixed(1);
  return {
    cell: `${megabytes(Math.max(...samples))} [${growthBytes < 0 ? '' : '+'}${megabytes(growthBytes)}]`,
    met: growthBytes < flatBytes,
  };
}

/** Clients that leave in mid-stream: the upstream must notice. @throws when streams stay open. */
export async function abort(bench: Bench, running: Running, converting: boolean): Promise<Outcome> {
  const streams = bench.smoke ? 10 : 100;
  const { client, upstream } = languages(converting);
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
  return { cell: tookMs.toFixed(0), met: true };
}
