import { generateKeyPairSync } from 'node:crypto';
import type { Gateway, HttpAnswer, Source, Transport } from '@proxy/core';
import { FakeSocket } from '../../../core/src/testing/fake-socket.ts';
import type { Environment } from '../../src/config/expand.ts';
import { folder, start } from '../support.ts';
import type { Knock } from './knocks.ts';

export const accessKey = 'access-key-of-ann-0123456789';
export const adminKey = 'admin-key-0123456789';

/** One upstream of each kind but Mistral's, every predecessor's door open, and whatever `more` says. */
export function configOf(more = ''): string {
  return `
log: { level: error }
records: { metrics: true }
doors: { hosts: { claude: "http://claude.invalid", openai: "http://openai.invalid" }, api: true, services: true, addresses: { allow: [127.0.0.0/8] } }
accessKeys: [{ key: ${accessKey}, name: Ann }]
upstreams:
  - { name: oa, provider: openai, apiKeys: [k-0123456789], models: [m, not-for-you] }
  - { name: an, provider: anthropic, apiKeys: [k-0123456789], models: [m, not-for-you] }
  - { name: ge, provider: gemini, apiKeys: [k-0123456789], models: [m, not-for-you] }
  - { name: be, provider: bedrock, apiKeys: [k-0123456789], models: [m, not-for-you], settings: { region: us-east-1 } }
  - { name: ve, provider: vertex, apiKeys: [{ file: account.json }], models: [m, not-for-you], settings: { location: us, project: p } }
  - { name: az, provider: azure, baseUrl: "https://az.invalid", apiKeys: [k-0123456789], models: [m, not-for-you] }
${more}`;
}

/** Elsewhere: nobody is trusted for sitting at this machine. */
const elsewhere = '198.51.100.7';

/** A server without a socket, before upstreams that say nothing and are remembered: ten thousand knocks take a second. */
export async function doorway({ config = configOf(), env = { ADMIN_KEY: adminKey } as Environment } = {}) {
  const sent: string[] = [];
  const transport: Transport = {
    send({ url }) {
      sent.push(url);
      return Promise.resolve({ status: 200, headers: { 'content-type': 'application/json' }, body: whole(token) });
    },
    open({ url }) {
      sent.push(url);
      return Promise.resolve({ socket: new FakeSocket() });
    },
  };
  let gateway: Gateway | undefined;
  const server = await start({
    cwd: folder({ 'proxy.config.yaml': config, 'account.json': JSON.stringify(account) }),
    env,
    transport,
    watch: false,
    flags: { host: '127.0.0.1' },
    listen: (given) => {
      gateway = given as Gateway; // the server gives its gateway
      return Promise.resolve({ url: 'http://127.0.0.1:1', address: '127.0.0.1', port: 1, close: noWait } as never);
    },
  });
  /** What became of it; what was asked of upstreams meanwhile. */
  async function knock(at: Knock, headers: Readonly<Record<string, string>> = {}, address = elsewhere, query = '') {
    if (!gateway) throw new Error('Nobody listens.');
    const before = sent.length;
    const request = {
      ...{ method: at.method, address, signal: new AbortController().signal },
      headers: { ...at.headers, ...headers },
      url: query === '' ? at.url : `${at.url}${at.url.includes('?') ? '&' : '?'}${query}`,
      ...(at.body !== undefined && { body: new TextEncoder().encode(at.body) }),
    };
    const answer = at.socket ? await gateway.connect(request) : await gateway.handle(request);
    if ('open' in answer) {
      answer.open(undefined);
      return { status: 101, text: '', asked: sent.length > before };
    }
    // The tail of calls never ends.
    const text = answer.headers['content-type'] === 'text/event-stream' ? '' : await textOf(answer);
    return { status: answer.status, text, asked: sent.length > before };
  }
  return { ...server, knock };
}

/** What Google's token server answers; as a reply, it is nothing that any vendor says. */
const token = '{"access_token":"t","expires_in":3600}';
const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});
const account = {
  ...{ type: 'service_account', project_id: 'p', client_email: 'a@b.test' },
  private_key: privateKey,
  token_uri: 'https://token.invalid',
};

const noWait = () => Promise.resolve();

function whole(text: string): Source {
  return {
    start(sink) {
      sink.write(new TextEncoder().encode(text));
      sink.end();
      return { resume: () => undefined, cancel: () => undefined };
    },
  };
}

function textOf({ body }: HttpAnswer): Promise<string> | string {
  if (body === undefined || typeof body === 'string') return body ?? '';
  if (body instanceof Uint8Array) return new TextDecoder().decode(body);
  return new Promise((resolve, reject) => {
    let text = '';
    body.start({
      write(chunk) {
        text += typeof chunk === 'string' ? chunk : new TextDecoder().decode(chunk);
        return true;
      },
      end: () => resolve(text),
      fail: reject,
    });
  });
}
