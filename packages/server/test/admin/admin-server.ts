import type { Gateway } from '@proxy/core';
import { serve } from '@proxy/node';
import type { Environment } from '../../src/config/expand.ts';
import { folder, start } from '../support.ts';
import { ask, type Answered } from '../rows/ask.ts';

export const adminKey = 'admin-key-for-tests';
export const callerKey = 'caller-key-for-tests';

/** The embedded demo model behind one access key. */
export const demoConfig = `
accessKeys: [{ key: ${callerKey}, name: Ann }]
upstreams: [{ name: demo, provider: demo, models: [demo] }]
`;

interface ApiOptions {
  readonly body?: object | string;
  /** Null: none. Absent: the admin key. */
  readonly key?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  /** Where the request comes from; absent: this machine. */
  readonly from?: string;
}

/** Who is there to call from elsewhere in a test: a request says where it comes from. */
export const fromHeader = 'x-test-from';

function believing(gateway: Gateway): Gateway {
  return {
    ...gateway,
    handle: (request) => {
      const { [fromHeader]: address, ...headers } = request.headers;
      return gateway.handle(address === undefined ? request : Object.create(request, said({ address, headers })));
    },
  };
}

/** Own properties; the rest, the signal say, stays as late as it is. */
function said(properties: object): PropertyDescriptorMap {
  return Object.getOwnPropertyDescriptors(properties);
}

interface AdminServerOptions {
  readonly config?: string;
  readonly env?: Environment;
}

/** A server with an admin key, and a client of its admin API. */
export async function adminServer({ config = demoConfig, env = { ADMIN_KEY: adminKey } }: AdminServerOptions = {}) {
  const cwd = folder({ 'proxy.config.yaml': config });
  const server = await start({
    cwd,
    env,
    watch: false,
    flags: { host: '127.0.0.1' },
    listen: (gateway, options) => serve(believing(gateway as Gateway), options),
  });
  const call = (method: string, path: string, { body, key = adminKey, headers = {}, from }: ApiOptions = {}) =>
    ask(server.url, path, {
      method,
      ...(body !== undefined && { body }),
      headers: {
        ...(key !== null && { authorization: `Bearer ${key}` }),
        ...(from !== undefined && { [fromHeader]: from }),
        ...headers,
      },
    });
  const api = (method: string, path: string, options?: ApiOptions) => call(method, `/admin/api/v1${path}`, options);
  /** The JSON of an answer that must be a success. */
  const told = async <Body>(method: string, path: string, options?: ApiOptions): Promise<Body> =>
    json<Body>(await api(method, path, options));
  const chat = (key: string, text = 'Hello') =>
    ask(server.url, '/v1/chat/completions', {
      headers: { authorization: `Bearer ${key}` },
      body: { model: 'demo', messages: [{ role: 'user', content: text }] },
    });
  return { ...server, cwd, call, api, told, chat };
}

export type AdminServer = Awaited<ReturnType<typeof adminServer>>;

/** @throws Error that shows the answer when it was no success */
export function json<Body>(answer: Answered): Body {
  if (answer.status >= 300) throw new Error(`${answer.status} ${answer.text}`);
  return answer.json() as Body; // the test says what it expects
}
