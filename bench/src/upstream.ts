import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answer } from './ipc.ts';
import { dialectOfPath } from './wire/shape.ts';
import type { Shape } from './wire/shape.ts';
import { shapes } from './wire/shapes.ts';
import { piece, replyText, wholeText } from './wire/text.ts';

/** How streams are sent from now on. Whole replies are always instant. */
export interface Pace {
  readonly deltas: number;
  /** Deltas in one write. */
  readonly perWrite: number;
  /** Between two writes; absent: as fast as the reader takes them. */
  readonly intervalMs?: number;
}

/** What the mock upstream saw since the last `reset`. */
export interface Seen {
  readonly requests: number;
  readonly bytes: number;
  /** Requests whose answer is neither finished nor broken off. */
  readonly open: number;
}

/** The mock upstream: a process that answers like each of the four vendors, at the pace it was told. */
let pace: Pace = { deltas: 10, perWrite: 1 };
let requests = 0;
let bytes = 0;
let open = 0;

const server = createServer((request, response) => {
  requests++;
  open++;
  response.once('close', () => open--);
  const body: Buffer[] = [];
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    body.push(chunk);
  });
  request.on('end', () => respond(request, response, Buffer.concat(body)));
});
server.keepAliveTimeout = 60_000;

answer({
  listen: () =>
    new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))), // TCP
  pace: (next: Pace) => void (pace = next),
  reset: () => {
    requests = 0;
    bytes = 0;
  },
  seen: (): Seen => ({ requests, bytes, open }),
});

function respond(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const asked = dialectOfPath(request.url ?? '');
  if (!asked) {
    response
      .writeHead(404, { 'content-type': 'application/json' })
      .end('{"error":{"message":"The mock upstream has no such door."}}');
    return;
  }
  const shape: Shape = shapes[asked.dialect];
  if (asked.streaming ?? body.includes('"stream":true')) stream(shape, response);
  else {
    const reply = Buffer.from(shape.reply(replyText));
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': reply.length }).end(reply);
  }
}

function stream(shape: Shape, response: ServerResponse): void {
  const { deltas, perWrite, intervalMs } = pace;
  const started = performance.now();
  let sent = 0;
  let writes = 0;
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  const opening = shape.opening();
  if (opening !== '') response.write(opening);
  next();

  function next(): void {
    if (response.destroyed) return;
    if (sent >= deltas) {
      response.end(shape.closing(wholeText(shape, deltas), deltas));
      return;
    }
    const count = Math.min(perWrite, deltas - sent);
    const room = response.write(deltasOf(shape, sent, count));
    sent += count;
    writes++;
    // By the clock rather than by the last tick, so that every run offers the same load however late timers are.
    if (intervalMs !== undefined) setTimeout(next, Math.max(0, started + writes * intervalMs - performance.now()));
    else if (room) setImmediate(next);
    else response.once('drain', next);
  }
}

/** Ready-made writes: the mock shares the machine with whom it measures, and should take little of it. */
const readyMade = new Map<string, Buffer>();

function deltasOf(shape: Shape, from: number, count: number): Buffer {
  const key = `${shape.name} ${shape.numbered ? from : from % 100} ${count}`;
  const known = readyMade.get(key);
  if (known) return known;
  let text = '';
  for (let index = from; index < from + count; index++) text += shape.delta(piece(shape, index), index);
  const made = Buffer.from(text);
  if (readyMade.size < 20_000) readyMade.set(key, made);
  return made;
}
