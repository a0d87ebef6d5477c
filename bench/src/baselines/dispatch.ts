import { createServer } from 'node:http';
import { Pool } from 'undici';

/**
 * The unit of all ratios: the least a Node proxy can do with node:http and undici. It knows no routes, keys or logs, but
 * it minds back-pressure and hangs up on the upstream when its client does.
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

const hopByHop = new Set(['connection', 'keep-alive', 'transfer-encoding', 'host', 'content-length']);

const server = createServer((request, response) => {
  const body: Buffer[] = [];
  request.on('data', (chunk: Buffer) => body.push(chunk));
  request.on('end', () => {
    const headers: Record<string, string | string[]> = {};
    for (const [name, value] of Object.entries(request.headers))
      if (value !== undefined && !hopByHop.has(name)) headers[name] = value;
    let hangUp = () => {};
    response.once('close', () => hangUp());
    pool.dispatch(
      {
        path: request.url ?? '/',
        method: request.method ?? 'GET',
        headers,
        body: body.length === 1 && body[0] ? body[0] : Buffer.concat(body),
      },
      {
        onRequestStart(controller) {
          hangUp = () => {
            if (!response.writableFinished) controller.abort(new Error('The client has gone.'));
          };
          response.on('drain', () => controller.resume());
        },
        onResponseStart(_controller, status, upstreamHeaders) {
          const kept: Record<string, string | string[]> = {};
          for (const [name, value] of Object.entries(upstreamHeaders))
            if (value !== undefined && (name === 'content-length' || !hopByHop.has(name))) kept[name] = value;
          response.writeHead(status, kept);
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
});
server.keepAliveTimeout = 60_000;
server.listen(port, '127.0.0.1');
