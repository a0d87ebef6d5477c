/** Every client's SDK against Azure and Vertex AI, which check who asks, where, and in which envelope. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clients } from '../clients/index.ts';
import { dialectNames, upstreamWords, type DialectName } from '../dialects.ts';
import { accessKey, startGateway, type RunningGateway } from '../gateway.ts';
import { places, strangersAccount, type Place } from '../places.ts';
import { expectNoFaults, play } from '../play.ts';
import { reasoning, scenarios, sealsDue, sealsIn } from '../scenarios.ts';
import { framesBeforeError } from '../stages.ts';
import { fixture, startUpstream, type Upstream } from '../upstream.ts';

const upstreams = new Map<Place, Upstream>();
let gateway: RunningGateway;

beforeAll(async () => {
  for (const place of places) upstreams.set(place, await startUpstream(place.dialect, place.words));
  gateway = await startGateway({ upstreams: places.map(configured) });
});

afterAll(async () => {
  await gateway.close();
  await Promise.all([...upstreams.values()].map((upstream) => upstream.close()));
});

function at(place: Place): Upstream {
  const upstream = upstreams.get(place);
  if (!upstream) throw new Error(`${place.name} was not started.`);
  return upstream;
}

function configured(place: Place) {
  const { name, provider, dialect, publicModel, words } = place;
  const { url: baseUrl } = at(place);
  const { secret, settings } = place.configure(baseUrl);
  return {
    name,
    provider,
    dialects: [dialect],
    baseUrl,
    settings,
    credentials: [{ id: name, secret }],
    models: { [publicModel]: words.model },
  };
}

function stage(client: DialectName, place: Place) {
  const target = { url: gateway.url, key: accessKey, model: `${place.name}/${place.publicModel}` };
  return { client, upstream: at(place), target, upstreamKey: place.shownKey };
}

function hello(client: DialectName, place: Place) {
  return clients[client].open(stage(client, place).target, { user: 'Greet me.' });
}

describe.each(places.map((place) => [place.name, place] as const))('%s', (_name, place) => {
  describe.each(dialectNames)('%s client', (client) => {
    for (const scenario of scenarios) {
      test.each([
        ['whole', false],
        ['streamed', true],
      ])(`${scenario.name}, %s`, async (_, stream) => {
        await play(stage(client, place), scenario, stream);
        if (scenario === reasoning) expectSealsReturned(client, place, stream);
      });
    }

    test.each([
      ['whole', false],
      ['streamed', true],
    ])('a refusal, %s: status and words are the place’s, the secret nowhere', async (_, stream) => {
      at(place).script({ type: 'error', status: 400 });
      const { error } = await hello(client, place).turn({ stream });
      expect(error?.status).toBe(400);
      expect(error?.message).toContain(messageOf(place.dialect));
      expectNoFaults(at(place), client, 'a refused request');
    });

    test('an error amid a stream is an error in the client’s dialect', async () => {
      at(place).script({ type: 'answer', fixture: 'error-midstream' });
      const outcome = await hello(client, place).turn({ stream: true });
      expect(outcome.error, JSON.stringify(outcome)).toBeDefined();
      expect(at(place).requests.length).toBe(1);
    });

    test('a connection cut amid a stream is no clean end', async () => {
      at(place).script({ type: 'cut', fixture: 'text', frames: framesBeforeError[place.dialect] });
      const outcome = await hello(client, place).turn({ stream: true });
      expect(outcome.error, JSON.stringify(outcome)).toBeDefined();
    });
  });

  test('one token for all of it', () => {
    expect(at(place).tokenRequests).toBe(place.words.token ? 1 : 0);
  });
});

/** The statuses of which the vendors' fixtures tell, and what each client reads. */
describe.each(places.map((place) => [place.name, place] as const))('%s refuses', (_name, place) => {
  test.each([401, 403, 404, 429, 500, 503])(
    'with %i: so does the gateway, whole and streamed, to every client',
    async (status) => {
      for (const client of dialectNames) {
        const { overloaded } = upstreamWords[client];
        const told = status === 503 ? place.words.overloaded : status;
        for (const stream of [false, true]) {
          const fresh = await startGateway({ upstreams: [configured(place)] });
          at(place).script({ type: 'error', status: told });
          const target = { url: fresh.url, key: accessKey, model: `${place.name}/${place.publicModel}` };
          const { error } = await clients[client].open(target, { user: 'Greet me.' }).turn({ stream });
          await fresh.close();
          expect([error?.status, client, stream]).toEqual([status === 503 ? overloaded : status, client, stream]);
          expect(error?.message).not.toContain(place.shownKey);
          expect(at(place).requests).toHaveLength(1);
        }
      }
    },
  );
});

