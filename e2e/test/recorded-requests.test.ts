/**
 * Every request recorded beside the dialects, sent to every other dialect's upstream and to several generations of models:
 * what arrives there must be what that vendor takes.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dialectNames, type DialectName } from '../dialects.ts';
import { accessKey, configured, startGateway, type RunningGateway } from '../gateway.ts';
import { expectNoFaults } from '../play.ts';
import { recordingsOf, type Recording } from '../recordings.ts';
import { startUpstreams, type Upstreams } from '../stages.ts';

/** Old, new and unknown: what is known of a model decides how it must be asked. */
const models: Readonly<Record<DialectName, readonly string[]>> = {
  'openai-chat': ['gpt-5.5', 'gpt-4o', 'some-model'],
  'openai-responses': ['gpt-5.5', 'gpt-4o', 'some-model'],
  'anthropic-messages': ['claude-opus-5-5', 'claude-sonnet-4-5', 'some-model'],
  'gemini-generate': ['gemini-3.1-pro-preview', 'gemini-2.5-flash', 'some-model'],
};

/** Written for vendors that go beyond OpenAI, and only sent to models that are not OpenAI's. */
const beyondOpenai: ReadonlySet<string> = new Set(['youtube, to openai-chat some-model']);

let upstreams: Upstreams;
let gateway: RunningGateway;

beforeAll(async () => {
  upstreams = await startUpstreams();
  const all = upstreams.all().map((upstream) => {
    const { models: _, ...anyModel } = configured(upstream, ['the-key']);
    return anyModel;
  });
  gateway = await startGateway({ upstreams: all });
});
afterAll(async () => {
  await gateway.close();
  await upstreams.close();
});

describe.each(dialectNames)('%s requests', (client) => {
  const recordings = recordingsOf(client).filter((recording) => recording.request);

  test('are there', () => {
    expect(recordings.length).toBeGreaterThanOrEqual(30);
  });

  for (const to of dialectNames.filter((name) => name !== client))
    for (const model of models[to])
      test.each(recordings.map((recording) => [recording.stem, recording] as const))(
        `%s, to ${to} ${model}`,
        async (stem, recording) => {
          const upstream = upstreams.of(to);
          upstream.script({ type: 'answer', fixture: 'text' });
          const bugs = gateway.log.length;
          const { status, body } = await post(client, recording, `${to}/${model}`);
          expect(gateway.log.slice(bugs), 'bugs').toEqual([]);
          if (upstream.requests.length === 0) {
            // What cannot be carried at all is refused before it costs anything, with a reason.
            expect(status, body).toBe(400);
            expect(body.length).toBeGreaterThan(40);
            return;
          }
          if (!beyondOpenai.has(`${stem}, to ${to} ${model}`)) expectNoFaults(upstream, client, stem);
          expect(status, body).toBe(200);
        },
      );
});

async function post(client: DialectName, { request, headers }: Recording, model: string) {
  const paths: Readonly<Record<DialectName, string>> = {
    'openai-chat': '/v1/chat/completions',
    'openai-responses': '/v1/responses',
    'anthropic-messages': '/v1/messages',
    'gemini-generate': `/v1beta/models/${model}:generateContent`,
  };
  const response = await fetch(gateway.url + paths[client], {
    method: 'POST',
    headers: {
      'anthropic-version': '2023-06-01',
      ...headers,
      'content-type': 'application/json',
      'x-api-key': accessKey,
    },
    body: JSON.stringify(client === 'gemini-generate' ? request : { ...request, model }),
  });
  return { status: response.status, body: await response.text() };
}
