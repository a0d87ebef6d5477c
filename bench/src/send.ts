import { setTimeout as sleep } from 'node:timers/promises';
import type { Helper } from './ipc.ts';
import type { Load, LoadResult } from './load.ts';
import type { Running } from './processes.ts';
import type { Scenario } from './scenarios.ts';
import type { Pace, Seen } from './upstream.ts';
import type { DialectName } from './wire/shape.ts';

export interface Bench {
  readonly upstream: Helper;
  readonly load: Helper;
  readonly smoke: boolean;
}

/** Sends the load, and makes sure that nothing was lost on either side. */
export async function send(
  bench: Bench,
  running: Running,
  { name, client, upstream }: Pick<Scenario, 'name' | 'client' | 'upstream'>,
  { pace, load }: { readonly pace: Pace; readonly load: Omit<Load, 'port' | 'client' | 'upstream'> },
): Promise<LoadResult> {
  const asked: Load = {
    ...load,
    port: running.port,
    client,
    upstream: answering(running, client, upstream),
    ...(bench.smoke && { verifyAll: true }),
  };
  await bench.upstream.ask('pace', pace);
  await bench.upstream.ask('reset');
  const result = await bench.load.ask<LoadResult>('run', asked);
  const complain = (what: string) => {
    throw new Error(`${running.subject.name}, ${name}: ${what}`);
  };
  if (result.completed !== load.requests)
    complain(`${result.completed} of ${load.requests} replies were whole.\n${result.complaints.join('\n')}`);
  const open = await openStreams(bench, 2000);
  if (open > 0) complain(`${open} requests are still open at the upstream.`);
  const seen = await bench.upstream.ask<Seen>('seen');
  if (seen.requests !== load.requests) complain(`${load.requests} requests became ${seen.requests} at the upstream.`);
  if (seen.bytes < load.requests * (load.imageBytes ?? 0))
    complain(`Pictures were lost: only ${seen.bytes} bytes reached the upstream.`);
  return result;
}

/** Requests the upstream still has open, once there are none or the time is up. */
export async function openStreams(bench: Bench, patienceMs: number): Promise<number> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const { open } = await bench.upstream.ask<Seen>('seen');
    if (open === 0 || performance.now() > deadline) return open;
    await sleep(10);
  }
}

function answering(running: Running, client: DialectName, upstream: DialectName): DialectName {
  return running.subject.converts ? upstream : client;
}
