import { describe, expect, test } from 'vitest';
import { familyOf } from '../../src/guards/families.ts';
import { until } from '../support.ts';
import { ask } from './ask.ts';
import { chat, from, guarded, paths, question } from './guarded.ts';

/** Rows C21 and C23 to C26 of the acceptance list: what may be asked for. */

const picture = {
  ...chat,
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is it?' },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
      ],
    },
  ],
};

describe('C21 rates of models', () => {
  test('four a minute of one address, with headers that count down and seconds to wait', async () => {
    const { asked, upstream } = await guarded({ env: { TEXT_MODEL_RATE_LIMIT: '4', TRUSTED_PROXIES: '1' } });
    const answers = [];
    for (let count = 0; count < 5; count += 1) answers.push(await asked(from('1.1.1.1')));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 429]);
    expect(answers.map(({ headers }) => headers['x-ratelimit-remaining'])).toEqual(['3', '2', '1', '0', '0']);
    const refused = answers.at(-1);
    expect(refused?.headers['x-ratelimit-limit']).toBe('4');
    expect(refused?.json()).toMatchObject({ error: { code: 'proxy_rate_limited' } });
    const seconds = Number(refused?.headers['retry-after']);
    expect(seconds).toBeGreaterThan(30);
    expect(seconds).toBeLessThanOrEqual(61);
    expect((await asked(from('2.2.2.2'))).status).toBe(200);
    expect(upstream.seen).toHaveLength(5);
  });

  test('callers with a key are counted by it, in every dialect alike', async () => {
    const config = 'accessKeys: [first-0123456789, second-0123456789]\nguards: { rates: { textPerMinute: 1 } }';
    const { asked } = await guarded({ config });
    expect((await asked({ 'x-api-key': 'first-0123456789' })).status).toBe(200);
    expect((await asked({ 'x-api-key': 'first-0123456789' }, question, paths.messages)).status).toBe(429);
    expect((await asked({ 'x-api-key': 'second-0123456789' })).status).toBe(200);
  });

  test('images have a rate of their own', async () => {
    const { url } = await guarded({ env: { TEXT_MODEL_RATE_LIMIT: '9', IMAGE_MODEL_RATE_LIMIT: '1' } });
    const draw = () => ask(url, '/v1/images/generations', { body: { model: 'oa/dall-e-3', prompt: 'A cat' } });
    expect([(await draw()).status, (await draw()).status]).toEqual([200, 429]);
  });

  test('a prompt that is filtered costs nothing', async () => {
    const env = { TEXT_MODEL_RATE_LIMIT: '1', REJECT_PHRASES: 'forbidden words' };
    const { asked } = await guarded({ config: 'guards: { phrases: { deny: [other words], delaySeconds: 0 } }', env });
    const filtered = await asked(
      {},
      { ...chat, messages: [{ role: 'user', content: 'OTHER  words'.replace('  ', ' ') }] },
    );
    expect(filtered.status).toBe(400);
    expect((await asked()).status).toBe(200);
    expect((await asked()).status).toBe(429);
  });

  test('what a later limit refuses is given back', async () => {
    const config = 'guards: { rates: { textPerMinute: 2 } }\nlimits: { requestsPerMinute: 1 }';
    const { asked } = await guarded({ config });
    const [first, second, third] = [await asked(), await asked(), await asked()];
    expect([first.status, second.status, third.status]).toEqual([200, 429, 429]);
    expect(third.text).toContain('requests per minute');
  });
});

