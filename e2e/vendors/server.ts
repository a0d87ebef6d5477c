/** A vendor on a socket: what it was asked, what it would have refused, and the answer that a function decides. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Headers } from '../dialects.ts';
import type { Members } from '../rules/json.ts';
import { vendors } from './index.ts';
import type { Refusal, Reply, Seen, Vendor, VendorDialect } from './vendor.ts';

export interface Question {
  readonly path: string;
  readonly headers: Headers;
  readonly body: Members;
  readonly raw: string;
  readonly seen: Seen;
}

export interface RunningVendor {
  readonly vendor: Vendor;
  readonly url: string;
  /** Everything it was asked, wherever and for whatever. */
  readonly asked: readonly Question[];
  /** Forgets what was asked, and answers so from now on. */
  answer(decide: (question: Question) => Reply | Refusal): void;
  close(): Promise<void>;
}

export async function startVendor(dialect: VendorDialect): Promise<RunningVendor> {
  const vendor = vendors[dialect];
  let asked: Question[] = [];
  let decide: (question: Question) => Reply | Refusal = () => plain(500, 'The vendor was not told what to say.');
  const server = createServer((request, response) => {
    void received(request).then((raw) => {
      const body = JSON.parse(raw || '{}') as Members; // our own gateway writes objects
      const question = { path: request.url ?? '', headers: request.headers, body, raw, seen: vendor.read(body) };
      asked.push(question);
      if (!vendor.path.test(question.path)) return send(response, plain(404, `No such path: ${question.path}`));
      const decided = decide(question);
      if ('status' in decided) return send(response, decided);
      response.writeHead(200, { 'content-type': vendor.contentType });
      for (const piece of vendor.stream(decided, `e2e${asked.length}`)) response.write(piece);
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // listening on TCP
  return {
    vendor,
    url: `http://127.0.0.1:${port}`,
    get asked() {
      return asked;
    },
    answer(next) {
      asked = [];
      decide = next;
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function plain(status: number, message: string): Refusal {
  return { status, headers: {}, body: JSON.stringify({ error: { message: `e2e vendor: ${message}` } }) };
}

function send(response: ServerResponse, { status, headers, body }: Refusal): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(body);
}

async function received(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer); // no encoding was set
  return Buffer.concat(chunks).toString('utf8');
}
