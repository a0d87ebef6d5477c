/** Every client's SDK against every upstream's dialect, through the gateway: the full 4 x 4. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dialectNames, type DialectName } from '../dialects.ts';
import { accessKey, configured, publicModel, startGateway, type RunningGateway } from '../gateway.ts';
import type { Outcome } from '../clients/client.ts';
import { play } from '../play.ts';
import { parallelTools, reasoning, scenarios, sealsDue, sealsIn, stopSequence } from '../scenarios.ts';
import { fixture, startUpstream, type Upstream } from '../upstream.ts';

const upstreams = new Map<DialectName, Upstream>();
let gateway: RunningGateway;

beforeAll(async () => {
  for (const dialect of dialectNames) upstreams.set(dialect, await startUpstream(dialect));
  gateway = await startGateway({
    upstreams: [...upstreams.values()].map((upstream) => configured(upstream, [keyOf(upstream.dialect)])),
  });
});

afterAll(async () => {
  await gateway.close();
  await Promise.all([...upstreams.values()].map((upstream) => upstream.close()));
});

function keyOf(dialect: DialectName): string {
  return `upstream-key-of-${dialect}`;
}

function stage(client: DialectName, to: DialectName) {
  const upstream = upstreams.get(to);
  if (!upstream) throw new Error(`${to} was not started.`);
  return {
    client,
    upstream,
    target: { url: gateway.url, key: accessKey, model: `${to}/${publicModel}` },
    upstreamKey: keyOf(to),
  };
}

describe.each(dialectNames)('%s client', (client) => {
  describe.each(dialectNames)('%s upstream', (to) => {
    for (const scenario of scenarios) {
      test.each([
        ['whole', false],
        ['streamed', true],
      ])(`${scenario.name}, %s`, async (_, stream) => {
        const outcomes = await play(stage(client, to), scenario, stream);
        if (scenario === reasoning) expectSealsReturned(client, to, stream);
        if (scenario === parallelTools) expectExactNumbers(client, to, outcomes);
        if (scenario === stopSequence) expectStopSequence(client, to);
        if (client !== to) for (const outcome of outcomes) expect(outcome.model).toBe(`${to}/${publicModel}`);
      });
    }
  });
});

/** Z1, Z4, Z7: by the fourth request, every proof of reasoning the upstream gave out has come home, and no envelope with it. */
function expectSealsReturned(client: DialectName, to: DialectName, stream: boolean): void {
  const upstream = upstreams.get(to);
  const seals = [1, 2, 3].flatMap((turn) => sealsIn(fixture(to, `reasoning-${turn}.json`).toString()));
  const last = upstream?.requests.at(-1)?.raw;
  expect(seals.length).toBe(to === 'openai-chat' ? 0 : 3);
  for (const seal of sealsDue(seals, client, to, stream))
    expect(last, 'a seal of the upstream’s own is missing').toContain(seal);
  expect(last, 'an envelope that only clients may see').not.toContain('eyJAcHJveHkiOjEs');
}

/** T9: OpenAI's arguments are text, and 64-bit numbers in it survive. Other SDKs round them themselves when they parse. */
function expectExactNumbers(client: DialectName, to: DialectName, outcomes: readonly Outcome[]): void {
  if (client !== 'openai-chat' && client !== 'openai-responses') return;
  expect(outcomes[0]?.calls[0]?.source).toContain('9007199254740993');
  expect(upstreams.get(to)?.requests[1]?.raw, 'the call replayed').toContain('9007199254740993');
}

/** Q2, Q4: OpenAI's reasoning models and Responses take no stop sequences. What is not carried must be told. */
function expectStopSequence(client: DialectName, to: DialectName): void {
  if (client === 'openai-responses') return;
  if (client === to || to === 'anthropic-messages' || to === 'gemini-generate')
    expect(upstreams.get(to)?.requests[0]?.raw).toContain('three');
  else
    expect(gateway.records().at(-1)?.notices, 'what the gateway told').toContainEqual(
      expect.objectContaining({ type: 'dropped', field: stopFields[client] }),
    );
}

const stopFields = {
  'openai-chat': 'stop',
  'openai-responses': '',
  'anthropic-messages': 'stop_sequences',
  'gemini-generate': 'generationConfig.stopSequences',
} as const satisfies Record<DialectName, string>;
