/** Every client's SDK against Amazon Bedrock: Converse, and Claude by InvokeModel, signed with AWS keys or an API key. */
import { bedrock } from '@proxy/core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  accessKeyId,
  apiKey,
  region,
  secretAccessKey,
  sessionToken,
  startBedrock,
  staticKeyId,
  staticSecret,
  type Action,
  type Bedrock,
  type BedrockStep,
} from '../bedrock.ts';
import { clients } from '../clients/index.ts';
import { dialectNames, type DialectName } from '../dialects.ts';
import { accessKey, startGateway, type RunningGateway } from '../gateway.ts';
import * as all from '../scenarios.ts';
import { comparable, expectedOf, sealsIn, wanted, type Scenario } from '../scenarios.ts';
import { fixture } from '../upstream.ts';
import { schemaFaults } from '../wire-schemas/validate.ts';

const claude = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
const profile = 'arn:aws:bedrock:us-west-2:123456789012:application-inference-profile/e2e1';
const keys = `${accessKeyId}:${secretAccessKey}:${sessionToken}`;

let aws: Bedrock;
let gateway: RunningGateway;

beforeAll(async () => {
  aws = await startBedrock();
});
afterAll(() => aws.close());
afterEach(() => gateway.close());
beforeEach(async () => {
  const at = { provider: bedrock, baseUrl: aws.url, settings: { region } };
  const models = { [claudeName]: claude, team: profile };
  gateway = await startGateway({
    upstreams: [
      { ...at, name: 'aws', credentials: [{ id: 'keys', secret: keys }], models },
      { ...at, name: 'converse', credentials: [{ id: 'keys', secret: keys }], models, dialects: ['bedrock-converse'] },
      { ...at, name: 'invoke', credentials: [{ id: 'keys', secret: keys }], models, dialects: ['anthropic-messages'] },
      { ...at, name: 'static', credentials: [{ id: 'keys', secret: `${staticKeyId}:${staticSecret}` }], models },
      { ...at, name: 'api-key', credentials: [{ id: 'key', secret: apiKey }], models },
      { ...at, name: 'elsewhere', credentials: [{ id: 'keys', secret: `${keys}:us-east-1` }], models },
      {
        ...at,
        name: 'wrong',
        credentials: [{ id: 'wrong', secret: `${accessKeyId}:wrong-secret-key:${sessionToken}` }],
        models,
      },
    ],
  });
});

const claudeName = 'claude';

/** Claude in Messages where the caller speaks them and the place may, or where nothing else is allowed; else Converse. */
function actionOf(client: DialectName, upstream: string, stream: boolean): Action {
  if (upstream === 'invoke' || (client === 'anthropic-messages' && upstream !== 'converse'))
    return stream ? 'invoke-with-response-stream' : 'invoke';
  return stream ? 'converse-stream' : 'converse';
}

function open(client: DialectName, upstream: string, ask: Scenario['ask'] = { user: 'Greet me.' }, model = claudeName) {
  return clients[client].open({ url: gateway.url, key: accessKey, model: `${upstream}/${model}` }, ask);
}

async function play(client: DialectName, upstream: string, scenario: Scenario, stream: boolean, chunkBytes: number) {
  aws.script(...scenario.turns.map(({ fixture }) => ({ type: 'answer', fixture, chunkBytes }) as const));
  const conversation = open(client, upstream, scenario.ask);
  const converse = actionOf(client, upstream, stream).startsWith('converse');
  for (const [index, turn] of scenario.turns.entries()) {
    const outcome = await conversation.turn({ stream });
    const where = `${scenario.name}, turn ${index + 1}`;
    expect(
      aws.requests.flatMap(({ faults }) => faults),
      `${where}: what AWS would refuse`,
    ).toEqual([]);
    const told = expectedOf(scenario, turn, client, 'anthropic-messages');
    // Converse counts thoughts as output and does not tell them apart.
    const expected = converse ? { ...told, usage: { ...told.usage, reasoning: 0 } } : told;
    expect(comparable(outcome, expected), `${where}: what reached the client`).toEqual(wanted(expected, client));
    expect(aws.requests.length, `${where}: calls so far`).toBe(index + 1);
    if (turn.then && 'answer' in turn.then) conversation.answer(turn.then.answer);
    else if (turn.then) conversation.say(turn.then.say);
  }
  for (const asked of aws.requests) {
    expect(asked.action).toBe(actionOf(client, upstream, stream));
    expect(asked.model).toBe(claude);
    expect(asked.raw + JSON.stringify(asked.headers)).not.toContain(accessKey);
  }
  const dialect = converse ? 'bedrock-converse' : 'anthropic-messages';
  return { first: aws.requests[0]?.raw ?? '', last: aws.requests.at(-1)?.raw ?? '', dialect } as const;
}

