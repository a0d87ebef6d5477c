import { describe, expect, test } from 'vitest';
import { until } from '../support.ts';
import { byHand, claudeGateway, question, send, upstreamKey } from './claude-gateway.ts';
import { services } from './vendors.ts';

// Acceptance rows D16–D18: what goes wrong on the way.

const languages = ['openai', 'gemini', 'claude'] as const;

describe('D16 an upstream’s refusal keeps its status, in Claude’s form, without secrets', () => {
  const statuses = [
    [400, 400, 'invalid_request_error'],
    [401, 401, 'authentication_error'],
    [404, 404, 'not_found_error'],
    [429, 429, 'rate_limit_error'],
    [500, 500, 'api_error'],
    // Claude's own status for it, which its clients wait longer for (translation fact E7).
    [503, 529, 'overloaded_error'],
  ] as const;
  const rows = languages.flatMap((language) => statuses.map((status) => [language, ...status] as const));

  test.each(rows)('%s: %i is %i %s', async (language, status, told, type) => {
    const words = `It went wrong with ${upstreamKey}`; // some vendors repeat the key
    for (const body of [services[language].error(status, words), '<html>It went wrong</html>']) {
      const { post, log, seen } = await claudeGateway(language, (response) => send(response, status, body));
      for (const stream of [false, true]) {
        const answer = await post({ ...question, stream });
        const text = await answer.text();
        expect([answer.status, answer.headers.get('content-type')], text).toEqual([told, 'application/json']);
        expect(JSON.parse(text)).toMatchObject({
          type: 'error',
          error: { type, message: expect.stringMatching(/\S/) as string },
        });
        if (typeof body === 'object') expect(text).toContain('It went wrong');
        expect(text).not.toContain(upstreamKey);
      }
      expect(seen).toHaveLength(2);
      log.flush();
      expect(log.lines.join('')).not.toContain(upstreamKey);
    }
  });
});

describe('D17 an error amid a stream', () => {
  test.each(languages)('of %s ends it with an error event, and nobody waits', async (language) => {
    const frames = services[language].frames({ text: ['one', 'two'] });
    const cut = frames.findIndex((frame) => frame.includes('one')) + 1;
    const error = JSON.stringify(services[language].error(500, 'It broke'));
    const { post, client } = await claudeGateway(language, (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const written = () => void (language === 'claude' && response.end());
      // The upstream holds its connection open, except that Claude's own is passed on as it is, end included.
      response.write(
        `${frames.slice(0, cut).join('')}${language === 'claude' ? 'event: error\n' : ''}data: ${error}\n\n`,
        written,
      );
    });
    const text = await (await post({ ...question, stream: true })).text();
    expect(text).toContain('"text":"one"');
    expect(text).toMatch(/event: error\ndata: \{"type":"error","error":\{[^\n]*It broke[^\n]*\}\n\n$/);
    expect(text).not.toContain('message_stop');
    await expect(client.messages.stream(question).finalMessage()).rejects.toThrow(/It broke/);
  });
});

describe('D18 a caller that goes away', () => {
  test.each(languages)('mid-stream aborts %s, and its key is used again', async (language) => {
    const frames = services[language].frames({ text: ['one', 'two'] });
    const { reply, begun } = byHand((response) => response.write(frames.slice(0, 2).join('')));
    const upstream = { apiKeys: ['key-1', 'key-2'] };
    const { url, post, seen, log } = await claudeGateway(
      language,
      [reply, (response) => send(response, 200, services[language].whole({ text: ['hi'] }))],
      {
        base: language === 'gemini' ? '/v1beta' : '/v1',
        upstream,
      },
    );
    const leaving = new AbortController();
    const headers = { 'content-type': 'application/json', 'x-api-key': 'our-own-access-key' };
    const body = JSON.stringify({ ...question, stream: true });
    const answer = await fetch(`${url}/v1/messages`, { method: 'POST', headers, body, signal: leaving.signal });
    await begun;
    await answer.body?.getReader().read();
    leaving.abort();
    await seen[0]?.cut;
    expect((await post(question)).status).toBe(200);
    expect(seen.map((one) => (one.headers[services[language].keyHeader] as string).slice(-1))).toEqual(['1', '1']);
    await until('the call is in the log as its caller’s doing', () => {
      log.flush();
      return log.lines.some((line) => line.includes('client-gone'));
    });
  });

  test('before the answer began aborts the upstream too', async () => {
    const { url, seen, post } = await claudeGateway(
      'openai',
      [() => undefined, (response) => send(response, 200, services.openai.whole({ text: ['hi'] }))],
      { base: '/v1', upstream: { apiKeys: ['key-1', 'key-2'] } },
    );
    const leaving = new AbortController();
    const headers = { 'content-type': 'application/json', 'x-api-key': 'our-own-access-key' };
    const body = JSON.stringify(question);
    const answer = fetch(`${url}/v1/messages`, { method: 'POST', headers, body, signal: leaving.signal });
    await until('the upstream was asked', () => seen.length === 1);
    leaving.abort();
    await expect(answer).rejects.toThrow('aborted');
    await seen[0]?.cut;
    expect((await post(question)).status).toBe(200);
    expect(seen.map((one) => one.headers.authorization)).toEqual(['Bearer key-1', 'Bearer key-1']);
  });
});
