import { GoogleGenAI, Modality, type LiveServerMessage } from '@google/genai';
import { expect, test } from 'vitest';
import { socketUpstream, visit, type Visitor } from './socket-upstream.ts';
import { folder, start, until } from './support.ts';

const path = '/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent';

/** Answers as Gemini Live does: its JSON in binary messages. */
function live(setups: unknown[]) {
  return ({ socket }: Visitor) => {
    const say = (message: object) => socket.send(Buffer.from(JSON.stringify(message)), { binary: true });
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as { setup?: unknown };
      if (message.setup) {
        setups.push(message.setup);
        say({ setupComplete: {} });
        return;
      }
      say({ serverContent: { modelTurn: { parts: [{ text: 'Hi' }] } } });
      say({ serverContent: { turnComplete: true }, usageMetadata: { promptTokenCount: 7, responseTokenCount: 3 } });
    });
  };
}

async function serverFor(upstream: { readonly url: string }) {
  const config = `
upstreams: [{ name: ge, provider: gemini, baseUrl: "${upstream.url}", apiKeys: [theirs], models: { voice: gemini-live } }]
accessKeys: [{ name: me, key: ours-0123456789 }]`;
  return start({ cwd: folder({ 'proxy.config.yaml': config }) });
}

test('@google/genai’s live.connect holds a turn; the model and the key are ours, the usage is on record', async () => {
  const setups: unknown[] = [];
  const upstream = await socketUpstream({ visit: live(setups) });
  const { url, log } = await serverFor(upstream);
  const client = new GoogleGenAI({ apiKey: 'ours-0123456789', httpOptions: { baseUrl: url } });
  const messages: LiveServerMessage[] = [];
  const session = await client.live.connect({
    model: 'voice',
    config: { responseModalities: [Modality.TEXT] },
    callbacks: { onmessage: (message) => messages.push(message) },
  });
  session.sendClientContent({ turns: 'Hello', turnComplete: true });
  await until('the turn is complete', () => messages.some(({ serverContent }) => serverContent?.turnComplete));
  expect(messages.some(({ serverContent }) => serverContent?.modelTurn?.parts?.[0]?.text === 'Hi')).toBe(true);
  session.close();
  await until('the upstream is closed', () => upstream.visitors[0]?.closed !== undefined);
  expect(setups).toMatchObject([{ model: 'models/gemini-live' }]);
  expect(upstream.asked[0]?.url).toBe(`${path.replace('v1beta', 'v1')}?key=theirs`);
  await until('it is on record', () => log.lines.join('').includes('gemini-generate live voice'));
  expect(log.lines.join('')).toContain('"usage":{"inputTokens":7,"outputTokens":3}');
});

test('a wrong key is refused in the handshake; an unknown model and no setup by the closing reason', async () => {
  const upstream = await socketUpstream();
  const { url } = await serverFor(upstream);
  expect((await visit(`${url}${path}?key=wrong`).refused()).status).toBe(401);
  const say = async (message: string) => {
    const client = visit(`${url}${path}?key=ours-0123456789`);
    await client.opened();
    client.socket.send(message);
    return client.closed();
  };
  const unknown = await say('{"setup":{"model":"models/nobody"}}');
  expect(unknown).toMatchObject({ code: 1008, reason: expect.stringContaining('nobody') as string });
  expect((await say('{"hello":1}')).code).toBe(1007);
  expect(upstream.asked).toHaveLength(0);
});
