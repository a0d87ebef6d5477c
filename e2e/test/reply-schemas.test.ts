/** What clients get, held to the vendors' own reply and event types: nothing required is missing, nothing is misplaced. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clients } from '../clients/index.ts';
import { dialectNames, type DialectName } from '../dialects.ts';
import { accessKey, type RunningGateway } from '../gateway.ts';
import { scenarios } from '../scenarios.ts';
import { recordingsOf } from '../recordings.ts';
import { freshGateway, hello, modelAt, pairs, startUpstreams, type Upstreams } from '../stages.ts';
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

describe.each(dialectNames)('recorded replies of %s', (to) => {
  const recordings = recordingsOf(to).filter(({ reply, stream, fails }) => (reply ?? stream) && !fails);
  describe.each(dialectNames.filter((client) => client !== to))('%s client', (client) => {
    test.each(recordings.map((recording) => [recording.stem, recording] as const))(
      '%s',
      async (_, { reply, stream }) => {
        for (const bytes of [reply, stream]) {
          if (!bytes) continue;
          const contentType = bytes === stream ? 'text/event-stream' : 'application/json';
          upstreams.of(to).script({ type: 'bytes', bytes, contentType });
          answered = [];
          await hello(gateway, client, to).turn({ stream: bytes === stream });
          const [body = ''] = answered;
          expect((bytes === stream ? streamFaults : replyFaults)(client, body), body.slice(0, 4000)).toEqual([]);
        }
      },
    );
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

/** What vendors and this gateway add to replies beyond the types, where it stands; clients ignore what they do not know. */
const extensions: readonly ((holder: Holder, name: string, member: unknown) => boolean)[] = [
  // DeepSeek's, OpenRouter's and Google's members for reasoning and its proofs (Z6, Z9).
  (_, name) => name === 'reasoning_content' || name === 'reasoning_details' || name === 'extra_content',
  // OpenRouter's: the exact reason where Chat has no word for it, generated images, the quoted text of a citation.
  (_, name) => name === 'native_finish_reason' || name === 'images',
  (holder, name) => name === 'content' && 'url' in holder && 'title' in holder,
  // Padding against traffic analysis, which OpenAI sends in events of either dialect.
  (_, name) => name === 'obfuscation',
  // OpenAI's search models stream annotations, which the types know in whole messages alone.
  (holder, name) => name === 'annotations' && !('role' in holder) && !('text' in holder),
  // OpenAI's own examples of a response have these.
  (holder, name) => name === 'store' && holder['object'] === 'response',
  (holder, name, member) => member === null && (name === 'user' || name === 'usage') && holder['object'] === 'response',
  (holder, name) => name === 'status' && holder['type'] === 'custom_tool_call',
];

type Holder = Readonly<Record<string, unknown>>;

function withoutExtensions(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => !isAudio(item)).map(withoutExtensions);
  if (typeof value !== 'object' || value === null) return value;
  const holder = value as Holder; // an object, and no array
  const kept = Object.entries(holder).filter(
    ([name, member]) => !extensions.some((isExtension) => isExtension(holder, name, member)),
  );
  return Object.fromEntries(kept.map(([name, member]) => [name, withoutExtensions(member)]));
}

/** ResponseOutputAudio is a type of the SDK's, only not yet in the union of a message's parts. */
function isAudio(part: unknown): boolean {
  return typeof part === 'object' && part !== null && 'type' in part && part.type === 'output_audio';
}
