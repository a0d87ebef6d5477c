import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openStorage } from '../../src/storage/open.ts';
import { folder, start, until } from '../support.ts';
import { ask } from './ask.ts';

/** C1: bans are kept in the storage, survive a restart, and are made and lifted there by people. */

test('C1 bans in the storage survive a restart, and take effect when people change them there', async () => {
  const cwd = folder();
  const path = join(cwd, 'proxy.db');
  const config = 'accessKeys: [ours-0123456789]\nguards: { bans: { errors: 2, windowSeconds: 60 } }\n';
  const env = { DATABASE_PATH: path };
  const serving = () => start({ cwd: folder({ 'proxy.config.yaml': config }), env });
  const health = (url: string) => ask(url, '/v1/models', { headers: { 'x-api-key': 'ours-0123456789' } });

  const first = await serving();
  expect((await ask(first.url, '/nothing')).status).toBe(404);
  expect((await ask(first.url, '/nothing')).status).toBe(404);
  expect((await health(first.url)).status).toBe(403);
  await first.close();

  const second = await serving();
  expect((await health(second.url)).status).toBe(403);
  const beside = await openStorage({ place: { type: 'sqlite', path } });
  expect(await beside.bans.list()).toMatchObject([{ address: '127.0.0.1' }]);
  await beside.bans.lift('127.0.0.1');
  await until('the ban is lifted', async () => (await health(second.url)).status === 200);
  await beside.bans.put({ address: '127.0.0.0/8', reason: 'by hand', since: Date.now() });
  await until('the range is banned', async () => (await health(second.url)).status === 403);
  await beside.close();
});
