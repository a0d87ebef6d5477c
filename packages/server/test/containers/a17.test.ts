/** Row A17: the image by itself, as the users of ai-proxy and claude-proxy run theirs. */
import { chownSync, existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { ask } from '../rows/ask.ts';
import { until } from '../support.ts';
import { recordingUpstream } from '../upstream.ts';
import { answers, everywhere, fromInside, health, logs, owned, runImage, statusOf } from './container.ts';
import { podman, run } from './engine.ts';
import { image, tell } from './images.ts';

const engine = inject('engine');
const message = { model: 'claude-x', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] };

describe('A17 the image', () => {
  test('is Node and little more, not root’s, and knows nothing of the machine that it was built on', async () => {
    const [own, base] = await Promise.all([image, 'node:24-slim'].map(async (name) => Number(await podman(engine, 'image', 'inspect', '--format', '{{.Size}}', name)))); // prettier-ignore
    tell(`The image: ${mb(own)} MB, of which Debian and Node are ${mb(base)} MB.`);
    expect(mb(own) - mb(base)).toBeLessThan(80);
    expect(await podman(engine, 'run', '--rm', image, 'id', '-un')).toBe('node');
    const settings = await podman(engine, 'image', 'inspect', '--format', '{{.Config.Env}}', image);
    expect(settings).not.toMatch(/npm|registry|certificates/i);
    // The places where the build was lent this machine's settings are there, empty.
    const lent = ['sh', '-c', 'cat /root/.npmrc /run/certificates.pem 2>/dev/null; ls -A /root /app; ls -d /build'];
    const { text: left } = await run(engine, 'podman', ['run', '--rm', '-u', 'root', image, ...lent]);
    expect(left).not.toMatch(/registry|BEGIN|\.npm$|packages|test/m);
    expect(left).toMatch(/dist\n.*node_modules\n[^]*'\/build': No such file/);
  });

  test.each([
    [3000, []],
    [6543, ['-e', 'PROXY_PORT=6543']],
    [8080, ['-e', 'PORT=8080']],
  ] as const)('is healthy by its own word on port %i, and ends with 0 when it is stopped', async (port, args) => {
    const { name } = await runImage(port, '-e', 'PROXY_ACCESS_KEY=a-key-of-this-test', ...args);
    expect(await health(name)).toBe('healthy');
    await podman(engine, 'stop', '-t', '30', name);
    expect(await podman(engine, 'inspect', '--format', '{{.State.ExitCode}}', name)).toBe('0');
  });

  test('is not healthy where its server does not answer', async () => {
    const { name } = await runImage(3000, '-e', 'PROXY_ACCESS_KEY=a-key-of-this-test');
    const pid = await podman(engine, 'inspect', '--format', '{{.State.Pid}}', name);
    process.kill(Number(pid), 'SIGSTOP');
    expect(await health(name)).not.toBe('healthy');
    process.kill(Number(pid), 'SIGCONT');
    expect(await health(name)).toBe('healthy');
  });
});

const mb = (bytes = 0) => Math.round(bytes / 1e6);

test('A17 as ai-proxy: with BASE_PATH in a volume, black.json and the logs survive a restart and a crash', async () => {
  const claude = await recordingUpstream({ host: everywhere });
  const data = owned();
  const settings = {
    BASE_PATH: '/app/data',
    PROXY_PORT: '6543',
    CLAUDE_API_HOST: fromInside(claude.url),
    IP_ERROR_THRESHOLD: '2',
    TRUSTED_PROXIES: '1',
  };
  const variables = Object.entries(settings).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
  const { name, url } = await runImage(6543, '--restart', 'always', '-v', `${data}:/app/data`, ...variables);
  const call = async (from: string, credentials: Record<string, string> = { 'x-api-key': 'theirs' }) => {
    const headers = { 'x-forwarded-for': from, 'anthropic-version': '2023-06-01', ...credentials };
    return (await ask(url, '/v1/messages', { host: 'claude.api.example', headers, body: message })).status;
  };
  const blacks = () => (JSON.parse(readFileSync(join(data, 'black.json'), 'utf8')) as { blacks: unknown }).blacks;
  const logged = () => linesIn(join(data, 'logs')).map(({ sourceIP }) => sourceIP);

  expect(await call('192.0.2.1')).toBe(200);
  expect(claude.seen[0]).toMatchObject({ url: '/v1/messages', headers: { 'x-api-key': 'theirs' } });
  expect([await call('192.0.2.9', {}), await call('192.0.2.9', {}), await call('192.0.2.9')]).toEqual([401, 401, 403]);
  await until('the ban is on file', () => logged().length >= 3 && String(blacks()) === '192.0.2.9');
  const before = logged();

  await podman(engine, 'restart', '-t', '30', name);
  await answers(url, name);
  expect([await call('192.0.2.9'), await call('192.0.2.2')]).toEqual([403, 200]);
  expect(blacks()).toEqual(['192.0.2.9']);
  await until('the call is logged', () => logged().includes('192.0.2.2'));
  expect(logged().slice(0, before.length)).toEqual(before);

  // --restart always: not only when somebody asks for it.
  const pid = Number(await podman(engine, 'inspect', '--format', '{{.State.Pid}}', name));
  process.kill(pid, 'SIGKILL');
  await until('it is started again', async () => {
    const now = Number(await podman(engine, 'inspect', '--format', '{{.State.Pid}}', name));
    return now !== 0 && now !== pid;
  });
  await answers(url, name);
  expect([await call('192.0.2.9'), await call('192.0.2.3')]).toEqual([403, 200]);
  await until('the call is logged', () => logged().includes('192.0.2.3'));
});

