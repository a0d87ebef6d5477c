import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openStorage } from '../../src/storage/open.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { sweep } from '../../src/storage/sweep.ts';
import { commandLine } from '../command-line.ts';
import { databases, newPlace } from '../databases.ts';
import { folder, load, start, until } from '../support.ts';
import { ask } from './ask.ts';

/** Rows C1, C12, C15, C16, C17 and C31: whom a server lets in whose callers are stored, not configured. */

const demo = 'upstreams: [{ name: demo, provider: demo, models: [demo] }]\n';
const hello = { model: 'demo', messages: [{ role: 'user', content: 'Hi' }] };
const key = 'stored-key-0123456789';

function call(url: string, accessKey?: string) {
  const headers = accessKey === undefined ? {} : { authorization: `Bearer ${accessKey}` };
  return ask(url, '/v1/chat/completions', { headers, body: hello });
}

/** A folder whose default storage holds this key, and that storage. */
async function stored(config = demo) {
  const cwd = folder({ 'proxy.config.yaml': config });
  const storage = await openStorage({ place: { type: 'sqlite', path: join(cwd, 'data/proxy.db') } });
  const made = await storage.accessKeys.create({ key });
  return { cwd, storage, id: made.accessKey.id };
}

const env = (cwd: string) => ({ DATABASE_PATH: join(cwd, 'data/proxy.db') });

/** As on this machine, however wide the server listens. */
function local({ port }: { readonly port: number }): string {
  return `http://127.0.0.1:${port}`;
}

describe('C31 on an address that strangers reach', () => {
  async function scene() {
    const { cwd, storage, id } = await stored();
    const server = await start({ cwd, env: env(cwd), flags: { host: '0.0.0.0' }, watch: false });
    const url = local(server);
    expect((await call(url, key)).status).toBe(200);
    return { server, url, storage, id };
  }

  async function staysClosed(url: string, storage: Storage, what: () => Promise<unknown>) {
    await what();
    await storage.close();
    await until('the key opens nothing', async () => (await call(url, key)).status !== 200);
    expect((await call(url)).status).toBe(401);
  }

  test('revoking the last stored key lets nobody in, and a reload neither', async () => {
    const { server, url, storage, id } = await scene();
    await staysClosed(url, storage, () => storage.accessKeys.revoke(id));
    server.reload();
    expect((await call(url)).status).toBe(401);
  });

  test('removing it lets nobody in', async () => {
    const { url, storage, id } = await scene();
    await staysClosed(url, storage, () => storage.accessKeys.remove(id));
  });

  test('stored keys are no excuse for a sample that everybody knows', async () => {
    const { cwd, storage } = await stored(`${demo}accessKeys: [your-proxy-access-key]\n`);
    await storage.close();
    await expect(start({ cwd, env: env(cwd), flags: { host: '0.0.0.0' } })).rejects.toThrow('Refusing to listen');
  });
});

test('C12 GATEKEEPER=user_token: closed until there are users; unknown 401, disabled 403 with the reason', async () => {
  const adminKey = 'admin-key-0123456789';
  const server = await start({
    cwd: folder({ 'proxy.config.yaml': demo }),
    env: { GATEKEEPER: 'user_token', ADMIN_KEY: adminKey },
  });
  const url = local(server);
  expect(server.config().server.host).toBe('0.0.0.0');
  expect((await call(url)).status).toBe(401);
  expect((await call(url, 'nobody-0123456789')).status).toBe(401);
  const admin = (method: string, path: string) =>
    ask(url, path, {
      method,
      headers: { authorization: `Bearer ${adminKey}` },
      ...(method === 'POST' && { body: {} }),
    });
  const { token } = (await admin('POST', '/admin/users')).json() as { token: string };
  await until('the new user is let in', async () => (await call(url, token)).status === 200);
  await admin('DELETE', `/admin/users/${token}?disabledReason=Too%20loud.`);
  await until('the user is disabled', async () => (await call(url, token)).status === 403);
  expect((await call(url, token)).text).toContain('Too loud.');
  expect((await call(url)).status).toBe(401);
});