describe('C23 phrases', () => {
  const say = (text: string) => ({ ...chat, messages: [{ role: 'user', content: text }] });

  test('whatever the case, wherever it stands: 400 with the message', async () => {
    const env = { REJECT_PHRASES: '"one, two",Three', REJECT_MESSAGE: 'Not that.' };
    const config = 'guards: { trustedProxies: 1 }';
    const { asked, upstream } = await guarded({ env, config });
    const bodies = [
      [say('It is ONE, TWO.'), paths.chat],
      [{ ...question, system: 'twenty thrEE' }, paths.messages],
      [
        { model: 'oa/gpt-4o', input: [{ role: 'user', content: [{ type: 'input_text', text: 'three' }] }] },
        '/v1/responses',
      ],
      [{ contents: [{ role: 'user', parts: [{ text: 'thr\u0065e' }] }] }, '/v1beta/models/oa/gpt-4o:generateContent'],
      [{ model: 'oa/gpt-3.5-turbo-instruct', prompt: 'three' }, '/v1/completions'],
    ] as const;
    for (const [index, [body, path]] of bodies.entries()) {
      const refused = await asked(from(`1.1.1.${index}`), body, path);
      expect([refused.status, refused.text.includes('Not that.')], path).toEqual([400, true]);
    }
    expect((await asked({}, say('one and two'))).status).toBe(200);
    expect(upstream.seen).toHaveLength(1);
  });

  test('in a long text without a space, but in no file; however deep the request is', async () => {
    const { asked } = await guarded({ config: 'guards: { phrases: { deny: [禁止, bad], delaySeconds: 0 } }' });
    const long = '好'.repeat(5000);
    for (const text of [`${long}禁止`, `${'line\n'.repeat(1000)}bad`])
      expect((await asked({}, say(text))).status, text.slice(0, 9)).toBe(400);
    for (const text of [long, `${'A'.repeat(5000)}bad`]) expect((await asked({}, say(text))).status).toBe(200);
    const { url } = await guarded({ config: 'guards: { phrases: { deny: [bad], delaySeconds: 0 } }' });
    const deep = (inner: string) =>
      `${JSON.stringify(say('Hi')).slice(0, -1)},"metadata":${'['.repeat(9000)}${inner}${']'.repeat(9000)}}`;
    const headers = { 'content-type': 'application/json' };
    expect((await ask(url, paths.chat, { headers, body: deep('1') })).status).toBe(200);
    expect((await ask(url, paths.chat, { headers, body: deep('"bad"') })).status).toBe(400);
  });

  test('the second offence waits longer than the first', async () => {
    const config = 'guards: { phrases: { deny: [bad], delaySeconds: 0.1 } }';
    const { asked } = await guarded({ config });
    const times: number[] = [];
    for (let count = 0; count < 3; count += 1) {
      const began = performance.now();
      expect((await asked({}, say('bad'))).status).toBe(400);
      times.push(performance.now() - began);
    }
    // Each wait has a least length; how much longer it takes is the machine's.
    expect(times.map((time, index) => time >= 95 * 2 ** index)).toEqual([true, true, true]);
  });
});

describe('C24 models and images', () => {
  test('ALLOWED_MODEL_FAMILIES: others get 403', async () => {
    const { asked, url, upstream } = await guarded({ env: { ALLOWED_MODEL_FAMILIES: 'turbo,claude' } });
    expect((await asked({}, { ...chat, model: 'gpt-4' })).status).toBe(403);
    expect((await asked({}, { ...chat, model: 'gpt-3.5-turbo' })).status).toBe(200);
    expect((await asked({}, question, paths.messages)).status).toBe(200);
    expect((await asked({}, { ...question, model: 'claude-3-opus-20240229' }, paths.messages)).status).toBe(403);
    expect((await ask(url, '/proxy/openai/v1/chat/completions', { body: chat })).status).toBe(403);
    const draw = { body: { model: 'oa/dall-e-3', prompt: 'A cat' } };
    expect((await ask(url, '/v1/images/generations', draw)).status).toBe(403);
    expect(upstream.seen).toHaveLength(2);
  });

  test('by pattern, and no alias leads around it', async () => {
    const config = `
routes: [{ model: cheap, targets: [oa/gpt-4o] }]
guards: { models: { deny: [gpt-4*] } }`;
    const { asked } = await guarded({ config });
    const statuses = [];
    for (const model of ['gpt-4o', 'oa/gpt-4o', 'cheap', 'gpt-3.5-turbo'])
      statuses.push((await asked({}, { ...chat, model })).status);
    expect(statuses).toEqual([403, 403, 403, 200]);
  });

  test('lists of models leave out what may not be asked for', async () => {
    const config = `
routes:
  - { model: gpt-4o, targets: [oa] }
  - { model: cheap, targets: [oa/gpt-4o-mini] }
  - { model: old, targets: [oa/gpt-3.5-turbo] }
guards: { models: { deny: [gpt-4*] } }`;
    const { url } = await guarded({ config });
    const listed = (await ask(url, '/v1/models')).json() as { readonly data: readonly { readonly id: string }[] };
    expect(listed.data.map(({ id }) => id)).toEqual(['old']);
    expect((await ask(url, '/v1/models/cheap')).status).toBe(404);
  });

  test.each([
    ['openai', 'gpt-3.5-turbo-0125', 'turbo'],
    ['openai', 'gpt-4-0613', 'gpt4'],
    ['openai', 'gpt-4-32k', 'gpt4-32k'],
    ['openai', 'gpt-4-1106-preview', 'gpt4-turbo'],
    ['openai', 'gpt-4o-mini', 'gpt4o'],
    ['openai', 'gpt-5-mini', 'gpt5'],
    ['openai', 'o3', 'o3'],
    ['openai', 'dall-e-3', 'dall-e'],
    ['azure', 'gpt-4o', 'azure-gpt4o'],
    ['anthropic', 'claude-opus-4-1', 'claude-opus'],
    ['bedrock', 'anthropic.claude-3-sonnet-20240229-v1:0', 'aws-claude'],
    ['vertex', 'claude-3-opus@20240229', 'gcp-claude-opus'],
    ['gemini', 'gemini-2.5-pro', 'gemini-pro'],
    ['mistral', 'mistral-large-latest', 'mistral-large'],
  ])('%s %s is of the family %s', (provider, model, family) => {
    expect(familyOf(provider, model)).toBe(family);
  });

  test('pictures: ALLOWED_VISION_SERVICES names where they may be shown; empty, nowhere', async () => {
    const nowhere = await guarded({ env: { ALLOWED_VISION_SERVICES: '' } });
    expect((await nowhere.asked({}, picture)).status).toBe(403);
    expect((await nowhere.asked()).status).toBe(200);
    const somewhere = await guarded({ env: { ALLOWED_VISION_SERVICES: 'anthropic,aws' } });
    expect((await somewhere.asked({}, picture)).status).toBe(403);
    expect((await somewhere.asked({}, { ...picture, model: 'an/claude-x' })).status).toBe(200);
  });
});

