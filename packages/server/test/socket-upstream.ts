import { createServer, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { createServer as createTls } from 'node:tls';
import { onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer, type RawData } from 'ws';
import { certificate, privateKey } from './certificate.ts';
import { until } from './support.ts';

export interface Visitor {
  readonly socket: WebSocket;
  readonly request: IncomingMessage;
  /** How its connection ended. */
  closed?: { readonly code: number; readonly reason: string };
}

interface Script {
  /** An answer instead of the handshake. */
  readonly refuse?: (request: IncomingMessage) => { readonly status: number; readonly body: object } | undefined;
  readonly visit?: (visitor: Visitor) => void;
}

/** A vendor that is spoken to over WebSockets. */
export async function socketUpstream({ refuse = () => undefined, visit = () => undefined }: Script = {}) {
  const visitors: Visitor[] = [];
  const asked: IncomingMessage[] = [];
  const server = createServer((_request, response) => void response.writeHead(404).end('{}'));
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: 0,
    handleProtocols: (protocols) => [...protocols][0] ?? false,
  });
  server.on('upgrade', (request, socket, head) => {
    asked.push(request);
    const refusal = refuse(request);
    if (refusal) {
      const body = JSON.stringify(refusal.body);
      socket.end(
        `HTTP/1.1 ${refusal.status} No\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n` +
          `retry-after: 7\r\nconnection: close\r\n\r\n${body}`,
      );
      return;
    }
    sockets.handleUpgrade(request, socket, head, (websocket) => {
      const visitor: Visitor = { socket: websocket, request };
      visitors.push(visitor);
      websocket.on('error', () => undefined);
      websocket.on('close', (code, reason) => (visitor.closed = { code, reason: reason.toString() }));
      visit(visitor);
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const { socket } of visitors) socket.terminate();
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo; // a server on a host and port has such an address
  return { url: `http://127.0.0.1:${port}`, asked, visitors };
}

/** TLS in front of a port, as a reverse proxy has it: openai's realtime helper speaks nothing else. */
export async function behindTls(port: number): Promise<string> {
  const server = createTls({ cert: certificate, key: privateKey }, (secure) => {
    const plain = connect(port, '127.0.0.1');
    secure.on('error', () => plain.destroy());
    plain.on('error', () => secure.destroy());
    secure.pipe(plain).pipe(secure);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `https://localhost:${(server.address() as AddressInfo).port}`; // a server on a host and port has such an address
}

/** A client's end that remembers what came. */
export function visit(url: string, protocols: readonly string[] = [], headers: Readonly<Record<string, string>> = {}) {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), [...protocols], { headers, perMessageDeflate: false });
  onTestFinished(() => socket.terminate());
  const received: { readonly data: Buffer; readonly binary: boolean }[] = [];
  const state: {
    open: boolean;
    refused?: { readonly status: number; readonly headers: IncomingMessage['headers']; readonly body: string };
    closed?: { readonly code: number; readonly reason: string };
  } = { open: false };
  socket.on('open', () => (state.open = true));
  socket.on('error', () => undefined);
  socket.on('message', (data: RawData, binary) => received.push({ data: data as Buffer, binary })); // its binaryType is nodebuffer
  socket.on('close', (code, reason) => (state.closed = { code, reason: reason.toString() }));
  socket.on('unexpected-response', (_request, response) => {
    const pieces: Buffer[] = [];
    response.on('data', (piece: Buffer) => pieces.push(piece));
    response.on('end', () => {
      const { statusCode: status = 0, headers: told } = response;
      state.refused = { status, headers: told, body: Buffer.concat(pieces).toString() };
    });
  });
  const opened = () => until('the socket is open', () => state.open);
  const refused = async () => {
    await until('the handshake is refused', () => state.refused !== undefined);
    return state.refused as NonNullable<typeof state.refused>; // awaited just before
  };
  const closed = async () => {
    await until('the socket is closed', () => state.closed !== undefined);
    return state.closed as NonNullable<typeof state.closed>; // awaited just before
  };
  const texts = () => received.map(({ data }) => data.toString());
  return { socket, received, texts, opened, refused, closed };
}
