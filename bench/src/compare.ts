import { setTimeout as sleep } from 'node:timers/promises';
import { send } from './send.ts';
import type { Bench } from './send.ts';
import type { Running } from './processes.ts';
import { sizeOf, slices, unitsIn } from './scenarios.ts';
import type { Scenario } from './scenarios.ts';
import { ratios, summary } from './statistics.ts';

/** Rows for the table. */
export async function compare(
  bench: Bench,
  running: readonly Running[],
  timed: readonly Scenario[],
  rounds: number,
): Promise<string[][]> {
  const rows: string[][] = [];
  for (const scenario of timed) {
    process.stderr.write(`${scenario.name} `);
    const results = new Map<Running, number[]>(running.map((one) => [one, []]));
    for (const one of running) await send(bench, one, scenario, sizeOf(scenario.kind, 'warm-up'));
    for (let round = 0; round < rounds; round++) {
      const spent = await runRound(bench, running, scenario, round);
      for (const [one, all] of results) all.push(spent.get(one) ?? Number.NaN);
      process.stderr.write('.');
    }
    process.stderr.write('\n');
    rows.push(row(scenario, results));
  }
  return rows;
}

/** What is accounted in batches behind the last reply belongs to the round as well. */
const behindMs = 300;

/**
 * Microseconds of CPU a unit. The load goes in slices, A B C C B A …: what the machine does besides falls on all alike. A subject's CPU is
 * read before the first and behind the last of them, so that nothing it does in between is lost.
 */
async function runRound(
  bench: Bench,
  running: readonly Running[],
  scenario: Scenario,
  round: number,
): Promise<ReadonlyMap<Running, number>> {
  const size = sizeOf(scenario.kind, 'full');
  const many = slices[scenario.kind];
  const load = { ...size.load, requests: size.load.requests / many };
  const before = new Map(running.map((one) => [one, one.cpuSeconds()]));
  for (let slice = 0; slice < many; slice++) {
    const order = (round + slice) % 2 === 0 ? running : running.toReversed();
    for (const one of order) await send(bench, one, scenario, { ...size, load });
  }
  await sleep(behindMs);
  return new Map([...before].map(([one, seconds]) => [one, ((one.cpuSeconds() - seconds) * 1e6) / unitsIn(size)]));
}

function row(scenario: Scenario, results: ReadonlyMap<Running, readonly number[]>): string[] {
  const [baseline = []] = results.values();
  let verdict = '';
  const cells = [...results].map(([{ subject }, spent]) => {
    const median = digits(summary(spent).median);
    if (spent === baseline) return median;
    const ratio = summary(ratios(spent, baseline));
    const { allowance = 1 } = subject.onRequest ?? {};
    if (subject.converts && scenario.goal !== undefined && verdict !== 'MISSED')
      verdict = ratio.median <= scenario.goal * allowance ? 'met' : 'MISSED';
    return `${median} [${ratio.median.toFixed(2)} (${ratio.least.toFixed(2)}–${ratio.most.toFixed(2)})]`;
  });
  const unit = sizeOf(scenario.kind, 'full').load.streaming ? 'delta' : 'request';
  return [scenario.name, unit, ...cells, scenario.goal?.toFixed(2) ?? '', verdict];
}

function digits(microseconds: number): string {
  return microseconds.toFixed(microseconds < 10 ? 2 : microseconds < 100 ? 1 : 0);
}
