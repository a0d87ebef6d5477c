import { parseArgs } from 'node:util';
import { abort, memory } from './endurance.ts';
import { startHelper } from './ipc.ts';
import { measure, send } from './measure.ts';
import type { Bench } from './measure.ts';
import { start } from './processes.ts';
import type { Running } from './processes.ts';
import { scenarios, sizeOf } from './scenarios.ts';
import type { Scenario } from './scenarios.ts';
import { ratios, summary } from './statistics.ts';
import { subjects } from './subjects.ts';
import { table } from './table.ts';
import { dialectNames } from './wire/shapes.ts';

const usage = `pnpm bench [-- options]
  --smoke            a little of everything: only checks that all replies are whole and no stream stays open
  --scenario <name>  only this one (repeatable): ${[...scenarios.map(({ name }) => name), 'memory', 'abort'].join(', ')}
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
  const wanted = options.scenario ?? [...scenarios.map(({ name }) => name), 'memory', 'abort'];
  const unknown = wanted.filter(
    (name) => name !== 'memory' && name !== 'abort' && !scenarios.some((one) => one.name === name),
  );
  if (unknown.length > 0) throw new Error(`There is no scenario ${unknown.join(', ')}.\n${usage}`);
  const rounds = options.smoke ? 1 : Number(options.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds takes a whole number, 1 or more.\n${usage}`);

  const bench: Bench = { upstream: startHelper('./upstream.ts'), load: startHelper('./load.ts'), smoke: options.smoke };
  const running: Running[] = [];
  try {
    const upstreamPort = await bench.upstream.ask<number>('listen');
    for (const subject of subjects) {
      const asked =
        subject.name === 'dispatch' || options.subject === undefined || options.subject.includes(subject.name);
      const missing = asked ? subject.missing() : undefined;
      if (missing !== undefined) console.log(`Left out: ${subject.name}. ${missing}.`);
      else if (asked) running.push(await start(subject, upstreamPort));
    }
    const timed = scenarios.filter(({ name }) => wanted.includes(name));
    if (options.smoke) await smoke(bench, running, timed);
    else if (timed.length > 0) await compare(bench, running, timed, rounds);
    await endure(bench, running, wanted);
  } finally {
    await Promise.all(running.map((one) => one.stop()));
    bench.upstream.stop();
    bench.load.stop();
  }
}

/** Everything once, and every dialect into every other through those who convert. */
async function smoke(bench: Bench, running: readonly Running[], timed: readonly Scenario[]): Promise<void> {
  for (const one of running) {
    for (const scenario of timed) await measure(bench, one, scenario, 'smoke');
    for (const client of dialectNames)
      for (const upstream of one.subject.converts ? dialectNames : [client])
        for (const kind of ['json', 'backlog'] as const)
          await send(
            bench,
            one,
            { name: `${client} to ${upstream}, ${kind}`, client, upstream },
            sizeOf(kind, 'smoke'),
          );
    console.log(`${one.subject.name}: every reply was whole, no stream stayed open.`);
  }
}

/** A B C A B C …: what the machine does besides falls on all alike. */
async function compare(
  bench: Bench,
  running: readonly Running[],
  timed: readonly Scenario[],
  rounds: number,
): Promise<void> {
  const rows: string[][] = [];
  for (const scenario of timed) {
    process.stderr.write(`${scenario.name} `);
    const results = new Map<Running, number[]>(running.map((one) => [one, []]));
    for (const one of running) await measure(bench, one, scenario, 'warm-up');
    for (let round = 0; round < rounds; round++)
      for (const [one, spent] of results) {
        spent.push(await measure(bench, one, scenario, 'full'));
        process.stderr.write('.');
      }
    process.stderr.write('\n');
    rows.push(row(scenario, results));
  }
  console.log(
    `\nCPU of the proxy in microseconds, median of ${rounds} rounds; in brackets times dispatch: median (least to most).\n`,
  );
  console.log(table(['scenario', 'a', ...running.map((one) => one.subject.name), 'goal', ''], rows));
}

function row(scenario: Scenario, results: ReadonlyMap<Running, readonly number[]>): string[] {
  const [baseline = []] = results.values();
  let verdict = '';
  const cells = [...results].map(([{ subject }, spent]) => {
    const median = summary(spent).median.toPrecision(3);
    if (spent === baseline) return median;
    const ratio = summary(ratios(spent, baseline));
    if (subject.converts && scenario.goal !== undefined) verdict = ratio.median <= scenario.goal ? 'met' : 'MISSED';
    return `${median} [${ratio.median.toFixed(2)} (${ratio.least.toFixed(2)}–${ratio.most.toFixed(2)})]`;
  });
  const unit = sizeOf(scenario.kind, 'full').load.streaming ? 'delta' : 'request';
  return [scenario.name, unit, ...cells, scenario.goal?.toFixed(2) ?? '', verdict];
}

async function endure(bench: Bench, running: readonly Running[], wanted: readonly string[]): Promise<void> {
  const megabytes = (bytes: number) => `${(bytes / (1 << 20)).toFixed(1)} MB`;
  const rows: string[][] = [];
  for (const one of running)
    for (const [way, client, upstream] of [
      ['relay', 'chat', 'chat'],
      ['convert', 'messages', 'chat'],
    ] as const) {
      if (way === 'convert' && !one.subject.converts) continue;
      const stays = wanted.includes('memory') ? await memory(bench, one, client, upstream) : undefined;
      const leaves = wanted.includes('abort') ? await abort(bench, one, client, upstream) : undefined;
      rows.push([
        `${one.subject.name}, ${way}`,
        stays ? megabytes(stays.peakBytes) : '',
        stays ? `${megabytes(stays.growthBytes)}, ${stays.flat ? 'flat' : 'GROWS'}` : '',
        leaves ? `${leaves.streams} in ${leaves.tookMs.toFixed(0)} ms` : '',
      ]);
    }
  if (bench.smoke || (!wanted.includes('memory') && !wanted.includes('abort'))) return;
  console.log('\nOne stream of 100,000 deltas to a slow reader, and streams whose clients leave.\n');
  console.log(table(['', 'peak memory', 'growth', 'upstream rid of'], rows));
}
