import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import type { Chunk, Flow, HttpAnswer, Sink, Source } from '@proxy/core';
import { OutgoingMessage } from './http.ts';
import { giveBack, scratchBytes, takeScratch } from './scratch.ts';

/** Up to this length a body leaves in one string with its header: one write instead of a gathered one. */
const maxJoinedBytes = 16 * 1024;
/** Bytes that may wait in one tick before the source is asked to pause. */
const highWaterBytes = 64 * 1024;
/** RFC 9112 §7.1: a chunk of no bytes ends a chunked body. */
const lastChunk = '0\r\n\r\n';
/** Up to this length copying a chunk into its frame costs less than gathering the pieces. */
const maxCopiedBytes = 2 * 1024;
/** Up to this length texts are joined; longer ones are encoded one by one, since joining them means copying them. */
const maxJoinedText = 2 * 1024;
/** UTF-8 takes at most three bytes for each UTF-16 unit. */
const widestUnit = 3;
/** Room for a chunk's length in hexadecimal digits and its break. */
const maxHead = 12;
const lineBreak = '\r\n';
const frameEnd = Buffer.from(lineBreak, 'latin1');
/** How long a caller whose body we did not want may go on sending it, so that it gets to read why. */
const lingerMs = 1000;

/** Writes an answer. Returns what must be cancelled when the caller goes away, if the body streams. */
export function writeAnswer(response: ServerResponse, { status, headers, body }: HttpAnswer): Flow | undefined {
  if (stillSending(response.req)) refuseRest(response);
  if (body === undefined) {
    writeHead(response, status, headers, 0);
    response.end();
  } else if (typeof body === 'string') {
    const length = Buffer.byteLength(body);
    writeHead(response, status, headers, length);
    // As many bytes as characters: plain ASCII, which is written without being looked at again. Other text is encoded here, since
    // Node would first join it to the header, in two bytes a character, and encode that at four times the cost.
    if (length === body.length) response.end(body, 'latin1');
    else endWithBytes(response, Buffer.from(body));
  } else if (body instanceof Uint8Array) {
    writeHead(response, status, headers, body.length);
    endWithBytes(response, body);
  } else {
    writeHead(response, status, headers);
    return new StreamedAnswer(response).run(body);
  }
  return undefined;
}

function writeHead(response: ServerResponse, status: number, headers: HttpAnswer['headers'], length?: number): void {
  // RFC 9110 §8.6: no content-length with 204, and none on 304 that is not the full answer's.
  if (length === undefined || status === 204 || status === 304) response.writeHead(status, headers);
  else response.writeHead(status, { ...headers, 'content-length': length });
}

function endWithBytes(response: ServerResponse, bytes: Uint8Array): void {
  if (bytes.length > maxJoinedBytes) response.end(bytes);
  else response.end(latin1([bytes]), 'latin1');
}

function stillSending({ complete, headers }: IncomingMessage): boolean {
  return !complete && (headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined);
}

/**
 * We answer before the caller has sent everything. Closing at once would reset the connection, and many clients then
 * never read the answer; so the rest is thrown away for a moment, and if that was all, the connection serves on.
 */
function refuseRest(response: ServerResponse): void {
  const request: IncomingMessage = response.req;
  response.once('finish', () => {
    if (request.complete) return;
    request.resume();
    setTimeout(() => request.destroy(), lingerMs).unref();
  });
}

/** A body on its way: what comes within one tick leaves in one write, however many chunks it was. */
class StreamedAnswer implements Sink {
  readonly #response: ServerResponse;
  #flow: Flow | undefined;
  /** What came in this tick. */
  #pending: Chunk | Chunk[] | undefined;
  #pendingBytes = 0;
  /** The last text had characters of several bytes: so will the next, in Chinese, and need not be measured first. */
  #wide = false;
  /** The source was told to wait, and hears of it when there is room. */
  #waiting = false;
  #over = false;
  /** Nobody between us and the socket wants to see what is written, as a middleware that compresses does. */
  readonly #untouched: boolean;
  /**
   * We frame chunks ourselves: Node writes each as four pieces (length, break, data, break), and gathering those costs more
   * than copying a small one. Node is told that there is nothing to frame.
   */
  readonly #chunked: boolean;
  /** Takes all but what goes with the head: through the response each write costs a tenth more. */
  #socket: Socket | undefined;
  #draining = false;

