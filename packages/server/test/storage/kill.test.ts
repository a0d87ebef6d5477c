import { randomInt } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { openStorage } from '../../src/storage/open.ts';
import { placeOf } from '../../src/storage/place.ts';
import { openJournal } from '../../src/storage/journal/journal.ts';
import { proxy, started } from '../process.ts';
import { ask } from '../rows/ask.ts';
import { folder } from '../support.ts';

/** Five rounds in CI; by hand: KILL_ROUNDS=200 vitest run test/storage/kill.test.ts */
const rounds = Number(process.env.KILL_ROUNDS ?? 5);
const callersAtOnce = 8;
/** A round ends after as many finished answers, drawn anew each time: some while it starts up, some in full run. */
const mostAnswers = 150;

test(
  `kill -9 at ${rounds} random moments under load: every finished call is on record once; limits and bans survive`,
  { timeout: 60_000 + rounds * 20_000 },
  async () => {
    const upstream = await chatter();
    const cwd = folder({
      'proxy.config.yaml': `
storage: data/proxy.db
log: { level: error }
upstreams: [{ name: oa, provider: openai, baseUrl: "${upstream}", dialects: [openai-chat], apiKeys: [theirs] }]`,
    });
    const place = placeOf('data/proxy.db', cwd);
    const before = await openStorage({ place });
    const { key, accessKey } = await before.accessKeys.create({ name: 'load', limits: { concurrency: 100 } });
    await before.bans.put({ address: '192.0.2.1', reason: 'errors', since: 1 });
    await before.close();

    const finished: string[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const run = proxy(['--port', '0'], { cwd });
      const url = await started(run);
      const until = finished.length + randomInt(1, mostAnswers);
      let killed = false;
      const caller = async () => {
        for (let count = 0; !killed; count += 1) {
          const body = { model: 'gpt-x', stream: count % 2 === 0, messages: [{ role: 'user', content: 'Hi' }] };
          const answer = await ask(url, '/v1/chat/completions', { body, headers: { 'x-api-key': key } }).catch(
            () => undefined,
          );
          if (!answer) return;
          expect(answer.status).toBe(200);
          finished.push(String(answer.headers['x-proxy-request-id']));
          if (finished.length >= until && !killed) {
            killed = true;
            run.child.kill('SIGKILL');
          }
        }
      };
      await Promise.all(Array.from({ length: callersAtOnce }, caller));
      await run.ended;
    }

    const storage = await openStorage({ place });
    const journal = await openJournal(storage, { tell: () => undefined });
    onTestFinished(async () => {
      await journal.close();
      await storage.close();
    });
    const recorded = (await storage.db.selectFrom('calls').select('requestId').execute()).map(
      ({ requestId }) => requestId,
    );
    const known = new Set(recorded);
    expect(known.size).toBe(recorded.length);
    expect(finished.filter((id) => !known.has(id))).toEqual([]);
    const [total] = await storage.totals.list({ callerIds: [accessKey.id] });
    expect(total?.calls).toBe(recorded.length);
    expect(total?.inputTokens).toBe(
      (await storage.calls.usage('key')).find(({ group }) => group === accessKey.id)?.inputTokens,
    );
    expect((await storage.accessKeys.recognize(key))?.accessKey.limits).toEqual({ concurrency: 100 });
    expect(await storage.bans.list()).toMatchObject([{ address: '192.0.2.1' }]);
    process.stderr.write(
      `${rounds} rounds: ${finished.length} answers finished, ${recorded.length} calls on record.\n`,
    );
  },
);

/** A vendor of Chat Completions: whole, or as a stream of a few chunks. */
async function chatter(): Promise<string> {
  const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
  const base = { id: 'chatcmpl-1', created: 1, model: 'gpt-x' };
  const chunk = (choices: readonly object[], more = {}) =>
    `data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', choices, ...more })}\n\n`;
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (piece) => (body += String(piece)));
    request.on('end', () => {
      if (!body.includes('"stream":true')) {
        response.setHeader('content-type', 'application/json');
        const message = { role: 'assistant', content: 'hi', refusal: null };
        response.end(
          JSON.stringify({
            ...base,
            object: 'chat.completion',
            choices: [{ index: 0, message, finish_reason: 'stop' }],
            usage,
          }),
        );
        return;
      }
      response.setHeader('content-type', 'text/event-stream');
      response.write(chunk([{ index: 0, delta: { role: 'assistant', content: 'hi' }, finish_reason: null }]));
      setImmediate(() => {
        response.write(chunk([{ index: 0, delta: {}, finish_reason: 'stop' }]));
        response.end(`${chunk([], { usage })}data: [DONE]\n\n`);
      });
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo; // a server on a host and port has such an address
  return `http://127.0.0.1:${port}`;
}
