import { describe, expect, test } from 'vitest';
import { folder, load, start } from '../support.ts';
import { ask } from './ask.ts';
import { vendor } from './vendor.ts';

/** Row D37: `POST /{type}/{provider_url}/v1/messages` with the caller's own key, and the guard in front of it. */

const question = { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] };
const theirs = { 'x-api-key': 'their-key-0123456789' };

/** The vendor is on this machine, which only this configuration allows. */
async function allowing(answer?: Parameters<typeof vendor>[0]) {
  const upstream = await vendor(answer);
  const server = await start({
    cwd: folder({ 'proxy.config.yaml': 'doors: { addresses: { allow: [127.0.0.0/8] } }' }),
  });
  return { upstream, ...server };
}

describe('D37 the door', () => {
  test('closed unless configured', async () => {
    const upstream = await vendor();
    const { url } = await start();
    const answer = await ask(url, `/openai/${upstream.url}/v1/messages`, { headers: theirs, body: question });
    expect(answer.status).toBe(404);
    expect(upstream.seen).toEqual([]);
    expect(load(folder()).doors.addresses).toBeUndefined();
  });

  test.each([
    ['openai', '/v1', '/v1/chat/completions', 'authorization', 'Bearer their-key-0123456789'],
    ['openai', '', '/v1/chat/completions', 'authorization', 'Bearer their-key-0123456789'],
    ['openaiold', '/v1', '/v1/chat/completions', 'authorization', 'Bearer their-key-0123456789'],
    ['gemini', '/v1beta', '/v1beta/models/m:generateContent', 'x-goog-api-key', 'their-key-0123456789'],
    ['claude', '/v1', '/v1/messages', 'authorization', 'Bearer their-key-0123456789'],
  ])('%s at …%s, with the caller’s key of that provider', async (type, version, path, header, shown) => {
    const { url, upstream } = await allowing();
    for (const address of [upstream.url, upstream.url.replace('://', ':/'), encodeURIComponent(upstream.url)]) {
      const answer = await ask(url, `/${type}/${address}${version}/v1/messages`, { headers: theirs, body: question });
      expect(answer.json()).toMatchObject({
        type: 'message',
        role: 'assistant',
        content: [{ type: 'text', text: 'hi' }],
      });
      expect(upstream.seen.at(-1)?.url).toBe(path);
      expect(upstream.seen.at(-1)?.headers[header]).toBe(shown);
    }
  });

  test('openai asks for max_completion_tokens, openaiold for max_tokens', async () => {
    const { url, upstream } = await allowing();
    for (const type of ['openai', 'openaiold'])
      await ask(url, `/${type}/${upstream.url}/v1/v1/messages`, { headers: theirs, body: question });
    const [modern, old] = upstream.seen.map(({ body }) => Object.keys(JSON.parse(body) as object));
    expect(modern).toContain('max_completion_tokens');
    expect(old).toContain('max_tokens');
  });

  test.each([
    ['GET', '/openai/https://api.example/v1/messages', theirs, 405, 'POST'],
    ['POST', '/openai/v1/messages', theirs, 400, 'Invalid path format. Expected: /{type}/{provider_url}/v1/messages'],
    ['POST', '/openai/https://api.example/v1/chat', theirs, 404, 'Path must end with /v1/messages'],
    ['POST', '/openai/https://api.example/v1/messages', {}, 401, 'x-api-key'],
    ['POST', '/nobody/https://api.example/v1/messages', theirs, 400, 'Unknown type "nobody"'],
    ['POST', '/openai/https://user:pass@api.example/v1/messages', theirs, 400, 'without user and password'],
  ])('%s %s with %j: %d', async (method, path, headers, status, words) => {
    const { url } = await allowing();
    const answer = await ask(url, path, {
      method,
      headers: { ...headers },
      ...(method === 'POST' && { body: question }),
    });
    expect(answer.status).toBe(status);
    expect(answer.json()).toMatchObject({
      type: 'error',
      error: { message: expect.stringMatching(RegExp(words.replace(/[{}.?]/g, '.'), 'i')) as string },
    });
  });

  test('redirections are not followed', async () => {
    const inside = await vendor();
    const { url, upstream } = await allowing((_request, response) => {
      response.writeHead(307, { location: `${inside.url}/v1/chat/completions` }).end();
    });
    const answer = await ask(url, `/openai/${upstream.url}/v1/v1/messages`, { headers: theirs, body: question });
    expect(answer.status).toBe(502);
    expect(inside.seen).toEqual([]);
  });

  test('calls are limited and written down as every other, and no key is', async () => {
    const upstream = await vendor();
    const config = 'doors: { addresses: { allow: [127.0.0.1] } }\nlimits: { requestsPerMinute: 1 }';
    const { url, log } = await start({ cwd: folder({ 'proxy.config.yaml': config }) });
    const asked = () => ask(url, `/claude/${upstream.url}/v1/messages`, { headers: theirs, body: question });
    expect([(await asked()).status, (await asked()).status]).toEqual([200, 429]);
    log.flush();
    const lines = log.lines.join('');
    expect(lines).toMatch(/own-[0-9a-f]{12}/);
    expect(lines).not.toContain(theirs['x-api-key']);
  });
});

