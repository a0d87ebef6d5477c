import { createServer, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { listening } from './upstreams.ts';

export interface ForwardProxy {
  readonly url: string;
  readonly port: number;
  /** `CONNECT host:port` and `POST http://…`, in the order in which they came. */
  readonly asked: readonly string[];
}

/** An HTTP proxy that knows no names but its own: whatever host is asked for is the one on `port`. */
export async function forwardProxy(port: number, credentials?: string): Promise<ForwardProxy> {
  const asked: string[] = [];
  const wanted = credentials === undefined ? undefined : `Basic ${Buffer.from(credentials).toString('base64')}`;
  const server = createServer((incoming, outgoing) => {
    asked.push(`${incoming.method} ${incoming.url}`);
    const { pathname, search } = new URL(incoming.url ?? '');
    const { method, headers } = incoming;
    incoming.pipe(
      httpRequest({ port, host: '127.0.0.1', path: pathname + search, method, headers }, (reply) => {
        outgoing.writeHead(reply.statusCode ?? 0, reply.headers);
        reply.pipe(outgoing);
      }),
    );
  });
  server.on('connect', (incoming, socket) => {
    asked.push(`CONNECT ${incoming.url}`);
    if (wanted !== undefined && incoming.headers['proxy-authorization'] !== wanted) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    const upstream = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on('error', () => socket.destroy());
    socket.on('error', () => upstream.destroy());
    socket.on('close', () => upstream.destroy());
  });
  const own = await listening(server);
  return { url: `http://${credentials === undefined ? '' : `${credentials}@`}127.0.0.1:${own}`, port: own, asked };
}
