/** Must show 5: another key before the first byte, never a second try after it, and never a clean end for a broken stream. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { upstreamWords, type DialectName } from '../dialects.ts';
import type { RunningGateway } from '../gateway.ts';
import { text } from '../scenarios.ts';
import { framesBeforeError, freshGateway, hello, pairs, startUpstreams, type Upstreams } from '../stages.ts';
import type { Step } from '../upstream.ts';

let upstreams: Upstreams;
let gateway: RunningGateway;

beforeAll(async () => {
  upstreams = await startUpstreams();
});
afterAll(() => upstreams.close());
beforeEach(async () => {
  gateway = await freshGateway(upstreams, () => ['key-1', 'key-2']);
});
afterEach(() => gateway.close());

const greeting = text.turns[0]?.expected.text;
const modes = [
  ['whole', false],
  ['streamed', true],
] as const;

describe.each(pairs)('%s client, %s upstream', (client, to) => {
  const failures: readonly (readonly [string, Step])[] = [
    ['401', { type: 'error', status: 401 }],
    ['403', { type: 'error', status: 403 }],
    ['429', { type: 'error', status: 429, headers: { 'retry-after': '60' } }],
    ['500', { type: 'error', status: 500 }],
    ['overload', { type: 'error', status: upstreamWords[to].overloaded }],
    ['a connection reset', { type: 'reset' }],
  ];

  describe.each(modes)('%s', (_, stream) => {
    test.each(failures)('%s on the first key is not seen, and the key rests', async (__, failure) => {
      const upstream = upstreams.of(to);
      upstream.script();
      upstream.scriptKey('key-1', failure);
      upstream.scriptKey('key-2', { type: 'answer', fixture: 'text' }, { type: 'answer', fixture: 'text' });
      const first = await hello(gateway, client, to).turn({ stream });
      expect(first.error).toBeUndefined();
      expect(first.text).toBe(greeting);
      expect(upstream.requests.map(({ key }) => key)).toEqual(['key-1', 'key-2']);
      const second = await hello(gateway, client, to).turn({ stream });
      expect(second.text).toBe(greeting);
      expect(upstream.requests.map(({ key }) => key)).toEqual(['key-1', 'key-2', 'key-2']);
    });

    test.each([400, 404, 422])('%d is not tried again', async (status) => {
      const upstream = upstreams.of(to);
      upstream.script({ type: 'error', status }, { type: 'answer', fixture: 'text' });
      const { error } = await hello(gateway, client, to).turn({ stream });
      expect(error?.status).toBe(status);
      expect(upstream.requests.length).toBe(1);
    });
  });

  test('an error as the first event of a stream is not seen either', async () => {
    const upstream = upstreams.of(to);
    upstream.script(
      { type: 'answer', fixture: 'error-midstream', skipFrames: framesBeforeError[to] },
      { type: 'answer', fixture: 'text' },
    );
    const outcome = await hello(gateway, client, to).turn({ stream: true });
    expect(outcome.error).toBeUndefined();
    expect(outcome.text).toBe(greeting);
    expect(upstream.requests.map(({ key }) => key)).toEqual(['key-1', 'key-2']);
  });

  test.each<[string, Step]>([
    ['an error event', { type: 'answer', fixture: 'error-midstream' }],
    ['a cut connection', { type: 'cut', fixture: 'text', frames: framesBeforeError[to] }],
    ['a quiet end', { type: 'end', fixture: 'text', frames: framesBeforeError[to] }],
  ])('%s after the first byte is an error in the client’s dialect, and never a clean end', async (_, step) => {
    const upstream = upstreams.of(to);
    upstream.script(step, { type: 'answer', fixture: 'text' });
    const outcome = await hello(gateway, client, to).turn({ stream: true });
    expect(outcome.error, JSON.stringify(outcome)).toBeDefined();
    expect(outcome.error?.message).not.toMatch(/not valid JSON|Unexpected|fetch failed|TypeError/);
    expect(isCleanEnd(client, outcome.finish)).toBe(false);
    expect(
      greeting?.startsWith(outcome.text) && outcome.text.length > 0,
      `text before the error: ${outcome.text}`,
    ).toBe(true);
    expect(upstream.requests.length).toBe(1);
  });

  test('a whole reply that is cut is tried with the next key', async () => {
    const upstream = upstreams.of(to);
    upstream.script({ type: 'cut', fixture: 'text', frames: 0 }, { type: 'answer', fixture: 'text' });
    const outcome = await hello(gateway, client, to).turn({ stream: false });
    expect(outcome.text).toBe(greeting);
    expect(upstream.requests.map(({ key }) => key)).toEqual(['key-1', 'key-2']);
  });
});

function isCleanEnd(client: DialectName, finish: string): boolean {
  return finish !== '' && !(client === 'openai-responses' && finish === 'failed');
}