describe('D37 the guard', () => {
  /** A server of this machine, which nobody may reach by naming an address. */
  async function guarded(config = 'doors: { addresses: true }') {
    const upstream = await vendor();
    const server = await start({ cwd: folder({ 'proxy.config.yaml': config }) });
    return { ...server, upstream, port: new URL(upstream.url).port };
  }

  test.each([
    ['dotted', '127.0.0.1'],
    ['decimal', '2130706433'],
    ['hexadecimal', '0x7f000001'],
    ['hexadecimal, in parts', '0x7f.0.0.1'],
    ['octal', '0177.0.0.1'],
    ['octal, whole', '017700000001'],
    ['short', '127.1'],
    ['unspecified', '0.0.0.0'],
    ['unspecified, short', '0'],
    ['a name', 'localhost'],
    ['full-width digits', encodeURIComponent('１２７．０．０．１')],
    ['IPv6', '[::1]'],
    ['IPv6, long', '[0:0:0:0:0:0:0:1]'],
    ['mapped', '[::ffff:127.0.0.1]'],
    ['mapped, hexadecimal', '[::ffff:7f00:1]'],
    ['compatible', '[::127.0.0.1]'],
    ['NAT64', '[64:ff9b::7f00:1]'],
    ['NAT64, local', '[64:ff9b:1::7f00:1]'],
    ['6to4', '[2002:7f00:1::]'],
  ])('loopback, %s (%s): 403, and nobody is asked', async (_form, host) => {
    const { url, upstream, port } = await guarded();
    const answer = await ask(url, `/openai/http://${host}:${port}/v1/messages`, { headers: theirs, body: question });
    expect(answer.json()).toMatchObject({ type: 'error', error: { type: 'permission_error' } });
    expect(answer.status).toBe(403);
    expect(upstream.seen).toEqual([]);
  });

  test.each([
    '10.0.0.1',
    '169.254.169.254',
    '192.168.0.1',
    '172.16.0.1',
    '100.64.0.1',
    '168.63.129.16',
    '[fd00:ec2::254]',
    '[fe80::1]',
  ])('%s: 403', async (host) => {
    const { url } = await guarded();
    expect((await ask(url, `/claude/http://${host}/v1/messages`, { headers: theirs, body: question })).status).toBe(
      403,
    );
  });

  test('a name that nobody knows is an upstream that cannot be reached', async () => {
    const { url } = await guarded();
    const answer = await ask(url, '/claude/http://nobody.invalid/v1/messages', { headers: theirs, body: question });
    expect(answer.status).toBe(502);
  });

  test('no other scheme is an address', async () => {
    const { url } = await guarded();
    for (const address of ['file:///etc/passwd', 'gopher://127.0.0.1', 'unix:/var/run/docker.sock'])
      expect((await ask(url, `/openai/${address}/v1/messages`, { headers: theirs, body: question })).status).toBe(400);
  });

  test('the address of one caller is no way to another’s upstream, nor to ours', async () => {
    const { url, upstream } = await allowing();
    const path = `/claude/${upstream.url}/v1/messages`;
    await ask(url, `${path}?upstream=demo`, {
      headers: { ...theirs, 'x-proxy-upstream': 'demo' },
      body: { ...question, model: 'demo/demo' },
    });
    expect(upstream.seen).toHaveLength(1);
  });

  test('a range that is none stops the start', () => {
    const yaml = 'doors: { addresses: { allow: [10.0.0.0/99] } }';
    expect(() => load(folder({ 'proxy.config.yaml': yaml }))).toThrow('doors.addresses');
  });
});
