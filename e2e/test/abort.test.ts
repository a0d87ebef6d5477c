/** The client leaves: the upstream's stream is closed at once, for every pair. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunningGateway } from '../gateway.ts';
import {
  eventually,
  framesBeforeError,
  freshGateway,
  hello,
  pairs,
  startUpstreams,
  type Upstreams,
} from '../stages.ts';

let upstreams: Upstreams;
let gateway: RunningGateway;

beforeAll(async () => {
  upstreams = await startUpstreams();
  gateway = await freshGateway(upstreams, () => ['only-key']);
});
afterAll(async () => {
  await gateway.close();
  await upstreams.close();
});

describe.each(pairs)('%s client, %s upstream', (client, to) => {
  test('leaving in mid-stream closes the upstream’s stream', async () => {
    const upstream = upstreams.of(to);
    upstream.script({ type: 'hang', fixture: 'text', frames: framesBeforeError[to] });
    const leave = new AbortController();
    let openThen = 0;
    await hello(gateway, client, to).turn({
      stream: true,
      signal: leave.signal,
      onFirst() {
        openThen = upstream.open;
        leave.abort();
      },
    });
    expect(openThen).toBe(1);
    expect(await eventually(() => upstream.open === 0), 'the upstream’s stream is still open').toBe(true);
    expect(upstream.requests.length).toBe(1);
  });

  test.each([
    ['whole', false],
    ['streamed', true],
  ])('leaving before the reply began cancels the call, %s', async (_, stream) => {
    const upstream = upstreams.of(to);
    upstream.script({ type: 'hang', fixture: 'text', frames: 0 });
    const leave = new AbortController();
    const turn = hello(gateway, client, to).turn({ stream, signal: leave.signal });
    expect(await eventually(() => upstream.open === 1)).toBe(true);
    leave.abort();
    const { error, text } = await turn;
    expect(text).toBe('');
    expect(error).toBeDefined();
    expect(await eventually(() => upstream.open === 0), 'the upstream’s stream is still open').toBe(true);
    expect(upstream.requests.length).toBe(1);
  });
});

test('what was used until the client left is on record', async () => {
  const upstream = upstreams.of('anthropic-messages');
  upstream.script({ type: 'hang', fixture: 'text', frames: framesBeforeError['anthropic-messages'] });
  const leave = new AbortController();
  await hello(gateway, 'openai-chat', 'anthropic-messages').turn({
    stream: true,
    signal: leave.signal,
    onFirst: () => leave.abort(),
  });
  const records = () =>
    gateway.records().filter((one) => one.upstream === upstream.dialect && one.dialect === 'openai-chat');
  expect(await eventually(() => records().at(-1)?.usage !== undefined), 'no usage on record').toBe(true);
  expect(records().at(-1)).toMatchObject({ usage: { inputTokens: 40 }, failure: { kind: 'client-gone' } });
});
