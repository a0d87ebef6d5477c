import { hash, randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { Failure, type OpenedSocket, type OutboundSocket, type UpstreamResponse } from '@proxy/core';
import type { Dispatcher } from 'undici';
import { WebSocket } from 'ws';
import type { Connection } from './connection.ts';
import { Exchange } from './exchange.ts';
import { NodeSocket } from './socket.ts';

/**
 * A WebSocket's handshake over undici: over the same proxies, with the same certificates as every other request, and a
 * refusal is an ordinary response. The frames after it are the ws package's.
 */
export function openSocket(
  { dispatcher, name }: Connection,
  request: OutboundSocket,
  origin: string,
  path: string,
): Promise<OpenedSocket | UpstreamResponse> {
  const key = randomBytes(16).toString('base64');
  return new Promise((resolve, reject) => {
    const opening = new Opening(name, request, key, resolve, reject);
    if (request.signal.aborted) {
      opening.handleEvent();
      return;
    }
    dispatcher.dispatch(
      {
        origin,
        path: path.startsWith('/') ? path : `/${path}`,
        method: 'GET',
        upgrade: 'websocket',
        headers: {
          ...request.headers,
          'sec-websocket-version': '13',
          'sec-websocket-key': key,
          ...(request.protocols.length > 0 && { 'sec-websocket-protocol': request.protocols.join(', ') }),
        },
        // Ours: see silence.ts.
        headersTimeout: 0,
        bodyTimeout: 0,
      },
      opening,
    );
  });
}

/** Of a refusal's body. */
const refusalPatienceMs = 300_000;

/** The exchange of a handshake: a response, unless the connection is upgraded. */
class Opening extends Exchange {
  readonly #name: string;
  readonly #request: OutboundSocket;
  readonly #key: string;
  readonly #opened: (opened: OpenedSocket) => void;
  readonly #failed: (reason: unknown) => void;

  constructor(
    name: string,
    request: OutboundSocket,
    key: string,
    resolve: (answer: OpenedSocket | UpstreamResponse) => void,
    reject: (reason: unknown) => void,
  ) {
    super(name, request.signal, request.headersTimeoutMs, refusalPatienceMs, resolve, reject);
    this.#name = name;
    this.#request = request;
    this.#key = key;
    this.#opened = resolve;
    this.#failed = reject;
  }

  onRequestUpgrade(
    _controller: Dispatcher.DispatchController,
    _status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
    socket: Duplex,
  ): void {
    this.settle();
    if (headers['sec-websocket-accept'] !== acceptOf(this.#key)) {
      socket.destroy();
      const why = 'it did not complete the WebSocket handshake (sec-websocket-accept)';
      this.#failed(new Failure('bad-upstream', `${this.#name} cannot be used: ${why}.`));
      return;
    }
    const { 'sec-websocket-protocol': protocol } = headers;
    const client = new ClientSocket(socket, this.#request.maxMessageBytes);
    this.#opened({ socket: new NodeSocket(client), ...(typeof protocol === 'string' && { protocol }) });
  }
}

/** RFC 6455 §4.2.2. */
function acceptOf(key: string): string {
  return hash('sha1', `${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`, 'base64');
}

interface Internals {
  _isServer: boolean;
  setSocket(socket: Duplex, head: Buffer, options: { readonly maxPayload: number }): void;
}

/**
 * The client's side of ws over a connection that has been upgraded already: ws has no public door for that, so this uses the
 * one by which its own server and client come in. The server’s realtime tests would fail with frames that are not masked.
 */
class ClientSocket extends WebSocket {
  constructor(socket: Duplex, maxPayload: number) {
    super(null as never, undefined, { closeTimeout: 30_000, autoPong: true } as object); // as ws's own server does
    const internals = this as unknown as Internals; // not in its types
    internals._isServer = false;
    internals.setSocket(socket, Buffer.alloc(0), { maxPayload });
  }
}
