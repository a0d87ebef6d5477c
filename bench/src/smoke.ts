import { endure } from './endurance.ts';
import type { EnduranceName } from './endurance.ts';
import { send } from './send.ts';
import type { Bench } from './send.ts';
import type { Running } from './processes.ts';
import { sizeOf } from './scenarios.ts';
import type { Scenario } from './scenarios.ts';
import { dialectNames } from './wire/shapes.ts';

/** Everything once, and every dialect into every other through those who convert. @throws at the first thing that is wrong. */
export async function smoke(
  bench: Bench,
  running: readonly Running[],
  timed: readonly Scenario[],
  lasting: readonly EnduranceName[],
): Promise<void> {
  for (const one of running) {
    for (const scenario of timed) await send(bench, one, scenario, sizeOf(scenario.kind, 'smoke'));
    for (const client of dialectNames)
      for (const upstream of one.subject.converts ? dialectNames : [client])
        for (const kind of ['json', 'backlog'] as const)
          await send(
            bench,
            one,
            { name: `${client} to ${upstream}, ${kind}`, client, upstream },
            sizeOf(kind, 'smoke'),
          );
    await endure(bench, [one], lasting);
    console.log(`${one.subject.name}: every reply was whole, no stream stayed open.`);
  }
}