describe('proxy check', () => {
  test('says the storage that a server would have, and makes none', async () => {
    const cwd = folder({ 'proxy.config.yaml': demo });
    const { code, out } = await commandLine(cwd, ['check', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ storage: { place: 'data/proxy.db' } });
    expect(existsSync(join(cwd, 'data'))).toBe(false);
  });

  test('lets a wide address pass where access keys are stored, and refuses it where none is', async () => {
    const { cwd, storage, id } = await stored(`${demo}server: { host: 0.0.0.0 }\n`);
    expect(await commandLine(cwd, ['check'])).toMatchObject({ code: 0, err: '' });
    await storage.accessKeys.revoke(id);
    await storage.close();
    const refused = await commandLine(cwd, ['check']);
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('Refusing to listen on 0.0.0.0')]);
  });
});

test('C1 what an administrator asks amiss bans nobody; what strangers ask there does', async () => {
  const adminKey = 'admin-key-0123456789';
  const config = `${demo}accessKeys: [${key}]\nguards: { bans: { errors: 3, windowSeconds: 60 } }\n`;
  const server = await start({ cwd: folder({ 'proxy.config.yaml': config }), env: { ADMIN_KEY: adminKey } });
  const url = local(server);
  const asked = (path: string, headers: Readonly<Record<string, string>>) => ask(url, path, { headers });
  const admin = { authorization: `Bearer ${adminKey}` };
  for (let times = 0; times < 3; times++) {
    expect((await asked('/admin/api/v1/users/nobody', admin)).status).toBe(404);
    expect((await asked('/admin/api/v1/nothing', admin)).status).toBe(404);
    expect((await asked('/admin/api/v1/calls?limit=none', admin)).status).toBe(400);
  }
  expect((await call(url, key)).status).toBe(200);
  for (let times = 0; times < 3; times++) expect((await asked('/admin/nothing', {})).status).toBe(404);
  expect((await call(url, key)).status).toBe(403);
});

test('C16 MAX_IPS_PER_USER and MAX_IPS_AUTO_BAN: one address too many disables the token, until somebody restores it', async () => {
  const { cwd, storage, id } = await stored();
  const server = await start({
    cwd,
    env: { ...env(cwd), MAX_IPS_PER_USER: '2', MAX_IPS_AUTO_BAN: 'true', TRUSTED_PROXIES: '1' },
    flags: { host: '127.0.0.1' },
  });
  const from = (address: string) =>
    ask(server.url, '/v1/chat/completions', {
      headers: { authorization: `Bearer ${key}`, 'x-forwarded-for': address },
      body: hello,
    });
  for (const address of ['203.0.113.1', '203.0.113.2', '203.0.113.1'])
    expect((await from(address)).status, address).toBe(200);
  const third = await from('203.0.113.3');
  expect([third.status, third.text]).toEqual([403, expect.stringContaining('IP address limit exceeded.')]);
  await until('the token is disabled', async () => (await from('203.0.113.1')).status === 403);
  expect(await storage.accessKeys.find(id)).toMatchObject({ revokedReason: 'IP address limit exceeded.' });
  await storage.accessKeys.restore(id);
  await until('it is restored', async () => (await from('203.0.113.1')).status === 200);
  await storage.close();
});

