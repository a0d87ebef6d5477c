import { parseArgs } from 'node:util';
import { compare } from './compare.ts';
import { endure, enduranceNames } from './endurance.ts';
import { startHelper } from './ipc.ts';
import type { Bench } from './send.ts';
import { start } from './processes.ts';
import type { Running } from './processes.ts';
import { scenarios } from './scenarios.ts';
import { smoke } from './smoke.ts';
import { subjects } from './subjects.ts';
import type { Subject } from './subjects.ts';
import { table } from './table.ts';

const names: readonly string[] = [...scenarios.map(({ name }) => name), ...enduranceNames];

const usage = `pnpm bench [-- options]
  --smoke            a little of everything: only checks that all replies are whole and no stream stays open
  --scenario <name>  only this one (repeatable): ${names.join(', ')}
  --subject <name>   only this one beside dispatch (repeatable): ${subjects.map(({ name }) => name).join(', ')}
  --rounds <number>  how often each scenario is run with each subject (5)`;

const { values: options } = parseArgs({
  // pnpm hands its own `--` on.
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  options: {
    smoke: { type: 'boolean', default: false },
    scenario: { type: 'string', multiple: true },
    subject: { type: 'string', multiple: true },
    rounds: { type: 'string', default: '5' },
    help: { type: 'boolean', default: false },
  },
});

if (options.help) console.log(usage);
else await main();

async function main(): Promise<void> {
  const wanted = options.scenario ?? names;
  const strange = options.subject?.filter((name) => !subjects.some((one) => one.name === name)) ?? [];
  if (strange.length > 0) throw new Error(`There is no subject ${strange.join(', ')}.\n${usage}`);
  const unknown = wanted.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`There is no scenario ${unknown.join(', ')}.\n${usage}`);
  const rounds = options.smoke ? 1 : Number(options.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds takes a whole number, 1 or more.\n${usage}`);

  const present = subjects.filter(isWanted);
  const bench: Bench = { upstream: startHelper('./upstream.ts'), load: startHelper('./load.ts'), smoke: options.smoke };
  try {
    const upstreamPort = await bench.upstream.ask<number>('listen');
    const timed = scenarios.filter(({ name }) => wanted.includes(name));
    const lasting = enduranceNames.filter((name) => wanted.includes(name));
    if (options.smoke) {
      await atWork(present, upstreamPort, (running) => smoke(bench, running, timed, lasting));
      return;
    }
    const rows = [
      ...(await atWork(present, upstreamPort, (running) => compare(bench, running, timed, rounds))),
      // Begun afresh, so that no earlier run's garbage counts as memory.
      ...(await atWork(present, upstreamPort, (running) => endure(bench, running, lasting))),
    ];
    console.log(
      `\nCPU of the proxy in microseconds, median of ${rounds} rounds; in brackets times dispatch: median (least to most).`,
    );
    console.log('Memory: the peak, and the growth over one stream of 300,000 deltas to a slow reader.');
    console.log('Abort: how long until the upstream is rid of 100 streams whose clients left.\n');
    console.log(table(['scenario', 'unit', ...present.map(({ name }) => name), 'goal', ''], rows));
  } finally {
    bench.upstream.stop();
    bench.load.stop();
  }
}

function isWanted(subject: Subject): boolean {
  if (subject !== subjects[0] && options.subject !== undefined && !options.subject.includes(subject.name)) return false;
  if (subject.onRequest && !options.subject?.includes(subject.name)) return false;
  const missing = subject.missing();
  if (missing !== undefined) console.log(`Left out: ${subject.name}. ${missing}.`);
  return missing === undefined;
}

async function atWork<T>(
  present: readonly Subject[],
  upstreamPort: number,
  work: (running: readonly Running[]) => Promise<T>,
): Promise<T> {
  const running: Running[] = [];
  try {
    for (const subject of present) running.push(await start(subject, upstreamPort));
    return await work(running);
  } finally {
    await Promise.all(running.map((one) => one.stop()));
  }
}
