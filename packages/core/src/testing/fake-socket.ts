import type { Socket, SocketListener } from '../ports.ts';

/** One end of a WebSocket, whose other side is the test. */
export class FakeSocket implements Socket {
  readonly sent: string[] = [];
  readonly closes: (readonly [number | undefined, string | undefined])[] = [];
  paused = false;
  /** What `send` answers. */
  room = true;
  listener: SocketListener | undefined;

  listen(listener: SocketListener): void {
    this.listener = listener;
  }

  send(message: Uint8Array | string): boolean {
    this.sent.push(typeof message === 'string' ? message : new TextDecoder().decode(message));
    return this.room;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  close(code?: number, reason?: string): void {
    this.closes.push([code, reason]);
  }

  /** The other side says this. */
  say(message: object | string, binary = false): void {
    const text = typeof message === 'string' ? message : JSON.stringify(message);
    this.listener?.message(new TextEncoder().encode(text), binary);
  }

  /** The other side closed. */
  leave(code = 1000, reason = ''): void {
    this.listener?.closed(code, reason);
  }
}