const played = [
  all.text,
  all.parallelTools,
  all.reasoning,
  all.imageIn,
  all.structured,
  all.refusal,
  all.lengthCut,
  all.stopSequence,
];

describe.each(dialectNames)('%s client', (client) => {
  // A Messages client reaches Converse only where nothing else is allowed, and others InvokeModel.
  const upstreams = client === 'anthropic-messages' ? ['aws', 'converse'] : ['aws', 'invoke'];
  describe.each(upstreams)('at %s', (upstream) => {
    for (const scenario of played) {
      test.each([
        ['whole', false],
        ['streamed', true],
      ])(`${scenario.name}, %s`, async (_, stream) => {
        // X8: the first scenario’s frames arrive a byte at a time.
        const { first, last, dialect } = await play(client, upstream, scenario, stream, scenario === all.text ? 1 : 13);
        if (scenario === all.text)
          for (const piece of scenario.carried) expect(first).toContain(JSON.stringify(piece).slice(1, -1));
        if (scenario === all.imageIn) expect(first).toContain(all.redPixel);
        if (scenario === all.structured) expect(first).toContain('celsius');
        if (scenario !== all.reasoning) return;
        // Z1, Z2: each proof of reasoning has come home to the place that gave it out, and no envelope with it.
        const seals = [1, 2, 3].flatMap((turn) => sealsIn(fixture(dialect, `reasoning-${turn}.json`).toString()));
        expect(seals).toHaveLength(3);
        for (const seal of seals) expect(last).toContain(seal);
        expect(last).not.toContain('eyJAcHJveHkiOjEs');
      });
    }

    test.each([
      ['ValidationException', 400, 400],
      ['UnrecognizedClientException', 403, 401],
      ['AccessDeniedException', 403, 403],
      ['ResourceNotFoundException', 404, 404],
      ['ThrottlingException', 429, 429],
      ['InternalServerException', 500, 500],
      ['ServiceUnavailableException', 503, client === 'anthropic-messages' ? 529 : 503],
    ])('a6 %s is an error of the client’s own', async (name, status, seen) => {
      for (const stream of [false, true]) {
        aws.script({ type: 'error', status, name, message: 'So it is said.' });
        const { error } = await open(client, upstream).turn({ stream });
        expect(error?.status).toBe(seen);
        expect(error?.message).toContain('So it is said.');
        await gateway.close();
        await restart();
      }
    });

    test.each<[string, BedrockStep]>([
      ...[
        'modelStreamErrorException',
        'internalServerException',
        'throttlingException',
        'serviceUnavailableException',
        'validationException',
      ].map((name): [string, BedrockStep] => [
        name,
        { type: 'exception', fixture: 'text', frames: 4, name, chunkBytes: 1 },
      ]),
      [
        'an error of no type',
        { type: 'exception', kind: 'error', fixture: 'text', frames: 4, name: 'InternalFailure', chunkBytes: 1 },
      ],
      ['a cut last frame', { type: 'cut', fixture: 'text', bytes: 9 }],
      ['a cut middle', { type: 'cut', fixture: 'text', bytes: 700 }],
    ])('X8 %s amid a stream is an error, and no end', async (_, step) => {
      aws.script(step);
      const outcome = await open(client, upstream).turn({ stream: true });
      expect(outcome.error).toBeDefined();
      if (step.type === 'exception') {
        expect(outcome.text.length).toBeGreaterThan(0);
        expect(outcome.error?.message).toContain('It broke off on purpose.');
      }
      expect(gateway.records().at(-1)?.failure?.kind).toMatch(kindOf(step));
      expect(aws.requests).toHaveLength(1);
    });

    test('X8 an exception before anything else is a status', async () => {
      aws.script({ type: 'exception', fixture: 'text', frames: 0, name: 'throttlingException' });
      const { error } = await open(client, upstream).turn({ stream: true });
      expect(error).toMatchObject({ status: 429 });
    });
  });
});

/** What the ledger calls it. */
function kindOf(step: BedrockStep): RegExp {
  if (step.type !== 'exception') return /^bad-upstream$/;
  const kinds: Readonly<Record<string, RegExp>> = {
    throttlingException: /^rate-limited$/,
    serviceUnavailableException: /^overloaded$/,
    validationException: /^bad-request$/,
  };
  return kinds[step.name] ?? /^(bad-upstream|server)$/;
}

