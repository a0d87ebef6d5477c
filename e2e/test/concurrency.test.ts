/** Many calls at once, of every pair: no reply reaches another caller, and nothing stays open. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunningGateway } from '../gateway.ts';
import { parallelTools, text } from '../scenarios.ts';
import { eventually, freshGateway, hello, pairs, startUpstreams, type Upstreams } from '../stages.ts';

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

test.each([
  ['whole', false],
  ['streamed', true],
])('%s', async (_, stream) => {
  const times = 6;
  const callsPerUpstream = 4 * times;
  const fixtures = Array.from({ length: callsPerUpstream }, (__, index) => (index % 2 === 0 ? 'text' : 'tools-1'));
  for (const upstream of upstreams.all())
    upstream.script(...fixtures.map((fixture) => ({ type: 'answer', fixture, chunkBytes: 257 }) as const));
  const turns = Array.from({ length: times }, () => pairs)
    .flat()
    .map(([client, to]) => hello(gateway, client, to).turn({ stream }));
  const outcomes = await Promise.all(turns);
  const greeting = text.turns[0]?.expected.text;
  const calling = parallelTools.turns[0]?.expected.text;
  expect(outcomes.map(({ error }) => error).filter(Boolean)).toEqual([]);
  expect(outcomes.filter((outcome) => outcome.text === greeting && outcome.calls.length === 0).length).toBe(
    outcomes.length / 2,
  );
  expect(outcomes.filter((outcome) => outcome.text === calling && outcome.calls.length === 2).length).toBe(
    outcomes.length / 2,
  );
  expect(await eventually(() => upstreams.all().every((upstream) => upstream.open === 0))).toBe(true);
});
