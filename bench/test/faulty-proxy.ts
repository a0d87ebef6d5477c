import { createServer, request as send } from 'node:http';

/** A proxy that does one thing wrong. node faulty-proxy.ts <port> <upstream port> <fault> */
const [port, upstreamPort, fault] = process.argv.slice(2);

createServer((request, response) => {
  const body: Buffer[] = [];
  request.on('data', (chunk: Buffer) => body.push(chunk));
  request.on('end', () => {
    const { method = 'GET', url: path = '/' } = request;
    const upstream = send({ port: upstreamPort, host: '127.0.0.1', method, path, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, { 'content-type': answer.headers['content-type'] ?? '' });
      let chunks = 0;
      answer.on('data', (chunk: Buffer) => {
        chunks++;
        if (fault === 'drops' && chunks === 3) return;
        if (fault === 'breaks off' && chunks === 3) {
          response.end();
          upstream.destroy();
        }
        if (fault === 'changes' && chunks === 3) chunk[chunk.indexOf(' the ') + 1] = 0x54;
        if (!response.writableEnded && !response.destroyed) response.write(chunk);
      });
      answer.on('end', () => response.end());
    });
    if (fault !== 'leaks') response.on('close', () => upstream.destroy());
    upstream.on('error', () => response.destroy());
    upstream.end(fault === 'loses pictures' ? '{}' : Buffer.concat(body));
    // Asked a second time, and nobody reads the answer.
    if (fault === 'sends twice')
      send({ port: upstreamPort, host: '127.0.0.1', method, path, agent: false }, (answer) => answer.resume()).end(
        Buffer.concat(body),
      );
  });
}).listen(Number(port), '127.0.0.1');
