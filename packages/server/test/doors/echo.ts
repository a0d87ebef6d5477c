import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { WebSocketServer } from 'ws';

/** How an upstream tells what it was sent. */
export const echoes = ['refusal', 'text', 'headers', 'whole', 'first', 'late', 'broken', 'moved'] as const;

export type Echo = (typeof echoes)[number];

/** A vendor of everything, over HTTP and WebSockets, that repeats whatever it is sent: its headers, its address. */
export async function echoingUpstream() {
  const state: { echo: Echo } = { echo: 'refusal' };
  const seen: string[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      seen.push(`${request.url} ${JSON.stringify(request.headers)} ${Buffer.concat(pieces).toString()}`);
      answers[state.echo](request, response, `${request.url} ${JSON.stringify(request.headers)}`);
    });
  });
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    const echo = `${request.url} ${JSON.stringify(request.headers)}`;
    seen.push(echo);
    if (state.echo === 'refusal') {
      const body = JSON.stringify({ error: { message: echo } });
      const lines = ['HTTP/1.1 400 No', `x-echo: ${shownIn(request)}`, `content-length: ${Buffer.byteLength(body)}`];
      socket.end(`${lines.join('\r\n')}\r\nconnection: close\r\n\r\n${body}`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (websocket) => {
      websocket.on('error', () => undefined);
      websocket.send(JSON.stringify({ type: 'error', error: { message: echo } }));
      websocket.close(1011, shownIn(request).slice(0, 120));
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const client of sockets.clients) client.terminate();
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo; // a server on a host and port has such an address
  return { url: `http://127.0.0.1:${port}`, state, seen };
}

function shownIn({ headers }: IncomingMessage): string {
  const { authorization, 'x-api-key': anthropics, 'x-goog-api-key': googles, 'api-key': azures } = headers;
  return [authorization, anthropics, googles, azures, headers['x-gate']].filter(Boolean).join(' ');
}

type Answer = (request: IncomingMessage, response: ServerResponse, echo: string) => void;

const json = { 'content-type': 'application/json' };
const events = { 'content-type': 'text/event-stream' };

const answers: Readonly<Record<Echo, Answer>> = {
  refusal: (request, response, echo) =>
    response.writeHead(400, { ...json, 'x-echo': shownIn(request) }).end(errorWith(echo)),
  text: (_request, response, echo) => response.writeHead(500, { 'content-type': 'text/html' }).end(`<p>${echo}</p>`),
  headers: (request, response) =>
    response
      .writeHead(200, {
        ...json,
        'x-echo': shownIn(request),
        'x-ratelimit-echo': shownIn(request),
        'x-request-id': shownIn(request),
      })
      .end(JSON.stringify(wordsOf(request).whole)),
  whole: (_request, response, echo) => response.writeHead(200, json).end(errorWith(echo)),
  first: (request, response, echo) => response.writeHead(200, events).end(failureIn(request, echo)),
  late(request, response, echo) {
    response.writeHead(200, events).write(wordsOf(request).delta);
    // In two pieces, with the secret on both sides of the cut.
    const failure = failureIn(request, echo);
    const cut = failure.indexOf(shownIn(request)) + 12;
    setImmediate(() => {
      response.write(failure.slice(0, cut));
      setImmediate(() => response.end(failure.slice(cut)));
    });
  },
  broken(request, response, echo) {
    response.writeHead(200, { ...json, 'content-length': '100000' }).write(errorWith(echo).slice(0, -2));
    setImmediate(() => request.socket.destroy());
  },
  moved: (request, response) =>
    response.writeHead(302, { location: `http://127.0.0.1:9/?key=${encodeURIComponent(shownIn(request))}` }).end(),
};

function errorWith(message: string): string {
  return JSON.stringify({
    type: 'error',
    error: { type: 'invalid_request_error', code: null, status: 'INVALID_ARGUMENT', message },
  });
}

function failureIn(request: IncomingMessage, message: string): string {
  return `event: error\ndata: ${errorWith(message)}\n\n`;
}

/** A beginning and a whole reply in the language of a path. */
function wordsOf({ url = '' }: IncomingMessage): { readonly delta: string; readonly whole: object } {
  const [, words] = languages.find(([part]) => url.includes(part)) ?? ['', chat];
  return words;
}

const data = (value: object) => `data: ${JSON.stringify(value)}\n\n`;
const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
const completion = { id: 'c', created: 1, model: 'm' };
const chat = {
  delta: data({ ...completion, object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content: 'hi' } }] }),
  whole: {
    ...{ ...completion, object: 'chat.completion', usage },
    choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop', text: 'hi' }],
  },
};
const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'm', stop_sequence: null };
const claude = {
  delta: `event: message_start\n${data({ type: 'message_start', message: { ...message, content: [], stop_reason: null, usage: { input_tokens: 1, output_tokens: 0 } } })}`,
  whole: {
    ...message,
    content: [{ type: 'text', text: 'hi' }],
    stop_reason: 'end_turn',
    usage: { input_tokens: 1, output_tokens: 1 },
  },
};
const candidate = { content: { role: 'model', parts: [{ text: 'hi' }] }, index: 0 };
const gemini = {
  delta: data({ candidates: [candidate] }),
  whole: {
    candidates: [{ ...candidate, finishReason: 'STOP' }],
    usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1 },
  },
};
const response = { id: 'resp_1', object: 'response', created_at: 1, model: 'm', output: [] };
const responses = {
  delta: data({ type: 'response.created', sequence_number: 0, response: { ...response, status: 'in_progress' } }),
  whole: { ...response, status: 'completed', usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 } },
};
const converse = {
  delta: '',
  whole: {
    output: { message: { role: 'assistant', content: [{ text: 'hi' }] } },
    stopReason: 'end_turn',
    usage: { inputTokens: 1, outputTokens: 1 },
  },
};
const languages = [
  ['/messages', claude],
  ['/invoke', claude],
  ['/converse', converse],
  ['GenerateContent', gemini],
  ['generateContent', gemini],
  ['/responses', responses],
] as const;