describe('C25 caps', () => {
  const long = { ...chat, messages: [{ role: 'user', content: 'word '.repeat(500) }] };

  test('a prompt that is too long: 400 with the numbers', async () => {
    const { asked, upstream } = await guarded({
      env: { MAX_CONTEXT_TOKENS_OPENAI: '100', MAX_CONTEXT_TOKENS_ANTHROPIC: '0' },
    });
    const refused = await asked({}, long);
    expect(refused.status).toBe(400);
    expect(refused.json()).toMatchObject({ error: { code: 'context_length_exceeded' } });
    expect(refused.text).toMatch(/about \d{3,4} tokens, and 100 is the most/);
    expect((await asked()).status).toBe(200);
    expect((await asked({}, { ...long, model: 'claude-x' })).status).toBe(200);
    expect(upstream.seen).toHaveLength(2);
  });

  test('max_tokens 9999: the upstream sees the cap, relayed and translated, and the caller is told', async () => {
    const env = { MAX_OUTPUT_TOKENS_OPENAI: '400', MAX_OUTPUT_TOKENS_ANTHROPIC: '500' };
    const { asked, sent } = await guarded({ env });
    const relayed = await asked({}, { ...chat, max_tokens: 9999 });
    expect([sent().max_tokens, relayed.headers['x-proxy-notices']]).toEqual([400, 'approximated max_tokens']);
    await asked({}, { ...question, max_tokens: 9999 }, paths.messages);
    expect(sent().max_tokens).toBe(500);
    await asked({}, { ...chat, max_tokens: 9999, model: 'claude-x' });
    expect(sent().max_tokens).toBe(500);
    await asked({}, { ...question, max_tokens: 9999, model: 'gpt-4o' }, paths.messages);
    expect(sent().max_output_tokens ?? sent().max_completion_tokens ?? sent().max_tokens).toBe(400);
    await asked({}, { ...chat, max_tokens: 9 });
    expect(sent().max_tokens).toBe(9);
    await asked();
    expect(sent().max_output_tokens ?? sent().max_completion_tokens ?? sent().max_tokens).toBe(400);
    await asked({}, { ...chat, model: 'claude-x', reasoning_effort: 'high' });
    expect(Number(sent().max_tokens)).toBeLessThanOrEqual(500);
  });

  test('under strict a caller is refused rather than cut short', async () => {
    const { asked } = await guarded({ config: 'guards: { maxOutputTokens: 400 }' });
    expect((await asked({ 'x-proxy-strict': 'true' }, { ...chat, max_tokens: 9999 })).status).toBe(400);
  });
});

describe('C26 tools', () => {
  const tools = [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }];
  const asking = { ...chat, tools, tool_choice: 'auto' };

  test('ALLOW_OPENAI_TOOL_USAGE=false strips them below /proxy, and nowhere else', async () => {
    const { url, asked, sent } = await guarded({ env: { ALLOW_OPENAI_TOOL_USAGE: 'false' } });
    const below = await ask(url, '/proxy/openai/v1/chat/completions', { body: { ...asking, functions: [] } });
    expect(below.status).toBe(200);
    expect(sent()).toEqual(chat);
    expect(below.headers['x-proxy-notices']).toContain('dropped tools');
    await asked({}, asking);
    expect(sent().tools).toHaveLength(1);
  });

  test('without it they pass', async () => {
    const { url, sent } = await guarded();
    await ask(url, '/proxy/openai/v1/chat/completions', { body: asking });
    expect(sent().tools).toHaveLength(1);
  });
});

test('a form that names its model behind the file is not let past the gate', async () => {
  const { url, upstream, log } = await guarded({ config: 'guards: { models: { deny: [whisper-*] } }' });
  const form = new FormData();
  form.set('file', new Blob([new Uint8Array(1000)]), 'a.mp3');
  form.set('model', 'whisper-1');
  const refused = await fetch(`${url}/v1/audio/transcriptions`, { method: 'POST', body: form });
  expect(refused.status).toBe(403);
  expect(upstream.seen).toEqual([]);
  await until('the refusal is on record', () => log.lines.join('').includes('"status":403'));
});
