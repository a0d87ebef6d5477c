import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { NewAccessKey } from '../../src/storage/access-keys.ts';
import { openStorage } from '../../src/storage/open.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { commandLine } from '../command-line.ts';
import { folder, start, until } from '../support.ts';
import { ask } from './ask.ts';

/** Rows C1, C12 and C31: whom a server lets in whose callers are stored, not configured. */

const demo = 'upstreams: [{ name: demo, provider: demo, models: [demo] }]\n';
const hello = { model: 'demo', messages: [{ role: 'user', content: 'Hi' }] };
const key = 'stored-key-0123456789';

function call(url: string, accessKey?: string) {
  const headers = accessKey === undefined ? {} : { authorization: `Bearer ${accessKey}` };
  return ask(url, '/v1/chat/completions', { headers, body: hello });
}

/** A folder whose default storage holds this key, and that storage. */
async function stored(config = demo, accessKey: NewAccessKey = { key }) {
  const cwd = folder({ 'proxy.config.yaml': config });
  const storage = await openStorage({ place: { type: 'sqlite', path: join(cwd, 'data/proxy.db') } });
  const made = await storage.accessKeys.create(accessKey);
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
    expect(server.reload()).toBe(false);
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
