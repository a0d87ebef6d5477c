/** A conversation that changes its vendor and comes back: each gets its own proofs of reasoning again, and no other's (Z2). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clients } from '../clients/index.ts';
import { dialectNames, type DialectName } from '../dialects.ts';
import { accessKey, type RunningGateway } from '../gateway.ts';
import { expectNoFaults } from '../play.ts';
import { reasoning, sealsIn, toolResults } from '../scenarios.ts';
import { freshGateway, modelAt, startUpstreams, type Upstreams } from '../stages.ts';
import { fixture } from '../upstream.ts';

let upstreams: Upstreams;
let gateway: RunningGateway;

beforeAll(async () => {
  upstreams = await startUpstreams();
  gateway = await freshGateway(upstreams, () => ['the-key']);
});
afterAll(async () => {
  await gateway.close();
  await upstreams.close();
});

const journeys = dialectNames.flatMap((home) =>
  dialectNames.filter((abroad) => abroad !== home).map((abroad) => [home, abroad] as const),
);

describe.each(dialectNames)('%s client', (client) => {
  describe.each(journeys)('%s, then %s, then back', (home, abroad) => {
    test.each([
      ['whole', false],
      ['streamed', true],
    ])('%s', async (_, stream) => {
      upstreams.of(home).script({ type: 'answer', fixture: 'reasoning-1' }, { type: 'answer', fixture: 'reasoning-3' });
      upstreams.of(abroad).script({ type: 'answer', fixture: 'reasoning-2' });
      const target = { url: gateway.url, key: accessKey, model: modelAt(home) };
      const conversation = clients[client].open(target, reasoning.ask);

      const first = await conversation.turn({ stream });
      expect(first.error).toBeUndefined();
      conversation.answer(toolResults);
      const second = await conversation.turn({ stream, model: modelAt(abroad) });
      expectNoFaults(upstreams.of(abroad), client, 'abroad');
      expect(second.error).toBeUndefined();
      conversation.answer(toolResults);
      const third = await conversation.turn({ stream });
      expectNoFaults(upstreams.of(home), client, 'home again');
      expect(third.error).toBeUndefined();
      expect(third.text).toBe('Take a coat.');

      // Relays are the client's own bytes: what it replays of another vendor's seals is its own doing.
      const back = upstreams.of(home).requests[1]?.raw ?? '';
      for (const seal of seals(home, 'reasoning-1')) expect(back, 'a seal of its own is missing').toContain(seal);
      if (client !== home)
        for (const seal of seals(abroad, 'reasoning-2')) expect(back, 'a foreign seal').not.toContain(seal);
      const away = upstreams.of(abroad).requests[0]?.raw ?? '';
      if (client !== abroad)
        for (const seal of seals(home, 'reasoning-1')) expect(away, 'a foreign seal').not.toContain(seal);
      for (const said of [back, away]) expect(said, 'both calls').toContain('get_weather');
    });
  });
});

function seals(dialect: DialectName, name: string): readonly string[] {
  return sealsIn(fixture(dialect, `${name}.json`).toString());
}
