import type { Chunk, Socket, SocketListener } from '@proxy/core';
import type { WebSocket } from 'ws';

/** Bytes that may wait for a slow reader; beyond, whoever feeds it is asked to pause. */
const highWaterBytes = 1024 * 1024;
/** A side that answers no ping for so long is gone, though no packet says so. */
const pingMs = 30_000;
/** RFC 6455 §5.5: a control frame holds 125 bytes, two of them the code. */
const maxReasonBytes = 123;

/** A WebSocket of the ws package as the core's. `idleMs`: without a message either way for so long it is closed. */
export class NodeSocket implements Socket {
  readonly #socket: WebSocket;
  readonly #ping: ReturnType<typeof setInterval>;
  readonly #idle: ReturnType<typeof setTimeout> | undefined;
  #listener: SocketListener | undefined;
  /** What came before anybody listened: what one read of the socket held. */
  #early: (readonly [Buffer, boolean])[] = [];
  #full = false;
  #answered = true;
  /** It closed before anybody listened. */
  #closed: readonly [number, string] | undefined;

  constructor(socket: WebSocket, idleMs?: number) {
    this.#socket = socket;
    socket.pause();
    socket.on('message', (data: Buffer, binary) => {
      this.#idle?.refresh();
      if (this.#listener) {
        this.#listener.message(data, binary);
        return;
      }
      // Node resumes a socket once more after undici has let go of it, whatever was said since.
      this.#early.push([data, binary]);
      socket.pause();
    });
    socket.on('pong', () => (this.#answered = true));
    // What went wrong is told by the code that it closes with: 1006, 1007, 1009.
    socket.on('error', () => undefined);
    socket.on('close', (code, reason) => this.#over(code, reason.toString()));
    this.#ping = setInterval(() => this.#check(), pingMs).unref();
    if (idleMs !== undefined) this.#idle = setTimeout(() => this.close(1001, idleReason), idleMs).unref();
  }

  listen(listener: SocketListener): void {
    this.#listener = listener;
    const early = this.#early;
    this.#early = [];
    if (!this.#closed) this.#socket.resume();
    for (const message of early) listener.message(...message);
    if (this.#closed) listener.closed(...this.#closed);
  }

  send(message: Chunk, binary: boolean): boolean {
    if (this.#socket.readyState !== this.#socket.OPEN) return true;
    this.#idle?.refresh();
    this.#socket.send(message, { binary }, () => this.#sent());
    this.#full ||= this.#socket.bufferedAmount > highWaterBytes;
    return !this.#full;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(code?: number, reason = ''): void {
    // A side that is paused would never see the other's half of the closing handshake.
    this.#socket.resume();
    if (code === undefined) this.#socket.close();
    else this.#socket.close(code, shortened(reason));
  }

  /** Without a handshake. */
  terminate(): void {
    this.#socket.terminate();
  }

  #sent(): void {
    if (!this.#full || this.#socket.bufferedAmount > highWaterBytes / 2) return;
    this.#full = false;
    this.#listener?.drained();
  }

  #check(): void {
    // One that is paused reads no pong either.
    if (this.#socket.isPaused) return;
    if (!this.#answered) {
      this.#socket.terminate();
      return;
    }
    this.#answered = false;
    this.#socket.ping();
  }

  #over(code: number, reason: string): void {
    clearInterval(this.#ping);
    clearTimeout(this.#idle);
    this.#closed = [code, reason];
    this.#listener?.closed(code, reason);
  }
}

const idleReason = 'The session was idle for too long.';

function shortened(reason: string): Buffer {
  const bytes = Buffer.from(reason);
  if (bytes.length <= maxReasonBytes) return bytes;
  // Cut between characters: a reason is UTF-8.
  let end = maxReasonBytes;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end);
}
