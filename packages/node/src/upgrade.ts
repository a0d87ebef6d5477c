import type { IncomingMessage } from 'node:http';
import type { Socket as NetSocket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { AcceptedSocket, Gateway, HttpAnswer, SocketSession } from '@proxy/core';
import { WebSocketServer } from 'ws';
import { ServerResponse } from './http.ts';
import { NodeRequest } from './request.ts';
import { writeAnswer } from './response.ts';
import { NodeSocket } from './socket.ts';

/** For `server.on('upgrade', …)`: opens the WebSockets of a gateway, and answers whatever else asks to be upgraded over HTTP. */
export interface UpgradeHandler {
  (request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Sessions end as soon as nothing runs in them, with 1001. */
  drain(): void;
  /** Breaks off what still runs. */
  cut(): void;
}

interface Running {
  readonly socket: NodeSocket;
  readonly session: SocketSession;
}

/** Everything that asks for another protocol goes on in HTTP (`shouldUpgradeCallback`, Node 24.9 and later). */
export function asksForWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket';
}

export function toUpgradeHandler(gateway: Gateway): UpgradeHandler {
  const running = new Set<Running>();
  let draining = false;

  function handle(message: IncomingMessage, socket: Duplex, head: Buffer): void {
    const request = new NodeRequest(message);
    const leave = () => request.leave();
    socket.on('close', leave);
    // Without a listener a caller that resets its connection would end the process.
    socket.on('error', leave);
    const asked = asksForWebSocket(message) ? gateway.connect(request) : gateway.handle(request);
    asked.then(
      (answer) => {
        if (!('open' in answer)) refuse(message, socket, answer);
        else if (socket.destroyed) answer.open(undefined);
        else accept(answer, message, socket, head);
      },
      () => refuse(message, socket, { status: 500, headers: {}, body: 'The gateway itself failed.' }),
    );
  }

  function accept(accepted: AcceptedSocket, message: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { protocol, headers, maxMessageBytes, idleMs } = accepted;
    const server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: maxMessageBytes,
      handleProtocols: () => protocol ?? false,
    });
    server.on('headers', (lines) => {
      for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
    });
    let opened = false;
    server.on('wsClientError', () => undefined);
    // A malformed handshake is answered by ws, which then destroys the socket.
    socket.once('close', () => {
      if (!opened) accepted.open(undefined);
    });
    server.handleUpgrade(message, socket, head, (websocket) => {
      opened = true;
      const client = new NodeSocket(websocket, idleMs);
      const one: Running = { socket: client, session: accepted.open(client) };
      running.add(one);
      websocket.on('close', () => running.delete(one));
      if (draining) one.session.drain();
    });
  }

  return Object.assign(handle, {
    drain() {
      draining = true;
      for (const { session } of running) session.drain();
    },
    cut() {
      for (const { socket } of running) socket.terminate();
    },
  });
}

/** Over the connection as it is, and then it is closed: what followed the handshake has not been read as HTTP. */
function refuse(message: IncomingMessage, socket: Duplex, answer: HttpAnswer): void {
  if (socket.destroyed) return;
  const response = new ServerResponse(message);
  response.shouldKeepAlive = false;
  response.assignSocket(socket as NetSocket); // the type says more than it needs: TLS sockets and pipes serve as well
  response.on('finish', () => {
    response.detachSocket(socket as NetSocket);
    socket.end();
  });
  const flow = writeAnswer(response, answer);
  socket.on('close', () => flow?.cancel());
}
