import { expect, test } from 'vitest';
import { operations } from '../../src/admin/operations.ts';
import { mayAsk, permissions } from '../../src/admin/permissions.ts';
import type { PrincipalRole } from '../../src/admin/principal.ts';
import { pages } from './permissions-table.ts';
import { adminKey, adminServer, callerKey, demoConfig, fromHeader, type AdminServer } from './admin-server.ts';

// Must-show 2 of issue 4: (every route) x (no credential, wrong, normal, special, admin): nothing answers that should not.
// Doors behind which a model is asked are in doors/matrix.test.ts.

const refused = [401, 403];

/** Whoever may come: how they are called, what they bring, and as what they count. */
interface Visitor {
  readonly name: string;
  readonly role: PrincipalRole | 'wrong';
  readonly headers: Readonly<Record<string, string>>;
}

async function visitorsOf(server: AdminServer): Promise<readonly Visitor[]> {
  const made = async (role: string) =>
    (await server.told<{ key: string }>('POST', '/access-keys', { body: { role, name: role } })).key;
  const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
  const revoked = await server.told<{ key: string; accessKey: { id: string } }>('POST', '/access-keys', {
    body: { role: 'admin' },
  });
  await server.told('POST', `/access-keys/${revoked.accessKey.id}/revoke`);
  return [
    { name: 'nobody', role: 'anonymous', headers: {} },
    { name: 'a wrong bearer', role: 'wrong', headers: bearer('wrong-key-0123456789') },
    { name: 'a wrong x-api-key', role: 'wrong', headers: { 'x-api-key': 'wrong-key-0123456789' } },
    { name: 'half an admin key', role: 'wrong', headers: bearer(adminKey.slice(0, -1)) },
    { name: 'a revoked admin', role: 'wrong', headers: bearer(revoked.key) },
    { name: 'a cookie that is none', role: 'anonymous', headers: { cookie: 'proxy_admin=forged' } },
    { name: 'normal, of the file', role: 'normal', headers: bearer(callerKey) },
    { name: 'normal', role: 'normal', headers: bearer(await made('normal')) },
    { name: 'temporary', role: 'temporary', headers: bearer(await made('temporary')) },
    { name: 'special', role: 'special', headers: bearer(await made('special')) },
    { name: 'admin', role: 'admin', headers: bearer(await made('admin')) },
    { name: 'the admin key', role: 'admin', headers: { 'x-api-key': adminKey } },
  ];
}

test('every operation is in the table of permissions, and the table holds nothing else', () => {
  const listed = Object.keys(permissions).filter((id) => !Object.hasOwn(pages, id));
  expect(operations.map(({ id }) => id).sort()).toEqual(listed.sort());
  expect(new Set(operations.map(({ method, path }) => `${method} ${path}`)).size).toBe(operations.length);
});

test('what is not listed is nobody’s', () => {
  for (const role of ['anonymous', 'temporary', 'normal', 'special', 'admin'] as const) {
    expect(mayAsk(role, 'no.such.operation')).toBe(false);
    expect(mayAsk(role, 'toString')).toBe(false);
  }
});

test('every operation of the admin API answers those roles that the table names, and nobody else', async () => {
  const server = await adminServer({ env: { ADMIN_KEY: adminKey, NODE_ENV: 'development' } });
  for (const visitor of await visitorsOf(server)) {
    for (const { id, method, path } of operations) {
      const { status, place } = await visit(server, visitor, method, path);
      const asksItself = ['session.create', 'reverse-proxy.lookup', 'reverse-proxy.nickname'].includes(id);
      if (visitor.role === 'wrong' || !mayAsk(visitor.role, id)) expect(refused, place).toContain(status);
      else if (!asksItself) expect(refused, place).not.toContain(status);
      expect(status, place).toBeLessThan(500);
    }
  }
});

test('pages that are everybody’s tell nothing, and there is nothing else', async () => {
  const server = await adminServer({ config: `records: { metrics: true }\n${demoConfig}` });
  for (const [id, path] of Object.entries(pages)) {
    const answer = await server.call('GET', path, { key: null, from: '203.0.113.5' });
    expect([mayAsk('anonymous', id), answer.status], path).toEqual(id === 'page.metrics' ? [false, 401] : [true, 200]);
    expect(answer.text).not.toContain('Ann');
  }
  for (const path of [
    '/admin/',
    '/admin/api/',
    '/admin/api/v1',
    '/admin/nothing',
    '/user/nothing',
    '/.env',
    '/v1/nothing',
  ])
    expect([401, 404], path).toContain((await server.call('GET', path, { key: null })).status);
});

let visits = 0;

/** What a visitor hears; the answer is not read to its end, since some never end. */
async function visit(server: AdminServer, { name, headers }: Visitor, method: string, path: string) {
  // From one address, so many wrong keys would lock the door for all of them.
  visits += 1;
  const from = `10.0.${Math.floor(visits / 200)}.${(visits % 200) + 1}`;
  const answer = await fetch(server.url + path.replace(/\{\w+\}/g, 'nothing'), {
    method,
    headers: { ...headers, [fromHeader]: from },
    redirect: 'manual',
  });
  await answer.body?.cancel();
  return { status: answer.status, place: `${name}: ${method} ${path} → ${answer.status}` };
}