function linesIn(folder: string): readonly Record<string, unknown>[] {
  return (existsSync(folder) ? readdirSync(folder) : []).flatMap((file) =>
    readFileSync(join(folder, file), 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>),
  );
}

describe('A17 as claude-proxy: config.json and .env from this machine', () => {
  const key = 'ours-0123456789-abcdef';

  /** The proxy with what `mounts` makes of a folder with both files, and a way to see which upstream a request goes to. */
  async function served(mounts: (folder: string) => readonly string[]) {
    const [a, b] = [await recordingUpstream({ host: everywhere }), await recordingUpstream({ host: everywhere })];
    const config = (url: string) => {
      const upstream = { name: 'one', baseUrl: fromInside(url), apiKeys: ['theirs'], serviceType: 'claude' };
      return JSON.stringify({ upstream: [upstream], currentUpstream: 0, loadBalance: 'failover' });
    };
    const folder = owned({ 'config.json': config(a.url), '.env': `PROXY_ACCESS_KEY=${key}\n` });
    const { name, url } = await runImage(3000, '--restart', 'always', ...mounts(folder));
    const asked = async () => {
      const before = [a.seen.length, b.seen.length];
      const { status, text } = await ask(url, '/v1/messages', { headers: { 'x-api-key': key }, body: message });
      if (status !== 200) throw new Error(`${status} ${text} ${await logs(name)}`);
      return a.seen.length > (before[0] ?? 0) ? 'a' : 'b';
    };
    expect(await statusOf(url, '/v1/models', { 'x-api-key': 'another' })).toBe(401);
    expect(await asked()).toBe('a');
    return { name, url, folder, asked, config: { a: config(a.url), b: config(b.url) } };
  }

  const files = (folder: string) =>
    ['config.json', '.env'].flatMap((name) => ['-v', `${join(folder, name)}:/app/${name}`]);

  test('an edit takes effect, in place as nano and redirections write', async () => {
    const { folder, asked, config } = await served(files);
    const editedAt = performance.now();
    writeFileSync(join(folder, 'config.json'), config.b);
    await until('a request goes to b', async () => (await asked()) === 'b');
    tell(`An edit of the mounted file took effect after ${Math.round(performance.now() - editedAt)} ms.`);
  });

  test('a mounted file that is replaced, as vim and sed -i do, is read at the next start', async () => {
    const { name, url, folder, asked, config } = await served(files);
    replace(folder, config.b);
    // What the file was is still what is mounted: no program in the container can see the new one.
    await new Promise((resolve) => setTimeout(resolve, 4000));
    expect(await asked()).toBe('a');
    await podman(engine, 'restart', '-t', '30', name);
    await answers(url, name);
    expect(await asked()).toBe('b');
  });

  test('in a mounted folder every edit takes effect, a replaced file too', async () => {
    const { folder, asked, config } = await served((folder) => [
      ...['-v', `${folder}:/app/config:ro`, '-v', `${join(folder, '.env')}:/app/.env:ro`],
      ...['-e', 'PROXY_CONFIG=/app/config/config.json'],
    ]);
    replace(folder, config.b);
    await until('a request goes to b', async () => (await asked()) === 'b');
    writeFileSync(join(folder, 'config.json'), config.a);
    await until('a request goes to a', async () => (await asked()) === 'a');
  });

  function replace(folder: string, text: string): void {
    const [next, path] = [join(folder, '.config.json.swp'), join(folder, 'config.json')];
    writeFileSync(next, text);
    chownSync(next, 1000, 1000);
    renameSync(next, path);
  }
});