test.each(databases)(
  'C15 temporary keys, and users who had nothing else, are gone 48 h after they have expired: $name',
  async (database) => {
    const hour = 60 * 60_000;
    const now = Date.now();
    const storage = await openStorage({ place: await newPlace(database) });
    const { accessKeys, users } = storage;
    await accessKeys.create({ name: 'long over', role: 'temporary', expiresAt: now - 49 * hour });
    const guest = await users.create({ name: 'guest', role: 'temporary' });
    const regular = await users.create({ name: 'regular', role: 'temporary' });
    await accessKeys.create({ name: 'the guest’s', userId: guest.id, expiresAt: now - 49 * hour });
    await accessKeys.create({ name: 'the regular’s old', userId: regular.id, expiresAt: now - 49 * hour });
    await accessKeys.create({ name: 'the regular’s new', userId: regular.id, expiresAt: now + hour });
    await accessKeys.create({ name: 'just over', role: 'temporary', expiresAt: now - 47 * hour });
    await accessKeys.create({ name: 'not temporary', expiresAt: now - 49 * hour });
    const names = async () => (await accessKeys.list()).map(({ name }) => name);
    await sweep(storage, now, { temporaryKeyHours: load(folder()).storage.temporaryKeyHours });
    expect(await names()).toEqual(['the regular’s new', 'just over', 'not temporary']);
    expect((await users.list()).map(({ name }) => name)).toEqual(['regular']);
    const { temporaryKeyHours } = load(folder(), { POW_TOKEN_PURGE_HOURS: '46' }).storage;
    await sweep(storage, now, { temporaryKeyHours });
    expect(await names()).toEqual(['the regular’s new', 'not temporary']);
    await storage.close();
  },
);

test('C17 access keys go over the command line from one storage to another, counts kept, and come out as they went in', async () => {
  const exported = {
    users: [
      {
        token: '6f1b1c0e-8f5e-4c4a-9a57-0d4c9d0b2f11',
        nickname: 'Ann',
        type: 'special',
        promptCount: 7,
        tokenCounts: { gpt4: 1234 },
        tokenLimits: { gpt4: 5000 },
        maxIps: 3,
        adminNote: 'a friend',
        createdAt: 1_700_000_000_000,
        ip: [],
      },
      { token: '0a1b2c3d-0000-4c4a-9a57-0d4c9d0b2f12', disabledAt: 1_700_000_000_000, disabledReason: 'Too loud.' },
    ],
  };
  const cwd = folder({ 'proxy.config.yaml': demo, 'users.json': JSON.stringify(exported) });
  expect(await commandLine(cwd, ['keys', 'import', 'users.json'])).toMatchObject({ code: 0, err: '' });
  const server = await start({ cwd, env: env(cwd), flags: { host: '127.0.0.1' } });
  expect((await call(server.url, exported.users[0]?.token)).status).toBe(200);
  const refused = await call(server.url, exported.users[1]?.token);
  expect([refused.status, refused.text]).toEqual([403, expect.stringContaining('Too loud.')]);
  await server.close();

  const { out } = await commandLine(cwd, ['keys', 'export']);
  for (const { token } of exported.users) expect(out).not.toContain(token);
  const [ann] = (JSON.parse(out) as { users: readonly object[] }).users;
  const { nickname, type, tokenCounts, tokenLimits, maxIps, adminNote } = exported.users[0] ?? {};
  expect(ann).toMatchObject({ nickname, type, promptCount: 8, tokenCounts, tokenLimits, maxIps, adminNote });

  writeFileSync(join(cwd, 'own.json'), out.replace('"Ann"', '"Anna"'));
  expect(await commandLine(cwd, ['keys', 'import', 'own.json'])).toMatchObject({ code: 0, err: '' });
  const again = (await commandLine(cwd, ['keys', 'export'])).out;
  expect(JSON.parse(again)).toEqual(JSON.parse(out.replace('"Ann"', '"Anna"')));

  // Elsewhere the ids in it would be keys that everybody knows.
  const elsewhere = folder({ 'own.json': out, 'broken.json': '{"users": [{"token": 1}]}', 'none.json': '{' });
  const importing = (file: string) => commandLine(elsewhere, ['keys', 'import', file]);
  expect((await importing('own.json')).err).toContain('The token is an id of another storage');
  expect((await importing('broken.json')).err).toContain('users[0].token: ');
  expect(await importing('none.json')).toMatchObject({ code: 1, err: 'none.json cannot be read: it is not JSON.\n' });
  expect((await importing('nowhere.json')).err).toContain('ENOENT');
});
