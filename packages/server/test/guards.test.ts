import {
  createGateway,
  memoryCallers,
  memoryCounters,
  openai,
  systemClock,
  type Role,
  type Transport,
} from '@proxy/core';
import { describe, expect, test } from 'vitest';
import type { GuardSet } from '../src/config/guards.ts';
import { Bans, type BanStore } from '../src/guards/bans.ts';
import { policiesOf } from '../src/guards/policies.ts';

const chat = { model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi' }] };
const picture = {
  ...chat,
  messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://pictures.test/1.png' } }] }],
};

/** The status for a caller of each role, under one set of rules. */
async function statuses(rules: GuardSet, body: object, times = 1): Promise<Readonly<Record<Role, number>>> {
  const roles: readonly Role[] = ['normal', 'temporary', 'special', 'admin'];
  const transport: Transport = {
    send: async () => ({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: {
        start(sink) {
          sink.write('{"id":"c","object":"chat.completion","choices":[]}');
          sink.end();
          return { resume: () => undefined, cancel: () => undefined };
        },
      },
    }),
  };
  const counters = memoryCounters(systemClock);
  const gateway = createGateway({
    upstreams: [{ name: 'oa', provider: openai, credentials: [{ id: 'a', secret: 's' }] }],
    policies: policiesOf({ trustedProxies: 0, sets: [rules] }, { counters }),
    ports: { transport, counters, callers: memoryCallers(roles.map((role) => ({ id: role, accessKey: role, role }))) },
  });
  const ask = (role: Role) =>
    gateway.handle({
      method: 'POST',
      url: '/v1/chat/completions',
      headers: { authorization: `Bearer ${role}`, 'content-type': 'application/json' },
      body: new TextEncoder().encode(JSON.stringify(body)),
      signal: new AbortController().signal,
    });
  const found: Partial<Record<Role, number>> = {};
  for (const role of roles) for (let count = 0; count < times; count += 1) found[role] = (await ask(role)).status;
  return found as Record<Role, number>; // each of them has been asked
}

describe('C13, C21, C24, C25: special callers are exempt from', () => {
  test('the gate for pictures', async () => {
    expect(await statuses({ images: false }, picture)).toEqual({
      normal: 403,
      temporary: 403,
      special: 200,
      admin: 200,
    });
  });

  test('the cap of prompts', async () => {
    const long = { ...chat, messages: [{ role: 'user', content: 'word '.repeat(100) }] };
    const expected = { normal: 400, temporary: 400, special: 200, admin: 200 };
    expect(await statuses({ maxContextTokens: 50 }, long)).toEqual(expected);
  });

  test('rates of models', async () => {
    const expected = { normal: 429, temporary: 429, special: 200, admin: 200 };
    expect(await statuses({ rates: { textPerMinute: 1 } }, chat, 2)).toEqual(expected);
  });

  test('and from nothing else', async () => {
    for (const rules of [{ models: { deny: ['gpt-*'] } }, { deny: ['0.0.0.0/0'], allow: ['10.0.0.0/8'] }])
      expect(new Set(Object.values(await statuses(rules, chat)))).toEqual(new Set([403]));
  });
});

describe('bans', () => {
  const clock = { ms: 1_000_000, now: () => clock.ms };
  const kept = (bans: Parameters<Parameters<BanStore['load']>[0]>[0]): BanStore => ({
    load: (take) => take(bans),
    put: () => undefined,
  });

  test('ranges count as well as addresses, until they end', () => {
    const bans = new Bans(clock);
    void bans.keepIn(
      kept([
        { address: '192.0.2.0/24', reason: '', since: 0, until: clock.ms + 1000 },
        { address: '2001:db8::1', reason: '', since: 0 },
      ]),
      undefined,
    );
    const banned = () => ['192.0.2.9', '192.0.3.9', '2001:db8::1'].map((one) => bans.banned(one) !== undefined);
    expect(banned()).toEqual([true, false, true]);
    clock.ms += 1001;
    expect(banned()).toEqual([false, false, true]);
  });

  test('a ban of a while ends, and faults begin anew', () => {
    const bans = new Bans(clock);
    bans.configure({ errors: 2, windowSeconds: 10, banSeconds: 5 });
    bans.fault('192.0.2.1', 'wrong_key');
    expect(bans.banned('192.0.2.1')).toBeUndefined();
    bans.fault('192.0.2.1', 'wrong_key');
    expect(bans.banned('192.0.2.1')).toMatchObject({ reason: '2 errors, the last wrong_key' });
    clock.ms += 5001;
    expect(bans.banned('192.0.2.1')).toBeUndefined();
    bans.fault('192.0.2.1', 'wrong_key');
    expect(bans.banned('192.0.2.1')).toBeUndefined();
  });

  test('faults begin anew when somebody has lifted the ban', () => {
    let read: Parameters<BanStore['load']>[0] = () => undefined;
    const bans = new Bans(clock);
    const store: BanStore = { load: (take) => (read = take)([]), put: (ban) => read([ban]) };
    void bans.keepIn(store, { errors: 2, windowSeconds: 10 });
    bans.fault('192.0.2.1', 'wrong_key');
    bans.fault('192.0.2.1', 'wrong_key');
    expect(bans.banned('192.0.2.1')).toBeDefined();
    read([]);
    bans.fault('192.0.2.1', 'wrong_key');
    expect(bans.banned('192.0.2.1')).toBeUndefined();
  });

  test('nobody without an address is banned, and without the rule nobody at all', () => {
    const bans = new Bans(clock);
    bans.configure({ errors: 1, windowSeconds: 10 });
    bans.fault('', 'wrong_key');
    expect(bans.banned('')).toBeUndefined();
    bans.configure(undefined);
    bans.fault('192.0.2.1', 'wrong_key');
    expect([bans.banned('192.0.2.1'), bans.needed]).toEqual([undefined, false]);
  });
});
