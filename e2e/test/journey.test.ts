/**
 * Must show 4: a conversation that goes to another vendor with every turn and comes back, thoughts and tools on, through two
 * servers in turns. No vendor finds anything to refuse, and each sees all that was visible and its own proofs again.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Outcome } from '../clients/client.ts';
import { clients } from '../clients/index.ts';
import { dialectNames, type DialectName } from '../dialects.ts';
import { startBalancer, type Balancer } from '../balancer.ts';
import { startProcess, type ServerProcess } from '../processes.ts';
import { tools } from '../scenarios.ts';
import { questionFaults } from '../vendors/faults.ts';
import { startVendor, type RunningVendor } from '../vendors/server.ts';
import { vendorDialects, type Reply, type VendorDialect } from '../vendors/vendor.ts';

const route = [
  ...['anthropic-messages', 'openai-responses', 'gemini-generate', 'bedrock-converse', 'openai-chat'],
  ...['anthropic-messages', 'gemini-generate', 'openai-responses', 'bedrock-converse', 'anthropic-messages'],
] as const;

const vendors = new Map<VendorDialect, RunningVendor>();
let servers: readonly ServerProcess[] = [];
let balancer: Balancer;

beforeAll(async () => {
  for (const dialect of vendorDialects) vendors.set(dialect, await startVendor(dialect));
  const upstreams = [...vendors.values()].map(({ url, vendor: { dialect, model } }) => ({
    name: dialect,
    ...providers[dialect],
    dialects: [dialect],
    baseUrl: url,
    apiKeys: ['vendor-key-0123456789'],
    models: { m: model },
  }));
  servers = await Promise.all([0, 1].map(() => startProcess(JSON.stringify({ upstreams }))));
  balancer = await startBalancer(servers.map(({ url }) => url));
});
afterAll(async () => {
  await Promise.all([balancer, ...servers, ...vendors.values()].map((each) => each.close()));
});

const providers: Readonly<Record<VendorDialect, object>> = {
  'openai-chat': { provider: 'openai' },
  'openai-responses': { provider: 'openai' },
  'anthropic-messages': { provider: 'anthropic' },
  'gemini-generate': { provider: 'gemini' },
  'bedrock-converse': { provider: 'bedrock', region: 'us-west-2' },
};

function vendorOf(dialect: VendorDialect): RunningVendor {
  const vendor = vendors.get(dialect);
  if (!vendor) throw new Error(`${dialect} was not started.`);
  return vendor;
}

/** What a vendor says in that turn: in turn 0, 3, 6 one call, in 1, 4, 7 two at once behind a word, else words alone. */
function replyOf(dialect: VendorDialect, turn: number): Reply {
  const call = (name: string, args: object) => ({ id: `call_${turn}${name.slice(0, 3)}`, name, args: { ...args } });
  const calls = [call('get_weather', { city: `City${turn}` }), call('list_files', {})].slice(0, [1, 2, 0][turn % 3]);
  return {
    thought: `Thought of ${dialect} in turn ${turn}.`,
    seal: Buffer.from(`A proof of ${dialect}, given in turn ${turn}, of some length.`).toString('base64'),
    ...(turn % 3 !== 0 && { text: `Word ${turn} of ${dialect}.` }),
    calls,
  };
}

describe.each(dialectNames)('%s client', (client) => {
  test.each(route.slice(0, 5).map((first, shift) => [first, shift] as const))('beginning with %s', async (_, shift) => {
    const ask = { system: 'Be brief.', user: 'What shall I pack?', tools, reasoning: true };
    const conversation = clients[client].open({ url: balancer.url, key: 'any', model: '' }, ask);
    balancer.restart();
    const visible = ['Be brief.', 'What shall I pack?'];
    const issued = new Map<VendorDialect, Reply[]>();

    for (const [turn, dialect] of [...route.slice(shift), ...route.slice(0, shift)].entries()) {
      const where = `turn ${turn}, ${dialect}`;
      const vendor = vendorOf(dialect);
      const reply = replyOf(dialect, turn);
      vendor.answer(() => reply);
      const outcome = await conversation.turn({ stream: true, model: `${dialect}/m` });

      expect(vendor.asked, `${where}: ${JSON.stringify(outcome.error)}`).toHaveLength(1);
      const [question] = vendor.asked;
      if (!question) return;
      const own = issued.get(dialect) ?? [];
      const seals = own.map(({ seal }) => seal);
      const faults = questionFaults(vendor.vendor, question, { relayed: client === dialect, issued: seals });
      expect(faults, `${where}: what it would refuse of ${question.raw}`).toEqual([]);
      const seen = question.seen.pieces;
      const told = seen.map((piece) => (piece.type === 'text' || piece.type === 'result' ? piece.text : '')).join(''); // genai sends a stream's pieces back as parts
      for (const piece of visible) expect(told, `${where}: what was visible`).toContain(piece);
      const shown = seen.flatMap((piece) => (piece.type === 'seal' ? [piece.seal] : []));
      for (const seal of own.filter((earlier) => proves(client, dialect, earlier)).map((earlier) => earlier.seal))
        expect(shown, `${where}: its own proof`).toContain(seal);

      expectReply(outcome, reply, where);
      expect(balancer.last(), `${where}: whose turn it was`).toBe(turn % 2);
      issued.set(dialect, [...own, reply]);
      if (reply.text !== undefined) visible.push(reply.text);
      if (reply.calls.length === 0) {
        conversation.say(`Question ${turn}?`);
        visible.push(`Question ${turn}?`);
      } else {
        const results = { get_weather: `Weather of turn ${turn}`, list_files: `Files of turn ${turn}` };
        conversation.answer(results);
        visible.push(...reply.calls.map(({ name }) => results[name as keyof typeof results])); // our own two tools
      }
    }
  });
});

function expectReply(outcome: Outcome, reply: Reply, where: string): void {
  expect(outcome.error, where).toBeUndefined();
  expect(outcome.text, where).toBe(reply.text ?? '');
  expect(
    outcome.calls.map(({ name, args }) => ({ name, args })),
    where,
  ).toEqual(reply.calls.map(({ name, args }) => ({ name, args })));
}

/** Chat has no proofs; and Gemini's comes behind the last text, where a stream of Messages has ended. */
function proves(client: DialectName, dialect: VendorDialect, { calls }: Reply): boolean {
  if (dialect === 'openai-chat') return false;
  return !(client === 'anthropic-messages' && dialect === 'gemini-generate' && calls.length === 0);
}
