import { measure } from './measure.ts';
import type { Bench } from './measure.ts';
import type { Running } from './processes.ts';
import { sizeOf } from './scenarios.ts';
import type { Scenario } from './scenarios.ts';
import { ratios, summary } from './statistics.ts';

/** Rows for the table. Runs go A B C A B C …: what the machine does besides falls on all alike. */
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
    for (const one of running) await measure(bench, one, scenario, 'warm-up');
    for (let round = 0; round < rounds; round++)
      for (const [one, spent] of results) {
        spent.push(await measure(bench, one, scenario, 'full'));
        process.stderr.write('.');
      }
    process.stderr.write('\n');
    rows.push(row(scenario, results));
  }
  return rows;
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
