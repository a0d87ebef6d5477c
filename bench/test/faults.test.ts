import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { endure, memory } from '../src/endurance.ts';
import { startHelper } from '../src/ipc.ts';
import { send } from '../src/send.ts';
import type { Bench } from '../src/send.ts';
import { start } from '../src/processes.ts';
import type { Running } from '../src/processes.ts';
import { scenarios, sizeOf } from '../src/scenarios.ts';
import type { Kind } from '../src/scenarios.ts';
import { subjects } from '../src/subjects.ts';
import type { Subject } from '../src/subjects.ts';

/** A benchmark that would not notice a proxy cheating measures nothing. */
let bench: Bench;
let upstreamPort: number;

beforeAll(async () => {
  bench = { upstream: startHelper('./upstream.ts'), load: startHelper('./load.ts'), smoke: true };
  upstreamPort = await bench.upstream.ask<number>('listen');
});

afterAll(() => {
  bench.upstream.stop();
  bench.load.stop();
});

async function proxy<T>(fault: string, work: (running: Running) => Promise<T>): Promise<T> {
  const subject: Subject = {
    name: fault,
    converts: false,
    missing: () => undefined,
    prepare: (around) => [
      process.execPath,
      fileURLToPath(new URL('./faulty-proxy.ts', import.meta.url)),
      String(around.port),
      String(around.upstreamPort),
      fault,
    ],
  };
  const running = await start(subject, upstreamPort);
  try {
    return await work(running);
  } finally {
    await running.stop();
  }
}

function smoking(kind: Kind) {
  return (running: Running) => send(bench, running, scenarioOf(kind), sizeOf(kind, 'smoke'));
}

function scenarioOf(kind: Kind) {
  const scenario = scenarios.find((one) => one.kind === kind);
  if (!scenario) throw new Error(`No scenario is ${kind}.`);
  return scenario;
}

test.each<Kind>(['json', 'backlog', 'paced', 'image'])('a proxy without fault passes: %s', async (kind) => {
  await expect(proxy('none', smoking(kind))).resolves.toMatchObject({ completed: sizeOf(kind, 'smoke').load.requests });
});

test.each<[string, Kind, RegExp]>([
  ['drops', 'paced', /deltas came|or differs/],
  ['breaks off', 'paced', /without its finish/],
  ['changes', 'paced', /or differs/],
  ['loses pictures', 'image', /Pictures were lost/],
  ['sends twice', 'json', /20 requests became 40/],
])('a proxy that %s is caught', async (fault, kind, complaint) => {
  await expect(proxy(fault, smoking(kind))).rejects.toThrow(complaint);
});

test('a proxy that stays on the line when its client has gone is caught', async () => {
  await expect(proxy('leaks', (running) => endure(bench, [running], ['relay-abort']))).rejects.toThrow(
    /still open at the upstream/,
  );
});

test('a proxy that is not there is told apart from a slow one', async () => {
  const [dispatch] = subjects;
  if (!dispatch) throw new Error('There are no subjects.');
  const broken: Subject = {
    ...dispatch,
    prepare: () => [process.execPath, '-e', 'console.error("no config"); process.exit(3)'],
  };
  await expect(start(broken, upstreamPort)).rejects.toThrow(/exit code 3\n(.*\n)*no config/);
});

test('a proxy that hoards what its reader does not take yet is seen to grow', { timeout: 120_000 }, async () => {
  // None of the faulty proxies ever holds the upstream back.
  const outcome = await proxy('none', (running) => memory({ ...bench, smoke: false }, running, false));
  expect(outcome).toMatchObject({ met: false });
});
