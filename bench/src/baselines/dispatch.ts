import { createServer } from 'node:http';
import { Pool } from 'undici';

/**
 * The unit of all ratios: the least a Node proxy can do with node:http and undici. It knows no routes, keys or logs and
 * looks at no body, but it minds back-pressure and hangs up on the upstream when its client does.
 *
 * node dispatch.ts <port> <upstream port>
 */
const [port, upstreamPort] = process.argv.slice(2).map(Number);
const pool = new Pool(`http://127.0.0.1:${upstreamPort}`, {
  connections: null,
  pipelining: 1,
  bodyTimeout: 0,
  headersTimeout: 60_000,
});

const hopByHop = new Set(['connection', 'keep-alive', 'transfer-encoding', 'host']);

const server = createServer((request, response) => {
  let hangUp = () => {};
  response.once('close', () => hangUp());
  pool.dispatch(
    {
      path: request.url ?? '/',
      method: request.method ?? 'GET',
      headers: endToEnd(request.headers),
      // Handed on as it comes: collecting it first costs the same for small bodies and a fifth more for a megabyte.
      body: request,
    },
    {
      onRequestStart(controller) {
        hangUp = () => {
          if (!response.writableFinished) controller.abort(new Error('The client has gone.'));
        };
        response.on('drain', () => controller.resume());
      },
      onResponseStart(_controller, status, headers) {
        response.writeHead(status, endToEnd(headers));
      },
      onResponseData(controller, chunk) {
        if (!response.write(chunk)) controller.pause();
      },
      onResponseEnd() {
        response.end();
      },
      onResponseError() {
        if (response.headersSent) response.destroy();
        else response.writeHead(502).end();
      },
    },
  );
});
server.keepAliveTimeout = 60_000;
server.listen(port, '127.0.0.1');

function endToEnd(headers: NodeJS.Dict<string | string[]>): Record<string, string | string[]> {
  const kept: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined && !hopByHop.has(name)) kept[name] = value;
  return kept;
}