/** A fresh gateway: no key rests. */
async function restart(): Promise<void> {
  gateway = await startGateway({
    upstreams: ['aws', 'converse', 'invoke'].map((name) => ({
      name,
      provider: bedrock,
      baseUrl: aws.url,
      settings: { region },
      credentials: [{ id: 'keys', secret: keys }],
      models: { [claudeName]: claude },
      ...(name === 'converse' && { dialects: ['bedrock-converse'] }),
      ...(name === 'invoke' && { dialects: ['anthropic-messages'] }),
    })),
  });
}

test('the fixtures are what the SDK’s types say', () => {
  const names = [
    'text',
    'tools-1',
    'tools-2',
    'reasoning-1',
    'reasoning-4',
    'image',
    'structured',
    'refusal',
    'length',
    'stop-sequence',
  ];
  for (const name of names)
    expect(
      schemaFaults('bedrock-converse-reply', JSON.parse(fixture('bedrock-converse', `${name}.json`).toString())),
      name,
    ).toEqual([]);
});

describe.each(dialectNames)('%s client, other keys', (client) => {
  test.each([
    ['an API key, whole', 'api-key', false],
    ['an API key, streamed', 'api-key', true],
    ['keys without a session, whole', 'static', false],
    ['keys without a session, streamed', 'static', true],
  ])('%s', async (_, upstream, stream) => {
    await play(client, upstream, all.parallelTools, stream, 13);
    for (const { headers } of aws.requests) {
      expect(headers['x-amz-security-token']).toBeUndefined();
      expect(headers['x-amz-date'] === undefined).toBe(upstream === 'api-key');
    }
  });
});

test('X9 an ARN is signed as it stands in the path, and asked in Converse, as it hides its model', async () => {
  aws.script({ type: 'answer', fixture: 'text' });
  const { error } = await open('anthropic-messages', 'aws', { user: 'Hi' }, 'team').turn({ stream: true });
  expect(error).toBeUndefined();
  expect(aws.requests[0]).toMatchObject({ model: profile, action: 'converse-stream' });
});

test.each(['wrong', 'elsewhere'])(
  'X9 a signature that AWS does not find right is a 401 that tells no secret: %s',
  async (upstream) => {
    aws.script();
    const { error } = await open('openai-chat', upstream).turn({ stream: false });
    expect(error?.status).toBe(401);
    expect(aws.requests).toEqual([]);
    for (const secret of [sessionToken, secretAccessKey, 'wrong-secret-key'])
      expect(error?.message).not.toContain(secret);
  },
);

test('B1, H3 Messages go to Claude as they are, but for the envelope', async () => {
  aws.script({ type: 'answer', fixture: 'text' });
  const body = '{"model":"aws/claude", "max_tokens": 9,"messages":[{"role":"user","content":"Hi"}] ,"stream":false}';
  const response = await fetch(`${gateway.url}/v1/messages?beta=true`, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'x-api-key': accessKey,
      'anthropic-version': '2023-06-01',
      'anthropic-beta': 'context-1m-2025-08-07,unheard-of-2026-01-01',
    },
  });
  const reply = fixture('anthropic-messages', 'text.json').toString();
  expect(await response.text()).toBe(reply.replace(/"model": *"[^"]*"/, '"model": "aws/claude"'));
  expect(response.headers.get('x-proxy-notices')).toContain('unheard-of-2026-01-01');
  expect(aws.requests[0]?.raw).toBe(
    '{"anthropic_version":"bedrock-2023-05-31","anthropic_beta":["context-1m-2025-08-07"],"max_tokens": 9,"messages":[{"role":"user","content":"Hi"}]}',
  );
});

test('N1 tokens are counted by Bedrock', async () => {
  aws.script();
  for (const upstream of ['aws', 'converse']) {
    const response = await fetch(`${gateway.url}/v1/messages/count_tokens`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': accessKey, 'anthropic-version': '2023-06-01' },
      body: JSON.stringify({ model: `${upstream}/claude`, messages: [{ role: 'user', content: 'Hi' }] }),
    });
    expect(await response.json()).toEqual({ input_tokens: 120 });
  }
  const model = 'anthropic.claude-sonnet-4-5-20250929-v1:0';
  expect(aws.requests).toMatchObject([
    { action: 'count-tokens', model, faults: [] },
    { action: 'count-tokens', model, faults: [] },
  ]);
  expect(aws.requests.map(({ body }) => Object.keys((body as { input: object }).input))).toEqual([
    ['invokeModel'],
    ['converse'],
  ]); // by the schema
});
