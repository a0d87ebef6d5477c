import type { IncomingMessage, ServerResponse } from 'node:http';
import { isSource, type Flow, type Gateway, type HttpAnswer, type Sink } from '@proxy/core';
import { NodeRequest } from './request.ts';
import { writeAnswer } from './response.ts';
import { atEndOfTurn } from './turn.ts';

/** With `next` (Express, Connect) what is no door of the gateway's is passed on; without, it is answered with 404. */
export type NodeHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  next?: (error?: unknown) => void,
) => void;

/**
 * A gateway for node:http or an existing app: `createServer(toNodeHandler(gateway))`, `app.use('/ai', toNodeHandler(gateway))`.
 * Mounted under a path, the gateway sees what follows it. Best placed before body parsers, but works after them.
 */
export function toNodeHandler(gateway: Gateway): NodeHandler {
  return (message, response, next) => {
    if (next && !gateway.knows(message.method ?? 'GET', message.url ?? '/')) {
      next();
      return;
    }
    new Visit(message, response, next).run(gateway);
  };
}

/** One request and its answer, until both are over. */
class Visit {
  readonly #request: NodeRequest;
  readonly #response: ServerResponse;
  readonly #next: ((error?: unknown) => void) | undefined;
  #flow: Flow | undefined;

  constructor(message: IncomingMessage, response: ServerResponse, next: ((error?: unknown) => void) | undefined) {
    this.#request = new NodeRequest(message);
    this.#response = response;
    this.#next = next;
    response.on('close', () => this.#close());
  }

  run(gateway: Gateway): void {
    gateway.handle(this.#request).then(
      (answer) => {
        // A stream's head does not wait.
        if (isSource(answer.body)) this.#answer(answer);
        else atEndOfTurn(() => this.#answer(answer));
      },
      (error: unknown) => this.#fail(error),
    );
  }

  #answer(answer: HttpAnswer): void {
    if (this.#response.destroyed) {
      discard(answer);
      return;
    }
    try {
      this.#flow = writeAnswer(this.#response, answer);
    } catch (error) {
      if (!this.#response.headersSent) discard(answer);
      this.#fail(error);
      return;
    }
    // The body may have found out, while it started, that nobody is there.
    if (this.#response.destroyed) this.#flow?.cancel();
  }

  /** The gateway never rejects, so this is a bug, in it or in its answer. */
  #fail(error: unknown): void {
    const response = this.#response;
    if (response.headersSent) response.destroy();
    else if (this.#next) this.#next(error);
    else response.writeHead(500, { 'content-type': 'text/plain' }).end('The gateway itself failed.');
  }

  #close(): void {
    if (this.#response.writableFinished) return;
    this.#request.leave();
    this.#flow?.cancel();
  }
}

/** The answer reaches nobody; whoever streams it has to hear so. */
function discard({ body }: HttpAnswer): void {
  if (isSource(body)) body.start(nobody).cancel();
}

const nobody: Sink = { write: () => false, end: () => undefined, fail: () => undefined };
