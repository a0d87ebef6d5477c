/** The program of row A23: an upstream and the server in one process, and one call. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loadConfig } from '../../src/config/load.ts';
import { createLog } from '../../src/log.ts';
import { startServer } from '../../src/server.ts';
import { chat } from './vendors.ts';

const upstream = createServer((_request, response) => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(chat.whole({ text: ['hi'] })));
});
await new Promise<void>((resolve) => void upstream.listen(0, '127.0.0.1', resolve));
const { port } = upstream.address() as AddressInfo; // listens on a port
const env = { ...process.env, OPENAI_API_KEY: 'sk-of-this-test', OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1` };
const server = await startServer({
  load: () => loadConfig({ cwd: process.cwd(), env, flags: { port: 0 } }),
  log: createLog({ write: () => undefined }),
});

// 192.0.2.1 is nobody's (RFC 5737): without a network there is not even a way to it.
const internet = await fetch('http://192.0.2.1/').then(
  () => 'reached',
  () => 'unreachable',
);
const answer = await fetch(`${server.url}/v1/chat/completions`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ model: 'gpt-x', messages: [{ role: 'user', content: 'Hi' }] }),
});
const { choices } = (await answer.json()) as {
  readonly choices: readonly { readonly message: { readonly content: string } }[];
};
process.stdout.write(`internet ${internet}, answer ${answer.status} ${choices[0]?.message.content}\n`);
await server.close();
upstream.close();
