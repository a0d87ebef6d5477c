import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, describe, onTestFinished, test } from 'vitest';
import { openStorage } from '../src/storage/open.ts';
import { databases, newPlace } from './databases.ts';
import { folder, start } from './support.ts';

/** Issue 4, must-show 3: caps under load, and the books in the end. */

const calls = 500;
const tokenCap = 120_000;
const usdCap = 0.5;
/** Dollars a million tokens. */
const price = { input: 2, output: 8 };
const accessKey = 'ours-key-0123456789';
const encryptionKey = 'a-secret-of-this-test-0123456789abcdef';

/** How one call goes: what it uses, in how many pieces, and how it ends. */
interface Script {
  readonly id: number;
  readonly input: number;
  readonly pieces: number;
  readonly perPiece: number;
  /** `left`: the caller goes; `cut`: the upstream's connection breaks; `error`: the upstream says so; `refused`: nothing begins. */
  readonly end: 'finished' | 'left' | 'cut' | 'error' | 'refused';
}

/** The same numbers every time. */
function scripts(): readonly Script[] {
  let seed = 20261128;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  const ends = ['finished', 'finished', 'finished', 'left', 'left', 'cut', 'error', 'refused'] as const;
  return Array.from({ length: calls }, (_, id) => ({
    id,
    input: 1 + random(200),
    pieces: 2 + random(6),
    perPiece: 1 + random(60),
    end: ends[random(ends.length)] ?? 'finished',
  }));
}

/** Callers tell what they have read, so that an upstream breaks off behind what has arrived, rather than before. */
function readings() {
  const done = new Set<number>();
  const waiting = new Map<number, () => void>();
  return {
    read(id: number) {
      done.add(id);
      waiting.get(id)?.();
    },
    untilRead: (id: number) =>
      new Promise<void>((resolve) => {
        if (done.has(id)) resolve();
        else waiting.set(id, resolve);
      }),
  };
}

/** A vendor that says after each piece what it has taken so far, and adds up what it has said. */
async function reportingUpstream(untilRead: (id: number) => Promise<void>) {
  const reported = new Map<number, { input: number; output: number }>();
  const sums = { tokens: 0, nanos: 0, mostTokens: 0, mostNanos: 0, asked: 0 };

  function report({ id, input, perPiece }: Script, piece: number): object {
    const before = reported.get(id);
    const now = { input, output: piece * perPiece };
    const more = { input: before ? 0 : input, output: now.output - (before?.output ?? 0) };
    reported.set(id, now);
    sums.tokens += more.input + more.output;
    sums.nanos += more.input * price.input * 1000 + more.output * price.output * 1000;
    sums.mostTokens = Math.max(sums.mostTokens, sums.tokens);
    sums.mostNanos = Math.max(sums.mostNanos, sums.nanos);
    return { promptTokenCount: input, candidatesTokenCount: now.output, totalTokenCount: input + now.output };
  }

  async function answer(script: Script, response: ServerResponse): Promise<void> {
    sums.asked += 1;
    if (script.end === 'refused') {
      response.writeHead(400, { 'content-type': 'application/json' });
      response.end('{"error":{"code":400,"message":"Not today.","status":"INVALID_ARGUMENT"}}');
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const send = (frame: object) => void response.write(`data: ${JSON.stringify(frame)}\n\n`);
    for (let piece = 1; piece <= script.pieces; piece++) {
      const last = piece === script.pieces && script.end === 'finished';
      const content = { role: 'model', parts: [{ text: `piece ${piece} ` }] };
      const candidates = [{ index: 0, content, ...(last && { finishReason: 'STOP' }) }];
      send({ candidates, usageMetadata: report(script, piece) });
      await wait(1);
    }
    if (script.end === 'finished') {
      response.end();
      return;
    }
    await untilRead(script.id);
    if (script.end === 'cut') response.destroy();
    if (script.end === 'error') {
      send({ error: { code: 503, message: 'Overloaded.', status: 'UNAVAILABLE' } });
      response.end();
    }
  }

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const [, json = '{}'] = /script:(.*?):script/.exec(Buffer.concat(chunks).toString()) ?? [];
      void answer(JSON.parse(JSON.parse(`"${json}"`) as string) as Script, response); // a text within JSON
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sums };
}

