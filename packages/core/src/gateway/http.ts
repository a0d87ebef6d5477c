import type { Chunk } from '../bytes/framing.ts';
import type { HeaderMap } from '../dialects/dialect.ts';
import type { CancelSignal, Socket, Source } from '../ports.ts';
import type { Direction } from './direction.ts';

/** A request as it came off the wire, in nobody's classes: node:http and the Web shell both make one cheaply. */
export interface HttpRequest {
  readonly method: string;
  /** Path and query as sent: `/v1/messages?beta=true`. */
  readonly url: string;
  readonly headers: HeaderMap;
  /** Absent when there is none. Whole where the shell has it at hand, else pushed. */
  readonly body?: Uint8Array | Source;
  /** Aborted when the caller went away. */
  readonly signal: CancelSignal;
  /** The caller's network address, where known. */
  readonly address?: string;
  /** Where somebody in front of the gateway has sent it; absent: as its path and its model say. */
  readonly direction?: Direction;
}

/** What to answer. A body that is a Source streams; its Flow must be cancelled when the caller goes away. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: HeaderMap;
  readonly body?: Chunk | Source;
}

/** A handshake that the shell is to complete. */
export interface AcceptedSocket {
  /** The subprotocol to name. */
  readonly protocol?: string;
  readonly headers: HeaderMap;
  readonly maxMessageBytes: number;
  readonly idleMs: number;
  /** The caller's end; undefined when the handshake could not be completed. */
  open(socket: Socket | undefined): SocketSession;
}

export interface SocketSession {
  /** The server stops: what is running may end, then the caller is told 1001. */
  drain(): void;
}

/** A gateway without a shell: @proxy/node and the Web shell put sockets around it. */
export interface Gateway {
  /** Never rejects: every failure is an answer in the caller's dialect. */
  handle(request: HttpRequest): Promise<HttpAnswer>;
  /** The same for a WebSocket's handshake: an answer refuses it. Never rejects. */
  connect(request: HttpRequest): Promise<HttpAnswer | AcceptedSocket>;
  /** Whether a door of ours is there; a middleware passes everything else on. */
  knows(method: string, url: string): boolean;
  /** The Web-standard shell: `export default { fetch: gateway.fetch }`. */
  fetch(request: Request): Promise<Response>;
}
