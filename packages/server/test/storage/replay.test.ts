import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { budgetBooks } from '../../src/budgets/sql-store.ts';
import type { Bookkeeping } from '../../src/storage/book-calls.ts';
import { entryOf } from '../../src/storage/entry.ts';
import { asideIn, asideLine, asideName } from '../../src/storage/journal/aside.ts';
import { tryLock } from '../../src/storage/journal/lock.ts';
import { replayAside, takenFrom } from '../../src/storage/journal/replay.ts';
import { openStorage } from '../../src/storage/open.ts';
import { beside, placeOf } from '../../src/storage/place.ts';
import type { StoredCall } from '../../src/storage/stored-call.ts';
import { commandLine } from '../command-line.ts';
import { databases, newPlace } from '../databases.ts';
import { ask } from '../rows/ask.ts';
import { vendor } from '../rows/vendor.ts';
import { folder, start, until } from '../support.ts';

const call = (requestId: string, more: Partial<StoredCall> = {}): StoredCall => ({
  requestId,
  startedAt: 1000,
  durationMs: 5,
  status: 200,
  callerId: 'k',
  model: 'gpt-x',
  usage: { inputTokens: 10, outputTokens: 2 },
  cost: { usd: 0.5 },
  charges: [{ budget: 'k:tokens/month', of: 'tokens', amount: 12, endsAt: 0 }],
  attempts: [],
  notices: [],
  ...more,
});
/** As JSON writes a duration that is no number. */
const bad = (requestId: string) => call(requestId, { durationMs: Number.NaN });
const lineOf = (one: StoredCall, reason = 'as it was then') => asideLine(entryOf(one).row, reason);

interface Line {
  readonly reason: string;
  readonly record: StoredCall;
}
const linesOf = (path: string) =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

