import { describe, expect, onTestFinished, test } from 'vitest';
import { bookCalls, bookNewOf, type Bookkeeping } from '../../src/storage/book-calls.ts';
import { entryOf } from '../../src/storage/entry.ts';
import { SomeKnown } from '../../src/storage/insert-calls.ts';
import { openStorage, type StorageOptions } from '../../src/storage/open.ts';
import type { StoredCall } from '../../src/storage/stored-call.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { databases, newPlace } from '../databases.ts';

/** What every database must do alike. */
describe.each(databases)('storage on $name', (database) => {
  async function open(options?: Partial<StorageOptions>): Promise<Storage> {
    const storage = await openStorage({ place: await newPlace(database), ...options });
    onTestFinished(() => storage.close());
    return storage;
  }

  test('opens again what it has written, and two that open a new one at once both can', async () => {
    const place = await newPlace(database);
    const [one, other] = await Promise.all([openStorage({ place }), openStorage({ place })]);
    await one.users.create({ name: 'ada' });
    expect(await other.users.find('ada')).toMatchObject({ name: 'ada' });
    await Promise.all([one.close(), other.close()]);
    const again = await open({ place });
    expect(await again.users.list()).toHaveLength(1);
  });

  test('a database of a newer version is left alone', async () => {
    const place = await newPlace(database);
    const storage = await openStorage({ place });
    await storage.db
      .insertInto('kyselyMigration' as never) // Kysely's own table
      .values({ name: '9999-later', timestamp: new Date().toISOString() } as never)
      .execute();
    await storage.close();
    await expect(openStorage({ place })).rejects.toThrow('newer version of this program (it knows "9999-later")');
  });

  test('users: created, found by id and by name, changed, disabled, removed', async () => {
    const { users } = await open();
    const ada = await users.create({ name: 'ada', role: 'normal', limits: { requestsPerMinute: 5 } });
    expect(ada).toEqual({
      id: ada.id,
      name: 'ada',
      role: 'normal',
      limits: { requestsPerMinute: 5 },
      createdAt: ada.createdAt,
    });
    await expect(users.create({ name: 'ada' })).rejects.toThrow('There is a user "ada" already.');
    expect(await users.find('ada')).toEqual(ada);
    expect(await users.find(ada.id)).toEqual(ada);
    await users.create({ name: 'bob' });
    await expect(users.update(ada.id, { name: 'bob' })).rejects.toThrow('There is a user "bob" already.');
    expect(await users.update(ada.id, { limits: null, note: 'first' })).toEqual({
      id: ada.id,
      name: 'ada',
      role: 'normal',
      note: 'first',
      createdAt: ada.createdAt,
    });
    expect(await users.update(ada.id, { disabled: 'left' })).toMatchObject({ disabledReason: 'left' });
    expect(await users.update(ada.id, { disabled: null })).not.toHaveProperty('disabledAt');
    expect((await users.list()).map(({ name }) => name)).toEqual(['ada', 'bob']);
    expect(await users.update('nobody', { note: 'x' })).toBeUndefined();
    expect(await users.remove(ada.id)).toBe(true);
    expect(await users.remove(ada.id)).toBe(false);
  });

  test('access keys: told once, recognised, changed, revoked; removed with their user', async () => {
    const { users, accessKeys, db } = await open();
    const ada = await users.create({ name: 'ada' });
    const rules = {
      models: ['gpt-*'],
      limits: { concurrency: 2 },
      operations: ['generate'],
      addresses: ['10.0.0.0/8'],
    };
    const { accessKey, key } = await accessKeys.create({ name: 'laptop', userId: ada.id, expiresAt: 5, ...rules });
    expect(key).toMatch(/^sk-proxy-[\w-]{32}$/);
    expect(JSON.stringify(await db.selectFrom('accessKeys').selectAll().execute())).not.toContain(key);
    expect(accessKey).toMatchObject({ name: 'laptop', userId: ada.id, expiresAt: 5, ...rules });
    expect(await accessKeys.recognize(key)).toEqual({ accessKey, user: ada });
    expect(await accessKeys.recognize(`${key}x`)).toBeUndefined();
    expect(await accessKeys.find(accessKey.id)).toEqual(accessKey);
    expect(await accessKeys.update(accessKey.id, { models: null, expiresAt: null, maxAddresses: 3 })).toEqual({
      ...accessKey,
      models: undefined,
      expiresAt: undefined,
      maxAddresses: 3,
    });
    const own = await accessKeys.create({ key: 'from-elsewhere' });
    expect(own.key).toBe('from-elsewhere');
    await expect(accessKeys.create({ key: 'from-elsewhere' })).rejects.toThrow('there already');
    expect(await accessKeys.list({ userId: ada.id })).toHaveLength(1);
    expect(await accessKeys.count()).toBe(2);
    expect(await accessKeys.revoke(own.accessKey.id, 'lost')).toBe(true);
    expect(await accessKeys.revoke(own.accessKey.id)).toBe(false);
    expect((await accessKeys.recognize('from-elsewhere'))?.accessKey).toMatchObject({ revokedReason: 'lost' });
    expect(await accessKeys.count()).toBe(1);
    await users.remove(ada.id);
    expect(await accessKeys.list()).toHaveLength(1);
    expect(await accessKeys.remove(own.accessKey.id)).toBe(true);
    expect(await accessKeys.update('none', { name: 'x' })).toBeUndefined();
  });

  test('credentials: write-only but for the gateway, and no clear key in the database', async () => {
    const { credentials, db } = await open({ encryptionKeys: ['a long secret'] });
    const key = 'sk-canary-0123456789abcdef';
    const added = await credentials.add({ upstream: 'main', key, weight: 2.5 });
    expect(added).toEqual({ ...added, upstream: 'main', weight: 2.5, hint: 'sk-canar***bcdef' });
    await expect(credentials.add({ upstream: 'main', key })).rejects.toThrow('has this key already');
    await credentials.add({ upstream: 'other', key });
    const stored = JSON.stringify(await db.selectFrom('credentials').selectAll().execute());
    expect(stored).not.toContain('0123456789');
    expect(JSON.stringify(await credentials.list())).not.toContain('0123456789');
    expect(await credentials.list({ upstream: 'main' })).toEqual([added]);
    expect(await credentials.open()).toMatchObject([
      { upstream: 'main', key, weight: 2.5 },
      { upstream: 'other', key },
    ]);
    expect(await credentials.update(added.id, { weight: null })).toEqual({ ...added, weight: undefined });
    expect(await credentials.update(added.id, { key: 'short' })).toMatchObject({ hint: '***' });
    expect((await credentials.open())[0]).toMatchObject({ key: 'short' });
    expect(await credentials.find(added.id)).toMatchObject({ hint: '***' });
    expect(await credentials.remove(added.id)).toBe(true);
    expect(await credentials.remove(added.id)).toBe(false);
  });

  test('an envelope moved to another row, or changed, does not open', async () => {
    const { credentials, db } = await open({ encryptionKeys: ['a long secret'] });
    await credentials.add({ upstream: 'a', key: 'key-of-a' });
    const other = await credentials.add({ upstream: 'b', key: 'key-of-b' });
    const [{ sealed }] = (await db
      .selectFrom('credentials')
      .select('sealed')
      .where('upstream', '=', 'a')
      .execute()) as [{ sealed: string }];
    const put = (text: string) =>
      db.updateTable('credentials').set({ sealed: text }).where('id', '=', other.id).execute();
    await put(sealed);
    await expect(credentials.open()).rejects.toThrow('sealed with another ENCRYPTION_KEY');
  });

  test('the encryption key: a wrong one is refused, a new one takes over while the old one is accepted', async () => {
    const place = await newPlace(database);
    const first = await openStorage({ place, encryptionKeys: ['old key'] });
    const { key } = await first.accessKeys.create({});
    await first.credentials.add({ upstream: 'main', key: 'theirs' });
    await expect(openStorage({ place, encryptionKeys: ['wrong'] })).rejects.toThrow(
      'is not the key that this database',
    );
    await expect(openStorage({ place })).rejects.toThrow('Set ENCRYPTION_KEY');
    const both = await open({ place, encryptionKeys: ['new key', 'old key'] });
    expect(await both.credentials.reencrypt()).toBe(1);
    expect(await both.credentials.reencrypt()).toBe(0);
    expect(await both.credentials.open()).toMatchObject([{ key: 'theirs' }]);
    await first.useKeys(['new key', 'old key']);
    await first.credentials.add({ upstream: 'other', key: 'theirs' });
    await expect(first.useKeys(['wrong'])).rejects.toThrow('is not the key that this database');
    expect(await first.credentials.open()).toHaveLength(2);
    await first.close();
    await expect(openStorage({ place, encryptionKeys: ['old key'] })).rejects.toThrow('ENCRYPTION_KEY');
    const after = await open({ place, encryptionKeys: ['new key'] });
    expect(await after.credentials.open()).toMatchObject([{ key: 'theirs' }, { key: 'theirs' }]);
    expect(await after.accessKeys.recognize(key)).toBeDefined();
  });

  test('without an encryption key a file beside the database does, but in production not for upstream keys', async () => {
    const place = await newPlace(database);
    const first = await open({ place });
    await first.credentials.add({ upstream: 'main', key: 'theirs' });
    expect(await (await open({ place })).credentials.open()).toMatchObject([{ key: 'theirs' }]);
    await expect(openStorage({ place, production: true })).rejects.toThrow('need an encryption key');
    const moving = await open({ place, encryptionKeys: ['at last'], production: true });
    expect(await moving.credentials.reencrypt()).toBe(1);
    const other = await open({ production: true });
    await expect(other.credentials.add({ upstream: 'main', key: 'theirs' })).rejects.toThrow('need an encryption key');
  });

  test('bans: put, replaced, lifted, swept', async () => {
    const { bans } = await open();
    await bans.put({ address: '10.0.0.1', reason: 'errors', since: 1, until: 10 });
    await bans.put({ address: '10.0.0.2', reason: 'by hand', since: 2 });
    await bans.put({ address: '10.0.0.1', reason: 'more errors', since: 1, until: 20 });
    expect(await bans.list()).toEqual([
      { address: '10.0.0.1', reason: 'more errors', since: 1, until: 20 },
      { address: '10.0.0.2', reason: 'by hand', since: 2 },
    ]);
    expect(await bans.sweep(19)).toBe(0);
    expect(await bans.sweep(20)).toBe(1);
    expect(await bans.lift('10.0.0.2')).toBe(true);
    expect(await bans.lift('10.0.0.2')).toBe(false);
  });

  test('sessions: found while they last, ended alone or all of somebody, their token not kept', async () => {
    const { sessions, db } = await open();
    const session = { subject: 'admin', role: 'admin', csrf: 'c', createdAt: 1, expiresAt: 100 };
    await sessions.create('the-token', { ...session, address: '::1' });
    await sessions.create('another', session);
    expect(JSON.stringify(await db.selectFrom('sessions').selectAll().execute())).not.toContain('the-token');
    expect(await sessions.find('the-token', 99)).toEqual({ ...session, address: '::1' });
    expect(await sessions.find('the-token', 100)).toBeUndefined();
    await sessions.prolong('the-token', 200);
    expect(await sessions.find('the-token', 100)).toMatchObject({ expiresAt: 200 });
    expect(await sessions.sweep(100)).toBe(1);
    await sessions.end('the-token');
    expect(await sessions.endAllOf('admin')).toBe(0);
  });

  test('audit: the latest first, in pages, secrets masked', async () => {
    const { audit } = await open();
    for (const object of ['one', 'two', 'three'])
      await audit.append({
        actor: 'cli:me',
        action: 'user.create',
        object,
        after: { name: object, key: 'sk-0123456789abcdefghij' },
      });
    await audit.append({
      actor: 'admin',
      address: '::1',
      action: 'user.remove',
      object: 'two',
      before: { name: 'two' },
    });
    const [last] = await audit.list({ limit: 1 });
    expect(last).toMatchObject({ actor: 'admin', address: '::1', before: { name: 'two' } });
    expect(last).not.toHaveProperty('after');
    expect(await audit.list({ limit: 10, before: last?.id ?? '' })).toHaveLength(3);
    expect(await audit.list({ limit: 10, object: 'two', actor: 'admin' })).toHaveLength(1);
    expect(JSON.stringify(await audit.list({ limit: 10 }))).not.toContain('0123456789');
    expect(await audit.sweep(Date.now() + 1)).toBe(4);
  });

  test('calls: each on record once, with its totals and other books, whatever comes twice', async () => {
    const { db, calls, totals } = await open();
    const booked: string[] = [];
    const book: Bookkeeping = { apply: async (_, some) => void booked.push(...some.map(({ row }) => row.requestId)) };
    const some = [call('a', {}), call('b', { model: 'm2', cost: { usd: 0.25 } }), call('a', {})];
    const enter = (batch: readonly StoredCall[], books: readonly Bookkeeping[]) =>
      db.transaction().execute((tx) =>
        bookNewOf(
          tx,
          batch.map((one) => entryOf(one)),
          books,
        ),
      );
    expect(await enter(some, [book])).toHaveLength(2);
    expect(await enter([...some, call('c', {})], [book])).toHaveLength(1);
    expect(booked).toEqual(['a', 'b', 'c']);
    await expect(
      enter([call('d', {})], [{ apply: () => Promise.reject(new Error('The books do not take it.')) }]),
    ).rejects.toThrow('do not take it');
    for (const batch of [
      [call('d', {}), call('c', {})],
      [call('d', {}), call('d', {})],
    ]) {
      const entries = batch.map((one) => entryOf(one));
      await expect(db.transaction().execute((tx) => bookCalls(tx, entries, [book]))).rejects.toThrow(SomeKnown);
    }
    expect(booked).toEqual(['a', 'b', 'c']);
    expect(await calls.count()).toBe(3);
    expect(await calls.find('b')).toEqual(some[1]);
    expect(await totals.list({ callerIds: ['key-1'] })).toMatchObject([
      { model: 'm1', calls: 2, inputTokens: 20, outputTokens: 8, costUsd: 0 },
      { model: 'm2', calls: 1, inputTokens: 10, outputTokens: 4, costUsd: 0.25 },
    ]);
    expect(await totals.list({ callerIds: [] })).toEqual([]);
  });

  test('calls that claim more tokens than a number holds can be summed', async () => {
    const { db, calls, totals } = await open();
    const many = Array.from({ length: 2000 }, (_, index) =>
      call(`r${index}`, { usage: { inputTokens: 2 ** 64, outputTokens: 1e308 }, cost: { usd: 1e9 } }),
    );
    await db.transaction().execute((tx) =>
      bookCalls(
        tx,
        many.map((one) => entryOf(one)),
        [],
      ),
    );
    const sum = 2000 * 2 ** 46;
    const spent = { inputTokens: sum, outputTokens: sum, costUsd: sum / 1e9 };
    expect(await calls.usage('model')).toMatchObject([{ calls: 2000, ...spent }]);
    expect(await totals.list()).toMatchObject([{ calls: 2000, ...spent }]);
  });

  test('calls: listed in pages, filtered, summed by group, swept; totals stay', async () => {
    const { db, calls, totals } = await open();
    const day = 86_400_000;
    const batch = Array.from({ length: 25 }, (_, index) =>
      call(`r${String(index).padStart(2, '0')}`, {
        startedAt: 20_000 * day + Math.floor(index / 10) * day,
        model: index % 5 === 0 ? 'rare' : 'usual',
        ...(index === 7 && { status: 502, failure: { kind: 'bad-upstream', message: 'down' } }),
        ...(index === 8 && { userId: 'user-1' }),
        ...(index !== 9 && { cost: { usd: 0.001 } }),
      }),
    );
    await db.transaction().execute((tx) =>
      bookCalls(
        tx,
        batch.map((one) => entryOf(one)),
        [],
      ),
    );
    const first = await calls.list({ limit: 10 });
    expect(first.map(({ requestId }) => requestId).slice(0, 6)).toEqual(['r24', 'r23', 'r22', 'r21', 'r20', 'r19']);
    const last = first[9] as StoredCall;
    expect((await calls.list({ limit: 100, before: last })).map(({ requestId }) => requestId)[0]).toBe('r14');
    expect(await calls.list({ limit: 100, before: last })).toHaveLength(15);
    expect(await calls.list({ limit: 100, failed: true })).toMatchObject([{ requestId: 'r07' }]);
    expect(await calls.count({ userId: 'user-1' })).toBe(1);
    expect(await calls.usage('model')).toEqual([
      { group: 'usual', calls: 20, failed: 1, inputTokens: 200, outputTokens: 80, costUsd: 0.019, unpriced: 1 },
      { group: 'rare', calls: 5, failed: 0, inputTokens: 50, outputTokens: 20, costUsd: 0.005, unpriced: 0 },
    ]);
    expect((await calls.usage('day')).map(({ group, calls: many }) => [group, many])).toEqual([
      ['2024-10-04', 10],
      ['2024-10-05', 10],
      ['2024-10-06', 5],
    ]);
    expect((await calls.usage('user', { since: 20_000 * day, until: 20_001 * day })).map(({ group }) => group)).toEqual(['', 'user-1']); // prettier-ignore
    expect(await calls.sweep(20_002 * day)).toBe(20);
    expect(await calls.count()).toBe(5);
    expect((await totals.list()).map(({ calls: many }) => many)).toEqual([5, 20]);
  });

  test('zeros, which PostgreSQL keeps in no text, are replaced wherever they come from', async () => {
    const { users, calls, audit, db } = await open();
    await users.create({ name: 'a\0b' });
    expect(await users.find('a\0b')).toMatchObject({ name: 'a\ufffdb' });
    await audit.append({ actor: 'x\0', action: 'user.create', object: 'o\0' });
    expect(await audit.list({ limit: 1, object: 'o\0' })).toHaveLength(1);
    const odd = {
      path: '/v1/\0',
      model: 'm\0',
      callerId: 'k\0',
      failure: { kind: 'server', message: 'half \ud800\0' },
    };
    await db.transaction().execute((tx) => bookCalls(tx, [entryOf(call('odd', odd))], []));
    expect(await calls.list({ limit: 9, model: 'm\0', callerId: 'k\0' })).toMatchObject([
      { path: '/v1/\ufffd', model: 'm\ufffd', failure: { message: 'half \ufffd\ufffd' } },
    ]);
  });

  test('prompts: kept once, the latest first, swept', async () => {
    const { prompts } = await open();
    const one = {
      requestId: 'a',
      startedAt: 1,
      endpoint: '/v1/messages',
      model: 'm',
      prompt: 'zero \0',
      response: 'x',
    };
    const two = { ...one, requestId: 'b', startedAt: 2, callerId: 'k', prompt: 'y', cut: true as const };
    await prompts.add([one]);
    await prompts.add([two, { ...one, prompt: 'again' }]);
    expect(await prompts.list({ limit: 9 })).toEqual([two, { ...one, prompt: 'zero \ufffd' }]);
    expect(await prompts.list({ limit: 1 })).toHaveLength(1);
    expect(await prompts.sweep(2)).toBe(1);
  });

  test('changes are told to whoever keeps copies, and not when nothing came of them', async () => {
    const { changes, users, accessKeys, credentials, bans } = await open();
    expect(await changes.numbers()).toEqual({});
    const heard: string[] = [];
    changes.listen((topic) => heard.push(topic));
    const { accessKey } = await accessKeys.create({});
    await accessKeys.update(accessKey.id, { name: 'a' });
    const ada = await users.create({ name: 'ada' });
    await users.update(ada.id, { disabled: 'left' });
    await credentials.add({ upstream: 'main', key: 'theirs' });
    await bans.put({ address: '::1', reason: 'x', since: 1 });
    expect(await changes.numbers()).toEqual({ callers: 3, credentials: 1, bans: 1 });
    await expect(credentials.add({ upstream: 'main', key: 'theirs' })).rejects.toThrow('already');
    expect(await changes.numbers()).toMatchObject({ credentials: 1 });
    expect(heard).toEqual(['callers', 'callers', 'callers', 'credentials', 'bans']);
  });
});

function call(requestId: string, more: Partial<StoredCall>): StoredCall {
  return {
    requestId,
    startedAt: 1_700_000_000_000,
    durationMs: 12.5,
    status: 200,
    callerId: 'key-1',
    model: 'm1',
    upstream: 'main',
    attempts: [],
    notices: [],
    usage: { inputTokens: 7, cacheReadTokens: 3, outputTokens: 4 },
    ...more,
  };
}
