/** What clients get, held to the vendors' own reply and event types: nothing required is missing, nothing is misplaced. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clients } from '../clients/index.ts';
import { dialectNames, type DialectName } from '../dialects.ts';
import { accessKey, type RunningGateway } from '../gateway.ts';
import { scenarios } from '../scenarios.ts';
import { freshGateway, modelAt, pairs, startUpstreams, type Upstreams } from '../stages.ts';
import { fixture } from '../upstream.ts';
import type { WireSchemaName } from '../wire-schemas/generate.ts';
import { schemaFaults } from '../wire-schemas/validate.ts';

let upstreams: Upstreams;
let gateway: RunningGateway;
/** Every body the gateway has answered with, in order. */
let answered: string[] = [];
const realFetch = globalThis.fetch;

beforeAll(async () => {
  upstreams = await startUpstreams();
  gateway = await freshGateway(upstreams, () => ['the-key']);
  // All four SDKs use the global fetch, so their own requests can be watched without a second client.
  globalThis.fetch = async (...args) => {
    const response = await realFetch(...args);
    const body = await response.text();
    answered.push(body);
    return new Response(body, response);
  };
});
afterAll(async () => {
  globalThis.fetch = realFetch;
  await gateway.close();
  await upstreams.close();
});

const fixtures = [...new Set(scenarios.flatMap(({ turns }) => turns.map((turn) => turn.fixture)))];

describe.each(dialectNames)('the fixtures of %s', (dialect) => {
  test.each(fixtures)('%s', (name) => {
    expect(replyFaults(dialect, fixture(dialect, `${name}.json`).toString())).toEqual([]);
    expect(streamFaults(dialect, fixture(dialect, `${name}.sse`).toString())).toEqual([]);
  });
});

describe.each(pairs.filter(([client, to]) => client !== to))('%s client, %s upstream', (client, to) => {
  test.each(scenarios.map((scenario) => [scenario.name, scenario] as const))('%s', async (_, scenario) => {
    for (const stream of [false, true]) {
      upstreams.of(to).script(...scenario.turns.map((turn) => ({ type: 'answer', fixture: turn.fixture }) as const));
      answered = [];
      const conversation = clients[client].open({ url: gateway.url, key: accessKey, model: modelAt(to) }, scenario.ask);
      for (const turn of scenario.turns) {
        await conversation.turn({ stream });
        if (turn.then && 'answer' in turn.then) conversation.answer(turn.then.answer);
        else if (turn.then) conversation.say(turn.then.say);
      }
      expect(answered.length).toBe(scenario.turns.length);
      for (const body of answered)
        expect((stream ? streamFaults : replyFaults)(client, body), body.slice(0, 4000)).toEqual([]);
    }
  });
});

function replyFaults(dialect: DialectName, body: string): readonly string[] {
  return schemaFaults(`${dialect}-reply`, withoutExtensions(JSON.parse(body)));
}

function streamFaults(dialect: DialectName, body: string): readonly string[] {
  const name: WireSchemaName = dialect === 'gemini-generate' ? 'gemini-generate-reply' : `${dialect}-event`;
  const datas = [...body.matchAll(/^data: (.*?)\r?$/gm)].map(([, data]) => data ?? '');
  expect(datas.length).toBeGreaterThan(0);
  return datas
    .filter((data) => data !== '[DONE]' && data !== '{"type":"ping"}')
    .flatMap((data) =>
      schemaFaults(name, withoutExtensions(JSON.parse(data))).map((fault) => `${fault} in ${data.slice(0, 300)}`),
    );
}

/** What vendors and this gateway add to replies beyond the types; clients ignore what they do not know. */
const extensions = new Set([
  // DeepSeek's, OpenRouter's and Google's members for reasoning and its proofs (Z6, Z9).
  'reasoning_content',
  'reasoning_details',
  'extra_content',
  // OpenRouter's: the exact reason where Chat has no word for it.
  'native_finish_reason',
  // Besides these, OpenAI's own examples of a response have `store`, `"user": null`, and `"usage": null` until it is over.
  // Padding against traffic analysis, which OpenAI sends in events of either dialect.
  'obfuscation',
]);

function withoutExtensions(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutExtensions);
  if (typeof value !== 'object' || value === null) return value;
  const isResponse = 'object' in value && value.object === 'response';
  const kept = Object.entries(value).filter(
    ([name, member]) =>
      !extensions.has(name) &&
      !(isResponse && (name === 'store' || (member === null && (name === 'user' || name === 'usage')))),
  );
  return Object.fromEntries(kept.map(([name, member]) => [name, withoutExtensions(member)]));
}
