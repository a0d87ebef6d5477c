import type { Environment } from '../../src/config/expand.ts';
import { folder, start } from '../support.ts';
import { vendor } from './vendor.ts';

// Services below /proxy, as rows F1–F10 have them.

export const chat = { model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi' }] };
export const claude = { ...chat, model: 'claude-sonnet-4-5', max_tokens: 9 };

interface Seen {
  readonly [member: string]: unknown;
  readonly model?: string;
  readonly messages?: readonly { readonly role: string }[];
}

/** A server with these upstreams in YAML, each without its address, which is the vendor's. */
export async function serving(
  upstreams: readonly string[],
  env: Environment = {},
  answer?: Parameters<typeof vendor>[0],
  more = '',
) {
  const upstream = await vendor(answer);
  const lines = upstreams.map((members, index) => `  - { name: u${index}, baseUrl: "${upstream.url}", ${members} }`);
  const config = `upstreams:\n${lines.join('\n')}\n${more}\n`;
  const server = await start({ cwd: folder({ 'proxy.config.yaml': config }), env });
  const sent = () => JSON.parse(upstream.seen.at(-1)?.body ?? '{}') as Seen;
  return { ...server, upstream, sent };
}

export const openai = 'provider: openai, apiKeys: [openai-key-0123456789]';
export const anthropic = 'provider: anthropic, apiKeys: [sk-ant-key-0123456789]';
