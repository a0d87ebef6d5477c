import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { accessKey, byHand, claudeGateway, question } from './claude-gateway.ts';
import { services, serviceTypes } from './vendors.ts';

// Acceptance rows D1–D3 and D36: one entrance, POST /v1/messages, whatever stands behind it.

const city = { id: 'call_city', name: 'get_weather', args: { city: 'Paris' } };
const time = { id: 'call_time', name: 'get_time', args: { zone: 'CET' } };

describe('D1 POST /v1/messages is the entrance for Anthropic’s SDK', () => {
  test.each(serviceTypes)('over %s', async (serviceType) => {
    const { url, client, seen } = await claudeGateway(serviceType, { text: ['Hel', 'lo'] });
    expect((await client.messages.create(question)).content).toMatchObject([{ type: 'text', text: 'Hello' }]);
    const byToken = new Anthropic({ baseURL: url, apiKey: null, authToken: accessKey, maxRetries: 0 });
    expect((await byToken.messages.create(question)).content).toMatchObject([{ type: 'text', text: 'Hello' }]);
    const stranger = new Anthropic({ baseURL: url, apiKey: 'another', maxRetries: 0 });
    await expect(stranger.messages.create(question)).rejects.toBeInstanceOf(Anthropic.AuthenticationError);
    expect(seen).toHaveLength(2);
  });
});

/** What the row lists, and the values that each may have. */
const wholeMessage = z.looseObject({
  id: z.string().min(1),
  type: z.literal('message'),
  role: z.literal('assistant'),
  content: z.array(
    z.discriminatedUnion('type', [
      z.looseObject({ type: z.literal('text'), text: z.string() }),
      z.looseObject({ type: z.literal('tool_use'), id: z.string().min(1), name: z.string(), input: z.looseObject({}) }),
    ]),
  ),
  model: z.string().min(1),
  stop_reason: z.literal('tool_use'),
  stop_sequence: z.null(),
  usage: z.looseObject({ input_tokens: z.literal(3), output_tokens: z.literal(5) }),
});

describe('D2 a whole answer has every member of a message', () => {
  test.each(serviceTypes)('from %s', async (serviceType) => {
    const { post } = await claudeGateway(serviceType, { text: ['Let me see.'], calls: [city] });
    const answer = await post(question);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json']);
    const message = wholeMessage.parse(await answer.json());
    expect(message.content.map(({ type }) => type)).toEqual(['text', 'tool_use']);
  });
});

describe('D3 a streamed answer', () => {
  test.each(serviceTypes)('from %s is in Claude’s grammar, blocks numbered in order', async (serviceType) => {
    const { post, client } = await claudeGateway(serviceType, { text: ['Let ', 'me see.'], calls: [city, time] });
    const answer = await post({ ...question, stream: true });
    expect(answer.headers.get('content-type')).toMatch(/^text\/event-stream/);
    const events = eventsOf(await answer.text());
    expect(outline(events)).toEqual([
      'message_start',
      ...['content_block_start 0', 'content_block_delta 0', 'content_block_stop 0'],
      ...['content_block_start 1', 'content_block_delta 1', 'content_block_stop 1'],
      ...['content_block_start 2', 'content_block_delta 2', 'content_block_stop 2'],
      'message_delta',
      'message_stop',
    ]);
    expect(events[0]).toMatchObject({ message: { role: 'assistant', content: [], stop_reason: null } });
    expect(events[0]).toHaveProperty('message.usage.input_tokens');
    expect(events.at(-2)).toMatchObject({ delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 5 } });

    const final = await client.messages.stream(question).finalMessage();
    expect(final.content).toMatchObject([
      { type: 'text', text: 'Let me see.' },
      { type: 'tool_use', name: city.name, input: city.args },
      { type: 'tool_use', name: time.name, input: time.args },
    ]);
    expect([final.stop_reason, final.usage.output_tokens]).toEqual(['tool_use', 5]);
  });

  test.each(serviceTypes)(
    'from %s is live: a delta arrives while the upstream is still at work',
    async (serviceType) => {
      const frames = services[serviceType].frames({ text: ['one', 'two'] });
      const cut = frames.findIndex((frame) => frame.includes('one')) + 1;
      const { reply, begun } = byHand((response) => response.write(frames.slice(0, cut).join('')));
      const { client } = await claudeGateway(serviceType, reply);
      const stream = client.messages.stream(question);
      const first = await new Promise((resolve, reject) => {
        stream.once('text', resolve);
        stream.once('error', reject);
      });
      expect(first).toBe('one'); // nothing more has been said yet
      (await begun).end(frames.slice(cut).join(''));
      expect(await stream.finalText()).toBe('onetwo');
    },
  );
});