  constructor(response: ServerResponse) {
    this.#response = response;
    this.#untouched = response.write === OutgoingMessage.prototype.write;
    this.#chunked = this.#untouched && response.chunkedEncoding;
    if (this.#chunked) response.chunkedEncoding = false;
    response.on('drain', () => this.#resume());
  }

  run(body: Source): Flow {
    this.#flow = body.start(this);
    // Nothing to say yet: let the caller at least know that it was heard.
    if (this.#pending === undefined && !this.#over) this.#response.flushHeaders();
    return this.#flow;
  }

  write(chunk: Chunk): boolean {
    if (this.#over || this.#response.destroyed) return false;
    if (chunk.length === 0) return true; // a frame of nothing would be the last one
    const pending = this.#pending;
    if (pending === undefined) {
      this.#pending = chunk;
      process.nextTick(flush, this);
    } else if (typeof pending === 'string' && typeof chunk === 'string' && pending.length < maxJoinedText) {
      this.#pending = pending + chunk;
    } else if (Array.isArray(pending)) {
      pending.push(chunk);
    } else {
      this.#pending = [pending, chunk];
    }
    this.#pendingBytes += chunk.length;
    const { writableNeedDrain } = this.#socket ?? this.#response;
    if (this.#pendingBytes < highWaterBytes && !writableNeedDrain) return true;
    this.#waiting = true;
    return false;
  }

  end(): void {
    if (this.#over) return;
    this.#over = true;
    const response = this.#response;
    if (response.destroyed) return;
    const { socket } = response;
    socket?.cork();
    this.#writePending(response);
    if (this.#chunked) response.end(lastChunk, 'latin1');
    else response.end();
    socket?.uncork();
  }

  /** What arrived still goes out; then the socket closes, so that nobody takes a part for the whole. */
  fail(): void {
    if (this.#over) return;
    this.flush();
    this.#over = true;
    const { socket } = this.#response;
    if (!socket) this.#response.destroy();
    // Without chunks (HTTP/1.0) a closed connection is a clean end: only a reset is not.
    else if (this.#chunked || this.#response.chunkedEncoding) socket.destroySoon();
    else socket.resetAndDestroy();
  }

  flush(): void {
    if (this.#pending === undefined || this.#over || this.#response.destroyed) return;
    const more = this.#socket ? this.#writePending(this.#socket) : this.#writeFirst();
    if (more) this.#resume();
    else if (this.#socket) this.#awaitDrain(this.#socket);
  }

  /** With the head, if that has not gone yet. */
  #writeFirst(): boolean {
    const { socket } = this.#response;
    // Corked by us, because Node would schedule a tick of its own to gather the pieces.
    socket?.cork();
    const more = this.#writePending(this.#response);
    socket?.uncork();
    // A response that still waits for the one before it on its connection has no socket.
    if (this.#untouched && socket) this.#socket = socket;
    else if (!this.#untouched) flushCompressed(this.#response);
    return more;
  }

  /** The response tells of its own writes only. */
  #awaitDrain(socket: Socket): void {
    if (this.#draining) return;
    this.#draining = true;
    socket.once('drain', () => {
      this.#draining = false;
      this.#resume();
    });
  }

  #writePending(to: Writable): boolean {
    const pending = this.#pending;
    const bytes = this.#pendingBytes;
    this.#pending = undefined;
    this.#pendingBytes = 0;
    if (pending === undefined) return true;
    if (typeof pending === 'string') return this.#writeTexts(to, [pending], bytes);
    const chunks = Array.isArray(pending) ? pending : [pending];
    if (chunks.every(isText)) return this.#writeTexts(to, chunks, bytes);
    if (chunks.every(isBytes))
      return bytes <= maxCopiedBytes ? this.#writeText(to, latin1(chunks)) : this.#writeLong(to, chunks, bytes);
    let more = true;
    for (const chunk of chunks)
      more =
        typeof chunk === 'string'
          ? this.#writeTexts(to, [chunk], chunk.length)
          : this.#writeLong(to, [chunk], chunk.length);
    return more;
  }

  /** Encoded once, into the middle of their frame: measuring a text of two bytes a character costs as much as encoding it. */
  #writeTexts(to: Writable, texts: readonly string[], units: number): boolean {
    const [text = ''] = texts;
    if (!this.#wide && units <= maxCopiedBytes && texts.length === 1 && Buffer.byteLength(text) === units)
      return this.#writeText(to, text);
    const room = maxHead + units * widestUnit + lineBreak.length;
    if (room > scratchBytes || room <= Buffer.poolSize / 2)
      return to.write(this.#encode(texts, units, Buffer.allocUnsafe(room)));
    const scratch = takeScratch();
    return to.write(this.#encode(texts, units, scratch), () => giveBack(scratch));
  }

  /** Of one byte a character: with its frame in one string. */
  #writeText(to: Writable, text: string): boolean {
    return to.write(this.#chunked ? `${text.length.toString(16)}\r\n${text}\r\n` : text, 'latin1');
  }

  #encode(texts: readonly string[], units: number, into: Buffer): Buffer {
    let at = maxHead;
    for (const text of texts) at += into.write(text, at);
    this.#wide = at - maxHead > units;
    if (!this.#chunked) return into.subarray(maxHead, at);
    const head = `${(at - maxHead).toString(16)}${lineBreak}`;
    const from = maxHead - head.length;
    into.write(head, from, 'latin1');
    at += into.write(lineBreak, at, 'latin1');
    return into.subarray(from, at);
  }

  /**
   * Many bytes: as they are, between the two parts of one frame, since each piece costs as much as copying a kilobyte. All are
   * buffers, which Node gathers without looking at them.
   */
  #writeLong(to: Writable, chunks: readonly Uint8Array[], bytes: number): boolean {
    const { socket } = this.#response;
    socket?.cork();
    if (this.#chunked) to.write(Buffer.from(`${bytes.toString(16)}${lineBreak}`, 'latin1'));
    let more = true;
    for (const chunk of chunks) more = to.write(chunk);
    if (this.#chunked) more = to.write(frameEnd);
    socket?.uncork();
    return more;
  }

  #resume(): void {
    if (!this.#waiting) return;
    this.#waiting = false;
    this.#flow?.resume();
  }
}

/** The middleware `compression` holds a stream back until its block is full, unless it is told. */
function flushCompressed(response: ServerResponse & { flush?: unknown }): void {
  if (typeof response.flush === 'function') response.flush();
}

function flush(answer: StreamedAnswer): void {
  answer.flush();
}

function isText(chunk: Chunk): chunk is string {
  return typeof chunk === 'string';
}

function isBytes(chunk: Chunk): chunk is Uint8Array {
  return typeof chunk !== 'string';
}

/** One character a byte: a short string costs the collector far less than a buffer. */
function latin1(chunks: readonly Uint8Array[]): string {
  let text = '';
  for (const chunk of chunks) {
    // undici's chunks are Buffers already; a second view of each is only more to collect.
    const buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    text += buffer.toString('latin1');
  }
  return text;
}
