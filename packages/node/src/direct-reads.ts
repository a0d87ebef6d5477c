import { Socket } from 'node:net';
import { buildConnector } from './undici.ts';

/** How bytes come to a socket that hands them on itself. */
interface DirectSocket extends Socket {
  [arrived]: Buffer | undefined;
  /** Nothing is read until what is there has been taken. */
  [stopped]: boolean;
  /** The other side has sent its last. */
  [finished]: boolean;
}

const arrived = Symbol('arrived');
const stopped = Symbol('stopped');
const finished = Symbol('finished');

/** Shared by all sockets: each read is copied out of it before the next one begins. */
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024);

/**
 * undici asks a socket for its bytes by `read` whenever it hears 'readable'. Node's own way there leads over a buffer of 64 KB a read, a
 * queue and a turn of the loop, which cost a tenth of passing a delta on. These sockets read into one buffer (`onread`, as node:net
 * documents it) and say 'readable' at once.
 *
 * Not for HTTP/2, tunnels and WebSockets: there others than undici read.
 */
export function directConnector(options: buildConnector.BuildOptions): buildConnector.connector {
  const connector = buildConnector({ ...options, onread: { buffer: readBuffer, callback: take } } as typeof options);
  return (target, done) =>
    connector(target, (...result) => {
      const [, socket] = result;
      if (socket) readDirectly(socket as unknown as DirectSocket);
      done(...result);
    });
}

function readDirectly(socket: DirectSocket): void {
  socket.read = read;
  socket.push = push;
}

function take(this: DirectSocket, length: number, buffer: Uint8Array): boolean {
  const bytes = Buffer.from(buffer.subarray(0, length));
  this[arrived] = this[arrived] ? Buffer.concat([this[arrived], bytes]) : bytes;
  this.emit('readable');
  // Before undici listens nothing is stopped, for nobody would ask for what is there.
  this[stopped] = this[arrived] !== undefined && this.listenerCount('readable') > 0;
  return !this[stopped];
}

function read(this: DirectSocket, size?: number): Buffer | null {
  const bytes = this[arrived];
  // What undici gave back comes first.
  if (size !== undefined || this.readableLength > 0 || (bytes === undefined && this[finished]))
    return Socket.prototype.read.call(this, size) as Buffer | null; // no encoding is set
  this[arrived] = undefined;
  if (this[stopped]) {
    this[stopped] = false;
    Socket.prototype.read.call(this, 0);
  }
  return bytes ?? null;
}

function push(this: DirectSocket, chunk: unknown): boolean {
  if (chunk === null) this[finished] = true;
  return Socket.prototype.push.call(this, chunk);
}
