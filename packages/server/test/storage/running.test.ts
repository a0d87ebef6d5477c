import { existsSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { openStorage } from '../../src/storage/open.ts';
import { placeOf } from '../../src/storage/place.ts';
import { patiently } from '../../src/storage/sqlite/connection.ts';
import { ask } from '../rows/ask.ts';
import { vendor } from '../rows/vendor.ts';
import { databases } from '../databases.ts';
import { folder, start, until } from '../support.ts';

const chat = { model: 'gpt-x', messages: [{ role: 'user', content: 'Hi' }] };

describe.each(databases)('a running server on $name', ({ address }) => {
  /** A server, and its storage as the command line sees it: opened beside the server. */
  async function running(more = '') {
    const upstream = await vendor();
    const cwd = folder();
    const storage = await address();
    const config = `
storage: ${storage}
upstreams: [{ name: oa, provider: openai, baseUrl: "${upstream.url}", dialects: [openai-chat], apiKeys: [from-the-file], strategy: round-robin }]
${more}`;
    const env = { BASE_PATH: cwd };
    const server = await start({ cwd: folder({ 'proxy.config.yaml': config }), env });
    const beside = await openStorage({ place: placeOf(storage, cwd) });
    onTestFinished(() => beside.close());
    const call = (key?: string) =>
      ask(server.url, '/v1/chat/completions', { body: chat, headers: key === undefined ? {} : { 'x-api-key': key } });
    return { ...server, upstream, beside, call };
  }

  test('access keys that somebody adds elsewhere are asked for from then on, and open nothing once they are revoked', async () => {
    const { call, beside } = await running();
    expect((await call()).status).toBe(200);
    const ada = await beside.users.create({ name: 'ada' });
    const { accessKey, key } = await beside.accessKeys.create({ userId: ada.id, limits: { requestsPerMinute: 1000 } });
    await until('a key is asked for', async () => (await call()).status === 401);
    expect((await call(key)).status).toBe(200);
    expect((await call('wrong')).status).toBe(401);
    await beside.users.update(ada.id, { disabled: 'left' });
    await until('the user is kept out', async () => (await call(key)).status === 403);
    await beside.users.update(ada.id, { disabled: null });
    await until('the user is let in', async () => (await call(key)).status === 200);
    await beside.accessKeys.revoke(accessKey.id);
    await until('the key opens nothing', async () => (await call()).status === 200 || (await call(key)).status === 403);
    await until('the call is on record', async () => (await beside.calls.count({ callerId: accessKey.id })) > 0);
  });

  test('an access key that expires opens nothing from then on', async () => {
    const { call, beside } = await running('accessKeys: [ours-0123456789]');
    const { key } = await beside.accessKeys.create({ expiresAt: Date.now() + 3600_000 });
    const old = await beside.accessKeys.create({ expiresAt: Date.now() - 1 });
    expect((await call(key)).status).toBe(200);
    expect((await call(old.key)).status).toBe(403);
  });

  test('stored upstream keys join those of the file, and leave again', async () => {
    const { call, beside, upstream } = await running();
    const last = () => upstream.seen.at(-1)?.headers.authorization;
    const asked = async () => {
      await call();
      return last();
    };
    expect(await asked()).toBe('Bearer from-the-file');
    const { id } = await beside.credentials.add({ upstream: 'oa', key: 'from-the-storage', weight: 1 });
    await until('it is used', async () => (await asked()) === 'Bearer from-the-storage');
    await beside.credentials.remove(id);
    await until('the file’s alone is used', async () => {
      const used = [await asked(), await asked(), await asked()];
      return used.every((key) => key === 'Bearer from-the-file');
    });
  });

  test('every call is on record soon, refusals too', async () => {
    const { call, beside } = await running('accessKeys: [ours-0123456789]');
    await call('ours-0123456789');
    await call('wrong');
    await until('both are there', async () => (await beside.calls.count()) === 2);
    expect(await beside.calls.list({ limit: 5, failed: true })).toMatchObject([
      { status: 401, failure: { kind: 'unauthenticated' } },
    ]);
    expect(await beside.calls.usage('model')).toContainEqual(
      expect.objectContaining({ group: 'gpt-x', inputTokens: 3 }),
    );
  });
});

test('a default place that cannot be written is told, and the server goes on in memory', async () => {
  const cwd = folder({ file: '' });
  const elsewhere = join(cwd, 'file/proxy.db');
  const { url, log } = await start({
    load: () => loadConfig({ cwd, env: {}, flags: { port: 0 }, defaultStorage: elsewhere }),
  });
  expect((await ask(url, '/health')).status).toBe(200);
  expect(log.lines.join('')).toContain('Nothing is kept beyond the end of this process');
});

test('so does one whose folder cannot be made, as on a read-only disk', async () => {
  const cwd = folder();
  symlinkSync('nowhere/else', join(cwd, 'data')); // mkdir says ENOENT of it, as of a read-only disk
  const { log } = await start({
    load: () => loadConfig({ cwd, env: {}, flags: { port: 0 }, defaultStorage: join(cwd, 'data/proxy.db') }),
  });
  expect(log.lines.join('')).toContain('Nothing is kept beyond the end of this process');
});

test('what is no database is told by its place, with the mend', async () => {
  const config = 'storage: some.db\nupstreams: [{ name: demo, provider: demo }]';
  const cwd = folder({ 'some.db': 'This is a letter, and no database. '.repeat(100), 'proxy.config.yaml': config });
  await expect(start({ cwd, env: { BASE_PATH: cwd } })).rejects.toThrow(
    `The storage ${cwd}/some.db cannot be used: file is not a database. Move it away`,
  );
});

test('a file that another process recovers is waited for like one that is locked', async () => {
  let tries = 0;
  const recovering = () => {
    tries += 1;
    if (tries < 3) throw Object.assign(new Error('database is locked'), { errcode: 261 }); // SQLITE_BUSY_RECOVERY
    return 'open';
  };
  expect(await patiently(recovering)).toBe('open');
});

test('a place that was named must be usable', async () => {
  const config = 'storage: file/proxy.db\nupstreams: [{ name: demo, provider: demo }]';
  const cwd = folder({ file: '', 'proxy.config.yaml': config });
  const starting = start({ cwd, env: { BASE_PATH: cwd } });
  await expect(starting).rejects.toThrow(`The storage ${cwd}/file/proxy.db cannot be used`);
});

test('the database is nobody else’s to read', async () => {
  const cwd = folder({ 'proxy.config.yaml': 'storage: kept/here.db\nupstreams: [{ name: demo, provider: demo }]' });
  await start({ cwd, env: { BASE_PATH: cwd } });
  expect(existsSync(join(cwd, 'kept/here.db'))).toBe(true);
  expect(statSync(join(cwd, 'kept/here.db')).mode & 0o077).toBe(0);
});
