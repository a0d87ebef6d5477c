import { describe, expect, test } from 'vitest';
import type { Token } from '../auth/tokens.ts';
import { azure } from '../providers/azure.ts';
import { chatReply, placeAt, say } from '../testing/places.ts';
import { createTokens } from './tokens.ts';

function tokensAt() {
  let now = 1_000_000;
  const tokens = createTokens({
    clock: { now: () => now },
    transport: {
      async send() {
        throw new Error('not asked');
      },
    },
  });
  let asked = 0;
  const fetch = async (): Promise<Token> => ({ value: `t${(asked += 1)}`, lifetimeSeconds: 3600 });
  return { tokens, fetch, asked: () => asked, pass: (seconds: number) => void (now += seconds * 1000) };
}

describe('tokens', () => {
  test('one for all who ask at once, and for an hour less five minutes', async () => {
    const { tokens, fetch, asked, pass } = tokensAt();
    expect(await Promise.all([1, 2, 3].map(() => tokens.get('a', fetch)))).toEqual(['t1', 't1', 't1']);
    pass(3600 - 301);
    expect([await tokens.get('a', fetch), asked()]).toEqual(['t1', 1]);
  });

  test('renewed before its end, while it goes on serving', async () => {
    const { tokens, fetch, asked, pass } = tokensAt();
    await tokens.get('a', fetch);
    pass(3600 - 299);
    expect(await Promise.all([1, 2].map(() => tokens.get('a', fetch)))).toEqual(['t1', 't1']);
    await Promise.resolve();
    expect(asked()).toBe(2);
    expect(await tokens.get('a', fetch)).toBe('t2');
  });

  test('a renewal that fails leaves the old one, until its end', async () => {
    const { tokens, fetch, pass } = tokensAt();
    await tokens.get('a', fetch);
    pass(3600 - 299);
    const fail = () => Promise.reject(new Error('down'));
    expect(await tokens.get('a', fail)).toBe('t1');
    pass(300);
    await expect(tokens.get('a', fail)).rejects.toThrow('down');
    expect(await tokens.get('a', fetch)).toBe('t2');
  });

  test('a short-lived one is kept for four fifths of its life', async () => {
    const { tokens, asked, fetch, pass } = tokensAt();
    const short = async () => ({ ...(await fetch()), lifetimeSeconds: 100 });
    await tokens.get('a', short);
    pass(79);
    await tokens.get('a', short);
    expect(asked()).toBe(1);
    pass(2);
    await tokens.get('a', short);
    expect(asked()).toBe(2);
  });

  test('each credential has its own, and one that was refused is forgotten', async () => {
    const { tokens, fetch } = tokensAt();
    expect([await tokens.get('a', fetch), await tokens.get('b', fetch)]).toEqual(['t1', 't2']);
    tokens.forget('a');
    expect([await tokens.get('a', fetch), await tokens.get('b', fetch)]).toEqual(['t3', 't2']);
  });
});

test('a token that the upstream refuses before its time is fetched anew for the next request', async () => {
  let issued = 0;
  const place = placeAt(
    azure,
    { settings: { resource: 'c' }, credentials: [{ id: 'k', secret: 'entra:t:c:s' }] },
    ({ url, headers }) => {
      if (url.endsWith('/token')) return { body: { access_token: `token-${(issued += 1)}`, expires_in: 3600 } };
      if (headers.authorization === 'Bearer token-1')
        return { status: 401, body: { error: { message: 'token-1 is over' } } };
      return { body: chatReply };
    },
  );
  const first = await place.ask('/v1/chat/completions', say('gpt-4o'));
  expect([first.status, first.text]).toEqual([401, expect.stringContaining('*** is over')]);
  expect((await place.ask('/v1/chat/completions', say('gpt-4o'))).status).toBe(200);
  expect(issued).toBe(2);
});

test('a caller who leaves does not take the token of others along', async () => {
  const place = placeAt(
    azure,
    { settings: { resource: 'c' }, credentials: [{ id: 'k', secret: 'entra:t:c:s' }] },
    ({ url, signal }) => {
      if (url.endsWith('/token') && signal.aborted) throw new Error('aborted');
      return { body: url.endsWith('/token') ? { access_token: 'token', expires_in: 3600 } : chatReply };
    },
  );
  expect((await place.ask('/v1/chat/completions', say('gpt-4o'))).status).toBe(200);
  expect(place.requests[0]?.signal).not.toBe(place.requests[1]?.signal);
});
