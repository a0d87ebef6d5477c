/** Rows A17–A20: what is deployed with, as far as it can be shown without an engine; in one, `pnpm containers` shows it. */
import { spawn, spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { freePort } from '../free-port.ts';
import { folder } from '../support.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const text = (name: string) => readFileSync(join(root, name), 'utf8');

describe('A17 the image', () => {
  const dockerfile = text('Dockerfile');
  test('is built in stages, small, not root’s, healthy by its own word, on the ports that are known', () => {
    expect(dockerfile.match(/^FROM node:24-slim/gm)).toHaveLength(2);
    expect(dockerfile).toMatch(/^USER node$/m);
    expect(dockerfile).toMatch(/^EXPOSE 3000 6543$/m);
    expect(dockerfile).toMatch(/^HEALTHCHECK [\s\S]*\/api\/health/m);
    expect(dockerfile).toMatch(/^WORKDIR \/app$/m);
    expect(dockerfile).not.toMatch(/^ENV .*(KEY|SECRET|TOKEN)/m);
  });

  test('is not given secrets, tests or what is installed', () => {
    const rules = text('.dockerignore').split('\n');
    expect(rules[0]).toBe('*');
    for (const rule of ['**/node_modules', '**/test', '**/.env*']) expect(rules).toContain(rule);
  });
});

test('A18, A19 compose: volumes, env_file, health check, restart, of this machine alone, without rights', () => {
  const { services } = parse(text('compose.yaml')) as { services: { proxy: Record<string, unknown> } };
  expect(services.proxy).toMatchObject({
    build: '.',
    restart: 'unless-stopped',
    env_file: '.env',
    read_only: true,
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
  });
  expect(services.proxy.volumes).toEqual(['./data:/app/data', './.env:/app/.env:ro']);
  expect(services.proxy.ports).toEqual(['${PUBLISH:-127.0.0.1:3000}:3000']);
  const { test: check } = services.proxy.healthcheck as { test: readonly string[] };
  expect(check.join(' ')).toContain('http://127.0.0.1:3000/api/health');
});

test('A18 .env.example holds no secret, and what start.sh fills in', () => {
  const lines = text('.env.example').split('\n');
  for (const name of ['PROXY_ACCESS_KEY', 'ENCRYPTION_KEY']) expect(lines).toContain(`${name}=`);
  expect(lines.filter((line) => /^(# )?\w+=.+/.test(line) && /KEY|TOKEN|SECRET/.test(line))).toEqual([]);
});

describe('A18 start.sh and stop.sh', () => {
  test.each(['start.sh', 'stop.sh'])('%s is a script of any POSIX shell, and may be run', (name) => {
    expect(spawnSync('sh', ['-n', join(root, name)]).stderr.toString()).toBe('');
    expect(statSync(join(root, name)).mode & 0o111).toBe(0o111);
  });

  test('without Docker: .env with fresh secrets and data/ are made, it answers, and is stopped', async () => {
    const cwd = folder();
    mkdirSync(join(cwd, 'scripts'));
    for (const name of ['start.sh', 'stop.sh', '.env.example']) copyFileSync(join(root, name), join(cwd, name));
    // In place of scripts/run.mjs, which would install: the same server from its sources.
    const main = pathToFileURL(join(root, 'packages/server/src/main.ts')).href;
    writeFileSync(join(cwd, 'scripts/run.mjs'), `process.argv[2] = 'serve';\nawait import('${main}');\n`);
    const port = await freePort();
    const env = {
      PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
      HOME: cwd,
      NODE_OPTIONS: '-C @proxy/source',
      PORT: String(port),
    };
    const run = (name: string) => runScript(name, cwd, env);
    onTestFinished(() => void run('stop.sh'));

    const started = await run('start.sh');
    expect(started).toMatchObject({ code: 0 });
    expect(started.out).toContain(`http://127.0.0.1:${port}/v1`);
    expect(statSync(join(cwd, '.env')).mode & 0o077).toBe(0);
    const secrets = readFileSync(join(cwd, '.env'), 'utf8').match(/^(PROXY_ACCESS_KEY|ENCRYPTION_KEY)=[0-9a-f]{48}$/gm);
    expect(new Set(secrets?.map((line) => line.split('=')[1])).size).toBe(2);
    const accessKey = secrets?.[0]?.split('=')[1] ?? '';
    const models = (key: string) => fetch(`http://127.0.0.1:${port}/v1/models`, { headers: { 'x-api-key': key } });
    expect([(await models(accessKey)).status, (await models('wrong')).status]).toEqual([200, 401]);

    expect((await run('start.sh')).out).toContain('It runs already');
    expect(await run('stop.sh')).toMatchObject({ code: 0 });
    expect(existsSync(join(cwd, 'data/proxy.pid'))).toBe(false);
    await expect(models(accessKey)).rejects.toThrow();
  }, 90_000);

  test.skipIf(spawnSync('ps').error)('a process of somebody else with the number of ours is left alone', async () => {
    const cwd = folder();
    mkdirSync(join(cwd, 'data'));
    const stranger = spawn('sleep', ['600']);
    onTestFinished(() => void stranger.kill('SIGKILL'));
    writeFileSync(join(cwd, 'data/proxy.pid'), String(stranger.pid));
    copyFileSync(join(root, 'stop.sh'), join(cwd, 'stop.sh'));
    const programs = folder({ docker: '#!/bin/sh\nexit 1\n' });
    chmodSync(join(programs, 'docker'), 0o755);
    const stopped = await runScript('stop.sh', cwd, { PATH: [programs, '/usr/bin', '/bin'].join(delimiter) }, []);
    expect(stopped).toMatchObject({ code: 0, out: 'Nothing was started here.\n' });
    expect([stranger.exitCode, stranger.signalCode]).toEqual([null, null]);
  });

  test('what Node left behind does not keep a container from being waited for, or stopped', async () => {
    const cwd = folder({ '.env': '' });
    mkdirSync(join(cwd, 'data'));
    writeFileSync(join(cwd, 'data/proxy.pid'), '999999999');
    for (const name of ['start.sh', 'stop.sh']) copyFileSync(join(root, name), join(cwd, name));
    // Answers at the second question.
    const programs = folder({
      docker: '#!/bin/sh\necho "docker $*" >>calls\n',
      curl: '#!/bin/sh\n[ -f asked ] && exit 0\n: >asked\nexit 1\n',
    });
    for (const name of ['docker', 'curl']) chmodSync(join(programs, name), 0o755);
    const env = { PATH: [programs, '/usr/bin', '/bin'].join(delimiter) };
    expect(await runScript('start.sh', cwd, env, [])).toMatchObject({ code: 0 });
    expect(await runScript('stop.sh', cwd, env, [])).toMatchObject({ code: 0 });
    expect(readFileSync(join(cwd, 'calls'), 'utf8')).toContain('docker compose down');
  });

  test('PUBLISH may stand in .env, for start.sh as for compose', async () => {
    const cwd = folder({ '.env': 'PUBLISH=127.0.0.1:7860\n' });
    copyFileSync(join(root, 'start.sh'), join(cwd, 'start.sh'));
    const programs = folder();
    for (const name of ['docker', 'curl']) writeFileSync(join(programs, name), '#!/bin/sh\n', { mode: 0o755 });
    const started = await runScript('start.sh', cwd, { PATH: [programs, '/usr/bin', '/bin'].join(delimiter) }, []);
    expect(started).toMatchObject({ code: 0, out: expect.stringContaining('http://127.0.0.1:7860/v1') as string });
  });

  describe.each([
    ['Docker’s own compose', 'exit 0', 'docker compose'],
    ['docker-compose, where docker knows no compose', 'exit 1', 'docker-compose'],
  ])('with %s', (_title, compose, program) => {
    test.each([
      [undefined, '127.0.0.1:3000'],
      ['127.0.0.1:7860', '127.0.0.1:7860'],
      ['0.0.0.0:8080', '127.0.0.1:8080'],
      ['8081', '127.0.0.1:8081'],
    ])('PUBLISH=%s is waited for at %s', async (published, address) => {
      const cwd = folder();
      for (const name of ['start.sh', 'stop.sh', '.env.example']) copyFileSync(join(root, name), join(cwd, name));
      const programs = folder({
        docker: `[ "$1" != compose ] || [ "$2" != version ] || ${compose}; echo "docker $*" >>calls`,
        'docker-compose': 'echo "docker-compose $*" >>calls',
        curl: 'echo "curl $*" >>calls',
      });
      for (const name of ['docker', 'docker-compose', 'curl']) {
        const path = join(programs, name);
        writeFileSync(path, `#!/bin/sh\n${readFileSync(path, 'utf8')}\n`, { mode: 0o755 });
        chmodSync(path, 0o755);
      }
      const env = { PATH: [programs, '/usr/bin', '/bin'].join(delimiter), ...(published && { PUBLISH: published }) };
      // The environment is stronger.
      const written = published === undefined ? '' : 'PUBLISH=127.0.0.1:1\n';
      writeFileSync(join(cwd, '.env'), `${text('.env.example')}\n${written}`);
      const started = await runScript('start.sh', cwd, env, []);
      expect(started).toMatchObject({ code: 0 });
      expect(started.out).toContain(`http://${address}/v1`);
      expect(await runScript('stop.sh', cwd, env, [])).toMatchObject({ code: 0 });
      const calls = readFileSync(join(cwd, 'calls'), 'utf8').split('\n');
      const counted = calls.filter((call) => / (up|down)\b|^curl/.test(call));
      expect(counted).toEqual([
        `${program} up -d --build`,
        `curl -fsS -o /dev/null http://${address}/ping`,
        `${program} down`,
      ]);
      // As whom compose starts it, also when it is called by hand.
      const { uid, gid } = statSync(join(cwd, '.env'));
      const said = readFileSync(join(cwd, '.env'), 'utf8').match(/^PROXY_[UG]ID=\d+$/gm) ?? [];
      expect(said).toEqual(uid === 1000 && gid === 1000 ? [] : [`PROXY_UID=${uid}`, `PROXY_GID=${gid}`]);
    });
  });
});

function runScript(
  name: string,
  cwd: string,
  env: Record<string, string>,
  args: readonly string[] = name === 'start.sh' ? ['--no-docker'] : [],
): Promise<{ code: number | null; out: string }> {
  chmodSync(join(cwd, name), 0o755);
  const child = spawn(join(cwd, name), args, { cwd, env });
  let out = '';
  child.stdout.on('data', (data) => (out += String(data)));
  child.stderr.on('data', (data) => (out += String(data)));
  // Not "close": the server that it starts may hold the pipes.
  return new Promise((resolve) => child.on('exit', (code) => resolve({ code, out })));
}

test('A20 PM2 is told what to start: the built file, with the Node that was installed', () => {
  const { apps } = createRequire(import.meta.url)(join(root, 'ecosystem.config.cjs')) as {
    apps: readonly Record<string, unknown>[];
  };
  const { bin } = JSON.parse(text('packages/server/package.json')) as { bin: { proxy: string } };
  expect(apps).toEqual([
    expect.objectContaining({
      script: join('packages/server', bin.proxy),
      args: 'serve',
      autorestart: true,
      interpreter: join(root, 'node_modules/.bin/node'),
    }),
  ]);
});

describe('the systemd unit', () => {
  const unit = text('deploy/proxy.service');
  test('gives the server as few rights as it needs, and time to end', () => {
    for (const line of [
      'DynamicUser=yes',
      'NoNewPrivileges=yes',
      'ProtectSystem=strict',
      'ProtectHome=yes',
      'PrivateTmp=yes',
      'CapabilityBoundingSet=',
      'Restart=on-failure',
      'TimeoutStopSec=35',
    ])
      expect(unit.split('\n')).toContain(line);
  });

  const analyze: SpawnSyncReturns<Buffer> = spawnSync('systemd-analyze', ['--version']);
  test.skipIf(analyze.status !== 0)('is content with systemd-analyze verify', () => {
    const path = join(folder(), 'proxy.service');
    // Of this machine, since every program has to be there.
    writeFileSync(path, unit.replace('/usr/bin/node', process.execPath).replaceAll('/bin/kill', '/bin/true'));
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', path]);
    expect([status, stderr.toString()]).toEqual([0, '']);
  });
});