/** Asks in Gemini's dialect, which is relayed, or in Chat's, which is not; again where a running call stands in the way. */
async function ask(url: string, script: Script, read: (id: number) => void): Promise<'served' | 'refused'> {
  const text = `script:${JSON.stringify(script)}:script`;
  const chat = script.id % 2 === 1;
  const body = chat
    ? { model: 'gemini-x', stream: true, max_tokens: 400, messages: [{ role: 'user', content: text }] }
    : { contents: [{ role: 'user', parts: [{ text }] }], generationConfig: { maxOutputTokens: 400 } };
  const path = chat ? '/v1/chat/completions' : '/v1beta/models/gemini-x:streamGenerateContent?alt=sse';
  for (let tries = 0; tries < 40; tries++) {
    const leaving = new AbortController();
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': accessKey },
      body: JSON.stringify(body),
      signal: leaving.signal,
    });
    if (response.status !== 429) {
      await readOn(response, script, read, leaving);
      return 'served';
    }
    const refusal = await response.text();
    if (!refusal.includes('Try again when a running request has ended')) return 'refused';
    await wait(200 + (script.id % 100));
  }
  return 'refused';
}

/** To the end, or to where the script says that something happens. */
async function readOn(
  response: Response,
  { id, pieces, end }: Script,
  read: (id: number) => void,
  leaving: AbortController,
) {
  let text = '';
  let told = false;
  try {
    for await (const chunk of response.body ?? []) {
      text += new TextDecoder().decode(chunk as Uint8Array);
      if (told || !text.includes(`piece ${pieces} `)) continue;
      told = true;
      if (end === 'left') leaving.abort();
      else read(id);
    }
  } catch {
    // It broke, as it was to.
  }
}

describe.each(databases)('budgets under load on $name', (database) => {
  test('500 streams at once over two processes never pass a cap, and the books are the upstream’s to the last token', async () => {
    const place = await newPlace(database);
    const storage = place.type === 'sqlite' ? place.path : place.type === 'postgres' ? place.url : 'memory';
    const { read, untilRead } = readings();
    const upstream = await reportingUpstream(untilRead);
    const config = `
storage: "${storage}"
encryptionKey: ${encryptionKey}
upstreams: [{ name: g, provider: gemini, baseUrl: "${upstream.url}", apiKeys: [g-key-0123456789], models: [gemini-x] }]
prices: [{ model: gemini-x, input: ${price.input}, output: ${price.output} }]
users: [{ name: ann, limits: { budgets: [{ amount: ${tokenCap}, of: tokens, per: total }] } }]
accessKeys: [{ key: ${accessKey}, user: ann, limits: { budgets: [{ amount: ${usdCap}, of: usd, per: total }] } }]
log: { level: error }
`;
    const servers = await Promise.all(
      [0, 1].map(() => start({ cwd: folder({ 'proxy.config.yaml': config }), watch: false })),
    );
    const outcomes = await Promise.all(
      scripts().map((script) => ask(servers[script.id % 4 < 2 ? 0 : 1]?.url ?? '', script, read)),
    );
    await Promise.all(servers.map((server) => server.close()));

    const { sums } = upstream;
    const served = outcomes.filter((outcome) => outcome === 'served').length;
    expect(served).toBe(sums.asked);
    expect(served).toBeGreaterThan(100);
    expect(sums.mostTokens).toBeLessThanOrEqual(tokenCap);
    expect(sums.mostNanos).toBeLessThanOrEqual(usdCap * 1e9);
    const books = await booksOf(place);
    expect(books).toEqual({ tokens: sums.tokens, nanos: sums.nanos, called: sums.tokens, leases: 0 });
  }, 120_000);
});

async function booksOf(place: Parameters<typeof openStorage>[0]['place']) {
  const { db, close } = await openStorage({ place, encryptionKeys: [encryptionKey] });
  const books = await db.selectFrom('budgetBooks').select(['budget', 'spent']).execute();
  const records = await db.selectFrom('calls').select(['inputTokens', 'outputTokens']).execute();
  const leases = await db.selectFrom('budgetLeases').select(['amount']).execute();
  await close();
  const spent = (of: string) => books.find(({ budget }) => budget.endsWith(of))?.spent;
  const called = records.reduce((sum, { inputTokens, outputTokens }) => sum + inputTokens + outputTokens, 0);
  return { tokens: spent(':tokens/total'), nanos: spent(':usd/total'), called, leases: leases.length };
}