describe('D36 Claude Code', () => {
  /** As the program asks, though its SDK no longer does by itself. */
  const beta = { query: { beta: 'true' } };
  const turn = {
    ...question,
    model: 'claude-sonnet-5-5',
    system: [{ type: 'text' as const, text: 'You are Claude Code.' }],
  };

  test.each([
    ['by ANTHROPIC_AUTH_TOKEN', { authToken: accessKey, apiKey: null }],
    // The fork's users are often logged in as well, so both headers come.
    [
      'by ANTHROPIC_CUSTOM_HEADERS',
      { authToken: 'a-token-of-their-own', apiKey: null, defaultHeaders: { 'x-api-key': accessKey } },
    ],
    ['by both', { authToken: accessKey, apiKey: null, defaultHeaders: { 'x-api-key': accessKey } }],
  ])('%s: two models, beta doors, 600 s of patience', async (_how, credentials) => {
    const { url, seen } = await claudeGateway('openai', { text: ['Done.'] });
    const client = new Anthropic({ baseURL: url, maxRetries: 0, timeout: 600_000, ...credentials });
    const betas = ['claude-code-20250219', 'interleaved-thinking-2025-05-14'];
    const final = await client.beta.messages.stream({ ...turn, betas }, beta).finalMessage();
    expect(final.content).toMatchObject([{ type: 'text', text: 'Done.' }]);
    await client.beta.messages.create({ ...turn, model: 'claude-haiku-5-5', betas }, beta);
    expect(seen.map(({ body }) => body.model)).toEqual(['claude-sonnet-5-5', 'claude-haiku-5-5']);
    const counting = { model: turn.model, messages: turn.messages };
    const counted = await client.beta.messages.countTokens({ ...counting, betas }, beta);
    expect(counted.input_tokens).toBeGreaterThan(0);
    for (const secret of [accessKey, 'a-token-of-their-own']) expect(JSON.stringify(seen)).not.toContain(secret);
  });

  test('in front of Claude itself: ?beta=true and its headers go on, count_tokens is Claude’s', async () => {
    const counted = { input_tokens: 42 };
    const { client, seen } = await claudeGateway(
      'claude',
      [
        { text: ['Done.'] },
        (response) => void response.setHeader('content-type', 'application/json').end(JSON.stringify(counted)),
      ],
      { base: '' },
    );
    await client.beta.messages.create({ ...turn, betas: ['claude-code-20250219'] }, beta);
    const counting = { model: turn.model, messages: turn.messages };
    expect(await client.beta.messages.countTokens(counting, beta)).toEqual(counted);
    expect(seen.map(({ url }) => url)).toEqual(['/v1/messages?beta=true', '/v1/messages/count_tokens?beta=true']);
    expect(seen[0]?.headers).toMatchObject({ 'anthropic-beta': 'claude-code-20250219', 'x-stainless-lang': 'js' });
  });
});

type Event = Readonly<Record<string, unknown>> & { readonly type: string };

/** Every frame has its name twice, before and within the data. */
function eventsOf(text: string): readonly Event[] {
  return text
    .split('\n\n')
    .filter((frame) => frame !== '')
    .map((frame) => {
      const [, name, json = ''] = /^event: (\w+)\ndata: (.*)$/.exec(frame) ?? [];
      const event = JSON.parse(json) as Event; // the next line looks at it
      expect(event.type).toBe(name);
      return event;
    })
    .filter(({ type }) => type !== 'ping');
}

/** Names and indexes, deltas of one block in a row told once. */
function outline(events: readonly Event[]): readonly string[] {
  const lines = events.map(({ type, index }) => (index === undefined ? type : `${type} ${String(index)}`));
  return lines.filter((line, at) => line !== lines[at - 1]);
}
