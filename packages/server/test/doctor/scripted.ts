import { createServer as createHttp, type RequestListener } from 'node:http';
import { createServer as createHttps, type ServerOptions } from 'node:https';
import { createServer as createTcp, type Socket } from 'node:net';
import { listening } from '../../../node/test/upstreams.ts';
import { chat } from '../rows/vendors.ts';
import { authority, good, key } from './certificates.ts';

/** What a scripted upstream says to each question; absent: what a healthy one says. */
export interface Script {
  readonly list?: RequestListener;
  readonly call?: RequestListener;
  readonly tls?: ServerOptions;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An upstream that lists `gpt-x` and calls tools, but for what its script says otherwise. Its base URL. */
export async function scripted({
  list = lists(['gpt-x']),
  call = calls(),
  tls,
  headers = {},
}: Script = {}): Promise<string> {
  const listener: RequestListener = (request, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (request.url === '/') return void response.end('ok');
    request.resume().on('end', () => void (request.method === 'GET' ? list : call)(request, response));
  };
  if (!tls) return `http://127.0.0.1:${await listening(createHttp(listener))}/v1`;
  return `https://localhost:${await listening(createHttps({ key, cert: good, ...tls }, listener), 'localhost')}/v1`;
}

/** The connection that trusts our authority, in YAML. */
export const trusting = 'connection: { ca: ca.pem }';
export const files = { 'ca.pem': authority };

export function lists(ids: readonly string[]): RequestListener {
  return json(200, { object: 'list', data: ids.map((id) => ({ id, object: 'model', created: 1, owned_by: 'us' })) });
}

export function json(status: number, body: object, headers: Readonly<Record<string, string>> = {}): RequestListener {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
}

/** An error as OpenAI and its imitators write it. */
export function refuses(status: number, message: string, code: string | null = null): RequestListener {
  return json(status, { error: { message, type: 'invalid_request_error', param: null, code } });
}

export function page(status = 200, words = 'A web page'): RequestListener {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'text/html; charset=utf-8' });
    response.end(`<!doctype html><title>Welcome</title><h1>${words}</h1>`);
  };
}

const weather = { id: 'call_1', name: 'get_weather', args: { city: 'Paris' } };

/** A stream of frames, cut or changed on its way. */
export function calls(change: (frames: readonly string[]) => readonly string[] = (frames) => frames): RequestListener {
  return (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(change(chat.frames({ calls: [weather] })).join(''));
  };
}

export const says =
  (text: string): RequestListener =>
  (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(chat.frames({ text: [text] }).join(''));
  };

export const whole = json(200, chat.whole({ calls: [weather] }));

/** Never answers. */
export const silent: RequestListener = () => undefined;

/** A program that is no HTTP server. */
export async function tcp(talk: (socket: Socket) => void): Promise<string> {
  const server = createTcp((socket) => {
    socket.on('error', () => undefined);
    talk(socket);
  });
  return `127.0.0.1:${await listening(server)}`;
}

/** An address that nobody listens on. */
export async function nobody(): Promise<string> {
  const server = createTcp();
  const port = await listening(server);
  await new Promise((resolve) => void server.close(resolve));
  return `127.0.0.1:${port}`;
}
