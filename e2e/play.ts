/** Plays one scenario with one client against one address, and judges both ends. */
import { expect } from 'vitest';
import type { Outcome, Target } from './clients/client.ts';
import { clients } from './clients/index.ts';
import type { DialectName } from './dialects.ts';
import { comparable, expectedOf, wanted, type Scenario } from './scenarios.ts';
import { holds, requestFaults } from './upstream-rules.ts';
import type { Upstream } from './upstream.ts';

export interface Stage {
  readonly client: DialectName;
  readonly upstream: Upstream;
  readonly target: Target;
  /** The key the upstream must see. */
  readonly upstreamKey: string;
}

export async function play(stage: Stage, scenario: Scenario, stream: boolean): Promise<readonly Outcome[]> {
  const { upstream, client } = stage;
  upstream.script(...scenario.turns.map(({ fixture }) => ({ type: 'answer', fixture }) as const));
  const conversation = clients[client].open(stage.target, scenario.ask);
  const outcomes: Outcome[] = [];
  for (const [index, turn] of scenario.turns.entries()) {
    const outcome = await conversation.turn({ stream });
    outcomes.push(outcome);
    const expected = expectedOf(scenario, turn, client, upstream.dialect);
    const where = `${scenario.name}, turn ${index + 1}`;
    // The upstream's view first: a refused request explains a wrong outcome, not the other way round.
    expectNoFaults(upstream, client, where);
    expect(comparable(outcome, expected), `${where}: what reached the client`).toEqual(wanted(expected, client));
    expect(upstream.requests.length, `${where}: upstream calls so far`).toBe(index + 1);
    if (turn.then && 'answer' in turn.then) conversation.answer(turn.then.answer);
    else if (turn.then) conversation.say(turn.then.say);
  }
  const first = JSON.stringify(upstream.requests[0]?.body);
  for (const piece of scenario.carried)
    expect(first, 'the first request upstream').toContain(
      piece.startsWith('"') ? piece : JSON.stringify(piece).slice(1, -1),
    );
  for (const asked of upstream.requests) {
    expect(asked.key, 'the key the upstream saw').toBe(stage.upstreamKey);
    expect(asked.model, 'the model the upstream was asked for').toBe(upstream.words.model);
    expect(asked.streaming, 'whether the upstream was asked to stream').toBe(stream);
    if (stage.target.key !== stage.upstreamKey)
      expect(holds(asked, stage.target.key), 'the access key leaked upstream').toBe(false);
  }
  return outcomes;
}

/** The failing message alone tells what the vendor would refuse, and of which request. */
export function expectNoFaults(upstream: Upstream, client: DialectName, where: string): void {
  for (const [index, asked] of upstream.requests.entries()) {
    const faults = requestFaults(upstream, asked, client === upstream.dialect);
    if (faults.length === 0) continue;
    const list = faults.map((fault) => `\n  - ${fault}`).join('');
    expect.fail(`${where}: ${upstream.dialect} would refuse request ${index + 1}:${list}\n${asked.raw}`);
  }
}
