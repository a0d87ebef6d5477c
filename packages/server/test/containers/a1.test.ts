/** Row A1: machines with little memory, and with an old Node. */
import { mkdirSync } from 'node:fs';
import { inject, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../free-port.ts';
import { ask } from '../rows/ask.ts';
import { until } from '../support.ts';
import { memoryOf } from '../process.ts';
import { recordingUpstream } from '../upstream.ts';
import { everywhere, fromInside, memoryIn, owned, runImage, statusOf } from './container.ts';
import { must, podman, run } from './engine.ts';
import { checkout, nodeSlim, registry, smallMachine, tell } from './images.ts';

const engine = inject('engine');
const minuteMs = 60_000;

test('A1 200 streamed requests at once in 512 MB, in four dialects, through an upstream', async () => {
  const key = 'a-key-of-this-test';
  let open = 0;
  let together = 0;
  const openai = await recordingUpstream({
    host: everywhere,
    listener: (request, response) => {
      request.resume();
      // Its list of models is asked for as well.
      if (request.method !== 'POST') return void response.writeHead(404).end();
      open += 1;
      together = Math.max(together, open);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      let sent = 0;
      const timer = setInterval(() => {
        const event = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'gpt-x' };
        const choices = [
          { index: 0, delta: { content: 'word '.repeat(20) }, finish_reason: sent === 40 ? 'stop' : null },
        ];
        response.write(`data: ${JSON.stringify({ ...event, choices })}\n\n`);
        sent += 1;
        if (sent <= 40) return;
        clearInterval(timer);
        open -= 1;
        response.end('data: [DONE]\n\n');
      }, 100);
    },
  });
  const config = `accessKeys: [${key}]
upstreams:
  - { name: one, provider: openai, baseUrl: "${fromInside(openai.url)}", apiKeys: [theirs], dialects: [openai-chat], models: [gpt-x] }
`;
  const { name, url } = await runImage(
    3000,
    ...['--memory', '512m', '--memory-swap', '512m'],
    ...[
      '-v',
      `${owned({ 'proxy.config.yaml': config })}:/app/config:ro`,
      '-e',
      'PROXY_CONFIG=/app/config/proxy.config.yaml',
    ],
  );
  const before = await memoryIn(name);
  const messages = [{ role: 'user', content: 'Tell me something' }];
  const asks = [
    ['/v1/chat/completions', { model: 'gpt-x', stream: true, messages }, 'data: [DONE]'],
    ['/v1/messages', { model: 'gpt-x', stream: true, max_tokens: 500, messages }, 'event: message_stop'],
    ['/v1/responses', { model: 'gpt-x', stream: true, input: 'Tell me something' }, 'event: response.completed'],
    [
      '/v1beta/models/gpt-x:streamGenerateContent?alt=sse',
      { contents: [{ parts: [{ text: 'Tell me something' }] }] },
      '"finishReason":"STOP"',
    ],
  ] as const;
  const headers = { authorization: `Bearer ${key}` };
  const streams = await Promise.all(
    Array.from({ length: 50 }, () => asks.map(([path, body]) => ask(url, path, { headers, body }))).flat(),
  );
  for (const [index, { status, text }] of streams.entries()) {
    expect(status).toBe(200);
    expect(text).toContain(asks[index % asks.length]?.[2]);
  }
  expect(together).toBe(200);
  const { peakMb, killed } = await memoryIn(name);
  // The container's own share leaves out what another one has of Node in memory already; the process has it all.
  const pid = Number(await podman(engine, 'inspect', '--format', '{{.State.Pid}}', name));
  const residentMb = Math.round(memoryOf(pid, 'VmHWM') / 2 ** 20);
  tell(
    `512 MB: ${before.peakMb} MB when it had started, ${peakMb} MB at the height of 200 streams; ${residentMb} MB resident.`,
  );
  expect([killed, peakMb < 512, residentMb < 512]).toEqual([0, true, true]);
  const state = await podman(engine, 'inspect', '--format', '{{.State.OOMKilled}} {{.RestartCount}}', name);
  expect(state).toBe('false 0');
});

test(
  'A1 with Node 18 and nothing else: installed, built, started and healthy on a small machine; types are right',
  async () => {
    await nodeSlim(engine, 18);
    const clone = await checkout(engine, 'node18');
    mkdirSync(`${clone}/data`, { recursive: true });
    const port = await freePort();
    const machine = async (name: string, ...limits: readonly string[]) => {
      onTestFinished(async () => void (await run(engine, 'podman', ['rm', '-f', '-t', '0', name])));
      // Installing a runtime of the tests asks the registry by itself, and heeds this variable.
      const trusting = ['-e', 'NODE_EXTRA_CA_CERTS=/run/certificates.pem', '-e', `PORT=${port}`, '-w', '/srv/proxy'];
      const mounts = [...registry(engine), '-v', `${clone}:/srv/proxy`, ...trusting];
      await podman(engine, 'run', '-d', '--name', name, ...limits, ...mounts, 'node:18-slim', 'sleep', 'infinity');
      return async (...command: readonly string[]) => {
        const startedAt = performance.now();
        const text = await must(engine, 'podman', ['exec', name, ...command], { timeoutMs: 10 * minuteMs });
        tell(`Node 18: ${command.join(' ')} took ${Math.round((performance.now() - startedAt) / 1000)} s.`);
        return text;
      };
    };

    const small = await machine('node18-small', ...smallMachine);
    expect(await small('node', '--version')).toMatch(/^v18\./);
    await small('npm', 'install');
    await small('npm', 'run', 'build');
    await podman(engine, 'exec', '-d', 'node18-small', 'npm', 'start');
    const url = `http://127.0.0.1:${port}`;
    await until('it answers', async () => (await statusOf(url, '/health')) === 200);
    expect((await ask(url, '/health')).json()).toMatchObject({ status: 'healthy' });
    expect((await memoryIn('node18-small')).killed).toBe(0);
    await podman(engine, 'rm', '-f', '-t', '0', 'node18-small');

    // With the tests of all packages, coding agents and other runtimes among them: more is promised of no small machine.
    const large = await machine('node18-large');
    await large('npm', 'run', 'type-check');
  },
  30 * minuteMs,
);