const strangers: readonly (readonly [string, string])[] = [
  ['azure-v1', 'entra:tenant-e2e:client-e2e:not-the-secret'],
  ['vertex-gemini', strangersAccount],
  ['vertex-claude', strangersAccount],
];

test.each(strangers)(
  '%s: whom the token endpoint does not know is told so, and asks no model',
  async (name, secret) => {
    const place = places.find((one) => one.name === name);
    if (!place) throw new Error(`${name} is gone.`);
    const known = configured(place);
    const credentials = [{ id: 'stranger', secret: secret.replace('{url}', at(place).url) }];
    const fresh = await startGateway({ upstreams: [{ ...known, credentials }] });
    at(place).script();
    for (const client of dialectNames) {
      const target = { url: fresh.url, key: accessKey, model: `${place.name}/${place.publicModel}` };
      const { error } = await clients[client].open(target, { user: 'Greet me.' }).turn({ stream: true });
      expect(error?.status, client).toBeGreaterThanOrEqual(400);
      expect(error?.message).not.toMatch(/not-the-secret|PRIVATE KEY/);
    }
    await fresh.close();
    expect(at(place).requests).toEqual([]);
  },
);

test('B7 a prompt that Azure’s filter stops is a refusal to Anthropic’s SDK, whole and streamed', async () => {
  const place = places.find(({ name }) => name === 'azure-classic');
  if (!place) throw new Error('azure-classic is gone.');
  for (const stream of [false, true]) {
    at(place).script({ type: 'error', status: 400, name: 'content-filter' });
    const outcome = await hello('anthropic-messages', place).turn({ stream });
    expect([outcome.error, outcome.finish]).toEqual([undefined, 'refusal']);
  }
});

test('B7 Azure’s stream begins without a choice and ends with one that has no delta', async () => {
  const place = places.find(({ name }) => name === 'azure-classic');
  if (!place) throw new Error('azure-classic is gone.');
  for (const client of dialectNames) {
    at(place).script({
      type: 'bytes',
      bytes: fixture('openai-chat', 'azure-filter.sse'),
      contentType: 'text/event-stream',
    });
    const outcome = await hello(client, place).turn({ stream: true });
    expect([outcome.error, outcome.text]).toEqual([undefined, 'Grüße.']);
  }
});

/** Z1, Z4, Z7: by the fourth request every proof of reasoning that the place gave out has come home. */
function expectSealsReturned(client: DialectName, place: Place, stream: boolean): void {
  const seals = [1, 2, 3].flatMap((turn) => sealsIn(fixture(place.dialect, `reasoning-${turn}.json`).toString()));
  const last = at(place).requests.at(-1)?.raw;
  expect(seals.length).toBe(place.dialect === 'openai-chat' ? 0 : 3);
  for (const seal of sealsDue(seals, client, place.dialect, stream))
    expect(last, 'a seal of the place’s own is missing').toContain(seal);
}

/** The beginning, as the vendor's fixture has it. */
function messageOf(dialect: DialectName): string {
  const body = JSON.parse(fixture(dialect, 'error-400.json').toString()) as { error: { message: string } }; // our own file
  return body.error.message.slice(0, 16);
}
