/** Clients and scripted upstreams without anything between: shows that fixtures, schemas and rules are the vendors' own. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clients } from '../clients/index.ts';
import { dialectNames, upstreamWords } from '../dialects.ts';
import { play } from '../play.ts';
import { scenarios, stopSequence } from '../scenarios.ts';
import { startUpstream, type Upstream } from '../upstream.ts';

describe.each(dialectNames)('%s', (dialect) => {
  let upstream: Upstream;
  beforeAll(async () => {
    upstream = await startUpstream(dialect);
  });
  afterAll(() => upstream.close());

  const targetOf = () => ({ url: upstream.url, key: 'direct-key', model: upstreamWords[dialect].model });
  // Responses has no stop sequences at all (Q4).
  const asked = scenarios.filter((scenario) => dialect !== 'openai-responses' || scenario !== stopSequence);

  describe.each(asked)('$name', (scenario) => {
    test.each([
      ['whole', false],
      ['streamed', true],
    ])('%s', async (_, stream) => {
      await play({ client: dialect, upstream, target: targetOf(), upstreamKey: 'direct-key' }, scenario, stream);
    });
  });

  test.each([400, 401, 403, 404, 422, 429, 500, upstreamWords[dialect].overloaded])('error %d', async (status) => {
    upstream.script({ type: 'error', status, headers: { 'retry-after': '7' } });
    const { error } = await clients[dialect].open(targetOf(), { user: 'Hi' }).turn({ stream: false });
    expect(error).toMatchObject({ status, retryAfter: '7' });
  });

  test('an error in mid-stream is an error to the SDK', async () => {
    upstream.script({ type: 'answer', fixture: 'error-midstream' });
    const outcome = await clients[dialect].open(targetOf(), { user: 'Hi' }).turn({ stream: true });
    expect(outcome.error).toBeDefined();
    expect(outcome.text.length).toBeGreaterThan(0);
  });
});