describe.each(databases)('records that were refused, on $name', (database) => {
  async function refusedBefore(...lines: readonly string[]) {
    const place = await newPlace(database);
    const storage = await openStorage({ place });
    onTestFinished(() => storage.close());
    const path = join(folder(), asideName);
    writeFileSync(path, lines.join(''));
    const spent = async () => (await storage.db.selectFrom('budgetBooks').select('spent').execute()).map(Number0);
    return { storage, path, spent, replay: (...books: Bookkeeping[]) => replayAside(storage.db, path, books) };
  }
  const Number0 = ({ spent }: { readonly spent: unknown }) => Number(spent);

  test('go on record with totals and budgets, once; the rest stays with the new reason', async () => {
    const half = '{"refusedAt":"2026-01-01T00:00:00.000Z","reas';
    const { storage, path, spent, replay } = await refusedBefore(
      lineOf(call('a')),
      lineOf(bad('b')),
      `${half}\n`,
      lineOf(call('c')),
      lineOf(call('a')),
    );
    const reason = expect.stringMatching(/not.null/i) as string;
    const refused = [{ requestId: 'b', reason }];
    expect(await replay(budgetBooks)).toEqual({ added: 2, already: 0, refused, unreadable: 1 });
    expect(await storage.calls.count()).toBe(2);
    const totals = [{ callerId: 'k', model: 'gpt-x', calls: 2, inputTokens: 20, outputTokens: 4, costUsd: 1 }];
    expect(await storage.totals.list()).toMatchObject(totals);
    expect(await spent()).toEqual([24]);
    const [torn, left] = readFileSync(path, 'utf8').split('\n');
    expect(torn).toBe(half);
    expect(JSON.parse(left ?? '')).toMatchObject({ reason, record: { requestId: 'b', durationMs: null } });
    expect([existsSync(takenFrom(path)), statSync(path).mode & 0o777]).toEqual([false, 0o600]);

    appendFileSync(path, lineOf(call('a')));
    expect(await replay(budgetBooks)).toEqual({ added: 0, already: 1, refused, unreadable: 1 });
    expect(await storage.totals.list()).toMatchObject(totals);
    expect(await spent()).toEqual([24]);
  });

  test('leave no file behind when the database takes them all, however many they are', async () => {
    const ids = Array.from({ length: 700 }, (_, index) => `r${index}`);
    const { storage, path, replay } = await refusedBefore(...ids.map((id) => lineOf(call(id))));
    expect(await replay()).toMatchObject({ added: 700, refused: [] });
    expect(await storage.calls.count()).toBe(700);
    expect(existsSync(path)).toBe(false);
    expect(await replay()).toEqual({ added: 0, already: 0, refused: [], unreadable: 0 });
  });

  test('that a server sets aside meanwhile are kept', async () => {
    const { path, replay } = await refusedBefore(lineOf(call('a')));
    const aside = asideIn(join(path, '..'), () => undefined);
    const meanwhile: Bookkeeping = {
      apply: async () => aside(entryOf(call('b')), new Error('No.')),
    };
    expect(await replay(meanwhile)).toMatchObject({ added: 1 });
    expect(linesOf(path)).toMatchObject([{ reason: 'No.', record: { requestId: 'b' } }]);
  });

  test('are all there again when the database goes away, and one run at a time is at them', async () => {
    const { storage, path, replay } = await refusedBefore(lineOf(call('a')), lineOf(bad('b')));
    const away: Bookkeeping = { apply: () => Promise.reject(new Error('away')) };
    await expect(replay(away)).rejects.toThrow('away');
    expect(linesOf(path).map(({ record }) => record.requestId)).toEqual(['a', 'b']);
    expect(await storage.calls.count()).toBe(0);
    const lock = tryLock(`${path}.lock`);
    expect(await replay()).toBeUndefined();
    lock?.release();
    expect(await replay()).toMatchObject({ added: 1 });
  });

  test('of a run that was killed are taken up by the next', async () => {
    const { path, replay } = await refusedBefore(lineOf(call('a')), lineOf(bad('b')));
    renameSync(path, takenFrom(path));
    writeFileSync(path, lineOf(bad('b'), 'newer') + lineOf(call('c')));
    expect(await replay()).toMatchObject({ added: 2, refused: [{ requestId: 'b' }] });
    expect(linesOf(path)).toHaveLength(1);
    expect(existsSync(takenFrom(path))).toBe(false);
  });

  test('proxy logs replay puts them on record beside a running server', async () => {
    const upstream = await vendor();
    const storage = await database.address();
    const upstreams = `upstreams: [{ name: oa, provider: openai, baseUrl: "${upstream.url}", apiKeys: [k-0123456789] }]`;
    const cwd = folder({ 'proxy.config.yaml': `storage: ${storage}\nadmin: { key: admin-0123456789 }\n${upstreams}` });
    const run = (...args: string[]) => commandLine(cwd, ['logs', ...args]);
    const server = await start({ cwd, env: { BASE_PATH: cwd } });
    const path = join(beside(placeOf(storage, cwd), 'calls') ?? '', asideName);
    expect(await run('replay')).toMatchObject({ code: 0, out: `No record has been set aside: ${path} is empty.\n` });

    writeFileSync(path, lineOf(call('req_a')) + lineOf(bad('req_b')));
    const { code, out } = await run('replay');
    expect(code).toBe(1);
    expect(out).toMatch(/^On record now: 1\. On record before: 0\. Refused again: 1\.\n {2}req_b: .*not.null.*\n/i);
    expect(out).toContain(`What was not taken is in ${path}.`);
    const headers = { authorization: 'Bearer admin-0123456789' };
    await until('the server has it', async () => {
      const { text } = await ask(server.url, '/admin/api/v1/calls', { headers });
      return text.includes('req_a');
    });
    expect((await ask(server.url, '/admin/api/v1/audit', { headers })).text).toContain('call.replay');

    const again = await run('replay', '--json');
    expect([again.code, JSON.parse(again.out)]).toMatchObject([1, { file: path, added: 0, already: 0, refused: [{ requestId: 'req_b' }], unreadable: 0 }]); // prettier-ignore
    writeFileSync(path, lineOf(call('req_a')) + lineOf(call('req_b')));
    expect(await run('replay')).toMatchObject({ code: 0, out: 'On record now: 1. On record before: 1. Refused again: 0.\n' }); // prettier-ignore
    expect((await run('--json', '-n', '5')).out).toContain('req_b');
  });
});

test('proxy logs replay takes a file, and says what it cannot do', async () => {
  const cwd = folder({ 'proxy.config.yaml': 'upstreams: [{ name: demo, provider: demo }]', 'kept.jsonl': lineOf(call('a')) }); // prettier-ignore
  const run = (...args: string[]) => commandLine(cwd, ['logs', 'replay', ...args]);
  const missing = await run('nowhere.jsonl');
  expect([missing.code, missing.err]).toEqual([1, `There is no file ${join(cwd, 'nowhere.jsonl')}.\n`]);
  const lock = tryLock(join(cwd, 'kept.jsonl.lock'));
  const busy = await run('kept.jsonl');
  expect([busy.code, busy.err]).toMatchObject([1, expect.stringContaining('Another "proxy logs replay"') as string]);
  lock?.release();
  expect(await run('kept.jsonl')).toMatchObject({ code: 0 });
  expect((await commandLine(cwd, ['logs'])).out).toContain('gpt-x');
  mkdirSync(join(cwd, 'folder.jsonl'));
  const folded = await run('folder.jsonl');
  expect([folded.code, folded.err]).toMatchObject([
    1,
    expect.stringContaining('cannot be put on record now') as string,
  ]);
  expect(existsSync(join(cwd, 'folder.jsonl'))).toBe(true);
});
