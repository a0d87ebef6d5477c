import { expect, test } from 'vitest';
import type { OutboundRequest } from '../ports.ts';
import { anthropicMessages, openaiChat } from '../dialects/registry.ts';
import type { Provider } from '../providers/provider.ts';
import { createGateway } from './create.ts';
import type { Upstream } from './gateway.ts';

/** A place with options of its own, where only Claude understands Messages. */
const place: Provider = {
  name: 'place',
  speaks: [openaiChat, anthropicMessages],
  takes: (dialect, model) => dialect !== anthropicMessages || model.startsWith('claude'),
  baseUrl: 'https://{region}.place.test',
  settings: { region: { meaning: 'a region' }, tier: { meaning: 'a tier', default: 'plain' } },
  settingsOf: ({ secret }) => (secret.includes('@') ? { region: secret.split('@')[1] ?? '' } : {}),
  endpoint: ({ dialect, baseUrl, settings }) => `${baseUrl}/${dialect.name}/${settings.tier ?? ''}`,
  authorize: ({ url, headers, settings, now }) => ({
    url,
    headers: { ...headers, 'x-signed': `${settings.region} ${now}` },
  }),
};

async function sentTo(upstream: Partial<Upstream>, model = 'gpt', secret = 's') {
  const requests: OutboundRequest[] = [];
  const gateway = createGateway({
    upstreams: [{ name: 'up', provider: place, credentials: [{ id: 'a', secret }], ...upstream }],
    ports: {
      clock: { now: () => 7 },
      transport: {
        async send(request) {
          requests.push(request);
          throw new Error('enough seen');
        },
      },
    },
  });
  const body = { model: `up/${model}`, max_tokens: 1, messages: [{ role: 'user', content: 'Hi' }] };
  const answer = await gateway.handle({
    method: 'POST',
    url: '/v1/messages',
    headers: {},
    body: new TextEncoder().encode(JSON.stringify(body)),
    signal: new AbortController().signal,
  });
  return { url: requests[0]?.url, headers: requests[0]?.headers, answer };
}

test('settings reach address and signature; a credential’s own are the strongest', async () => {
  const configured = await sentTo({ settings: { region: 'eu' } });
  expect(configured.url).toBe('https://eu.place.test/openai-chat/plain');
  expect(configured.headers).toMatchObject({ 'x-signed': 'eu 7' });
  expect((await sentTo({ settings: { region: 'eu', tier: 'gold' } }, 'gpt', 's@us')).url).toBe(
    'https://us.place.test/openai-chat/gold',
  );
});

test('an address that lacks a setting is an error that names it', async () => {
  const { url, answer } = await sentTo({});
  expect(url).toBeUndefined();
  expect(String(answer.body)).toContain('needs a \\"region\\"');
});

test('a dialect is spoken only to the models that take it', async () => {
  const settings = { region: 'eu' };
  expect((await sentTo({ settings }, 'claude-x')).url).toContain('/anthropic-messages/');
  expect((await sentTo({ settings }, 'llama')).url).toContain('/openai-chat/');
});
