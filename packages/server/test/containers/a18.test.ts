/** Row A18: start.sh, stop.sh and compose, in a fresh clone. */
import { spawn } from 'node:child_process';
import { readFileSync, statSync, writeFileSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import { ask } from '../rows/ask.ts';
import { until } from '../support.ts';
import { recordingUpstream } from '../upstream.ts';
import { project } from './compose.ts';
import { answers, everywhere, fromInside, health } from './container.ts';
import { environmentOf, podman } from './engine.ts';

const engine = inject('engine');
const adminKey = 'admin-key-of-this-test';
const chat = { model: 'gpt-x', messages: [{ role: 'user', content: 'Hi' }] };

/** A clone whose compose.yaml mounts a configuration, as its comment says, with one upstream that has no key yet. */
async function configured(upstream: string) {
  const made = await project();
  const compose = join(made.folder, 'compose.yaml');
  const text = readFileSync(compose, 'utf8');
  const mount = '- ./proxy.config.yaml:/app/proxy.config.yaml:ro';
  expect(text).toContain(`# ${mount}`);
  writeFileSync(compose, text.replace(`# ${mount}`, mount));
  const config = `admin: { key: ${adminKey} }
upstreams:
  - { name: one, provider: openai, baseUrl: "${fromInside(upstream)}", dialects: [openai-chat], models: [gpt-x] }
`;
  writeFileSync(join(made.folder, 'proxy.config.yaml'), config);
  const post = (path: string, key: string, body: object) =>
    ask(made.url, path, { headers: { authorization: `Bearer ${key}` }, body });
  return { ...made, post };
}

test('A18 start.sh, stop.sh and compose: healthy, followed, and keys survive every way to restart', async () => {
  const openai = await recordingUpstream({ host: everywhere });
  const { folder, url, post, container, start, stop, compose, following } = await configured(openai.url);
  const credential = () => openai.seen.at(-1)?.headers.authorization;

  const said = await start();
  expect(said).toContain(`${url}/v1`);
  expect(said).toContain('Wrote .env with fresh secrets.');
  expect(await health(await container())).toBe('healthy');
  expect(modeOf(statSync(join(folder, '.env')))).toEqual([1000, 0o600]);
  const accessKey = /^PROXY_ACCESS_KEY=([0-9a-f]{48})$/m.exec(readFileSync(join(folder, '.env'), 'utf8'))?.[1] ?? '';

  const stored = await post('/admin/api/v1/credentials', adminKey, { upstream: 'one', key: 'theirs-stored' });
  expect([stored.status, stored.text]).toEqual([201, expect.any(String)]);
  const made = await post('/admin/api/v1/access-keys', adminKey, { name: 'laptop' });
  const { key } = made.json() as { readonly key: string };
  const works = async () => {
    openai.seen.length = 0;
    const statuses = [];
    for (const each of [accessKey, key, 'another'])
      statuses.push((await post('/v1/chat/completions', each, chat)).status);
    expect(statuses).toEqual([200, 200, 401]);
    expect(credential()).toBe('Bearer theirs-stored');
  };
  await works();

  await compose('restart');
  await answers(url, await container());
  await works();
  await compose('down');
  expect(await container()).toBe('');
  await compose('up', '-d', '--build');
  await answers(url, await container());
  await works();
  await stop();
  expect(await container()).toBe('');
  expect(await start()).not.toContain('Wrote .env');
  await works();

  const follower = spawn('docker', ['compose', 'logs', '-f'], {
    ...following,
    env: { ...environmentOf(engine), ...following.env },
  });
  onTestFinished(() => void follower.kill('SIGKILL'));
  let followed = '';
  for (const stream of [follower.stdout, follower.stderr]) stream.on('data', (data) => (followed += String(data)));
  await until('the log begins', () => followed.includes('has started'));
  const begun = followed.length;
  await works();
  await until('the log goes on', () => followed.slice(begun).includes('gpt-x'));
}, 300_000);

const modeOf = ({ uid, mode }: Stats) => [uid, mode & 0o777];

test('A18 compose.yaml is in force: no root, no rights, nothing to write but data and /tmp, started again unless stopped', async () => {
  const { container, start } = await project();
  await start();
  const name = await container();
  const inside = (script: string) => podman(engine, 'exec', name, 'sh', '-c', script);

  expect(await inside('id -u; id -g')).toBe('1000\n1000');
  const status = await inside('cat /proc/1/status');
  for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
    expect(status).toMatch(new RegExp(`^${set}:\\s+0{16}$`, 'm'));
  expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
  const paths = ['/app', '/app/dist', '/app/.env', '/etc', '/home/node', '/app/data', '/tmp'];
  const writable = 'if [ -d $path ]; then : >$path/probe; else : >>$path; fi';
  const tried = await inside(`for path in ${paths.join(' ')}; do (${writable}) 2>/dev/null && echo $path; done; true`);
  expect(tried.split('\n')).toEqual(['/app/data', '/tmp']);
  const format = '{{.HostConfig.RestartPolicy.Name}} {{.Config.StopTimeout}} {{.HostConfig.ReadonlyRootfs}}';
  expect(await podman(engine, 'inspect', '--format', format, name)).toBe('unless-stopped 35 true');

  const pid = Number(await podman(engine, 'inspect', '--format', '{{.State.Pid}}', name));
  process.kill(pid, 'SIGKILL');
  await until('it is started again', async () => {
    const now = Number(await podman(engine, 'inspect', '--format', '{{.State.Pid}}', name));
    return now !== 0 && now !== pid;
  });
}, 180_000);

test('A18 stop.sh lets a stream end that has begun', async () => {
  const pieces = 8;
  let pushed = 0;
  const openai = await recordingUpstream({
    host: everywhere,
    listener: (request, response) => {
      request.resume();
      // Whether it takes the key is asked for as well.
      if (request.method !== 'POST') return void response.writeHead(404).end();
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      let sent = 0;
      const timer = setInterval(() => {
        pushed += 1;
        const delta = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'gpt-x' };
        const finish = sent === pieces - 1 ? 'stop' : null;
        const choices = [{ index: 0, delta: { content: `piece${sent} ` }, finish_reason: finish }];
        response.write(`data: ${JSON.stringify({ ...delta, choices })}\n\n`);
        sent += 1;
        if (sent < pieces) return;
        clearInterval(timer);
        response.end('data: [DONE]\n\n');
      }, 500);
    },
  });
  const { url, folder, post, container, start, stop } = await configured(openai.url);
  await start();
  await post('/admin/api/v1/credentials', adminKey, { upstream: 'one', key: 'theirs-stored' });
  const accessKey = /^PROXY_ACCESS_KEY=(.*)$/m.exec(readFileSync(join(folder, '.env'), 'utf8'))?.[1] ?? '';
  const streamed = post('/v1/chat/completions', accessKey, { ...chat, stream: true });
  const begun = until('the stream has begun', () => pushed > 1);
  const [{ status, text }] = await Promise.all([streamed, begun.then(stop)]);
  expect(status).toBe(200);
  expect(text).toContain(`piece${pieces - 1} `);
  expect(text).toContain('data: [DONE]');
  expect(await container()).toBe('');
  await expect(ask(url, '/ping')).rejects.toThrow();
}, 180_000);
