import type { RequestListener } from 'node:http';
import type { Environment } from '../../src/config/expand.ts';
import { folder, start } from '../support.ts';
import { ask } from './ask.ts';
import { vendor } from './vendor.ts';

export const chat = { model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi' }] };
export const question = { model: 'claude-x', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] };
export const paths = { chat: '/v1/chat/completions', messages: '/v1/messages' } as const;

interface Guarding {
  /** Further YAML. */
  readonly config?: string;
  readonly env?: Environment;
  readonly answer?: RequestListener;
  readonly cwd?: string;
}

/** A server in front of OpenAI and Anthropic, with these rules; open to this machine unless they say otherwise. */
export async function guarded({ config = '', env = {}, answer, cwd }: Guarding = {}) {
  const upstream = await vendor(answer);
  const yaml = `
upstreams:
  - { name: oa, provider: openai, baseUrl: "${upstream.url}", apiKeys: [openai-key-0123456789] }
  - { name: an, provider: anthropic, baseUrl: "${upstream.url}", apiKeys: [sk-ant-key-0123456789] }
${config}`;
  const server = await start({ cwd: cwd ?? folder({ 'proxy.config.yaml': yaml }), env });
  const asked = (headers: Readonly<Record<string, string>> = {}, body: object = chat, path: string = paths.chat) =>
    ask(server.url, path, { headers, body });
  /** What the vendor was sent last. */
  const sent = () => JSON.parse(upstream.seen.at(-1)?.body ?? '{}') as Record<string, unknown>; // our own gateway wrote it
  return { ...server, upstream, asked, sent };
}

/** As a proxy in front says where a request comes from. */
export const from = (...addresses: readonly string[]) => ({ 'x-forwarded-for': addresses.join(', ') });
