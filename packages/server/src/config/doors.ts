import type { z } from 'zod';
import { set, type Environment } from './expand.ts';
import { flag, section, words } from './schema-parts.ts';

/** Which doors of our predecessors are open. */
export interface DoorsConfig {
  /** By host name, to the vendors' own addresses with the caller's own key. Absent: closed. */
  readonly hosts?: {
    readonly claude: string;
    readonly openai: string;
    /** Nothing is served under any other name. */
    readonly only: boolean;
  };
  /** Everything under /api. */
  readonly api: boolean;
}

export const doorsSchema = section({
  hosts: section({
    claude: words().exactOptional(),
    openai: words().exactOptional(),
    only: flag().exactOptional(),
  }).exactOptional(),
  api: flag().exactOptional(),
});

type DoorsFile = z.output<typeof doorsSchema>;

/** The file's word, and that of the predecessors' variables where the file has none. */
export function doorsOf(file: DoorsFile | undefined, env: Environment, onlyEnvironment: boolean): DoorsConfig {
  const hosts = hostsOf(file?.hosts, env, onlyEnvironment);
  return { ...(hosts && { hosts }), api: file?.api ?? true };
}

/** ai-proxy has no upstreams but these; where there is no file, nobody meant any other. */
function hostsOf(file: DoorsFile['hosts'], env: Environment, onlyEnvironment: boolean): DoorsConfig['hosts'] {
  const claude = file?.claude ?? set(env, 'CLAUDE_API_HOST');
  const openai = file?.openai ?? set(env, 'OPENAI_API_HOST');
  if (!file && claude === undefined && openai === undefined) return undefined;
  return {
    claude: addressOf(claude ?? 'api.anthropic.com'),
    openai: addressOf(openai ?? 'api.openai.com'),
    only: file?.only ?? onlyEnvironment,
  };
}

/** `api.anthropic.com`, `10.0.0.1:8443` or a whole address. */
function addressOf(host: string): string {
  return /^https?:\/\//i.test(host) ? host.replace(/\/+$/, '') : `https://${host}`;
}

/** Nobody can spend a key of ours, because nothing is served that would. */
export function servesOwnKeysOnly({ hosts }: DoorsConfig): boolean {
  return hosts?.only === true;
}
