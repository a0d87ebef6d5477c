import type { Environment } from '../expand.ts';

// danger-dream/ai-proxy (predecessors.md section 1): eight settings, each by the environment or as `--NAME value`, which is weaker.

/** The names, as they are written on its command line too. */
export const aiProxySettings = [
  'BASE_PATH',
  'PROXY_PORT',
  'IP_ERROR_THRESHOLD',
  'ERROR_WINDOW',
  'RATE_LIMIT_REQUESTS',
  'RATE_LIMIT_INTERVAL',
  'CLAUDE_API_HOST',
  'OPENAI_API_HOST',
] as const;

/** What of them a command line says. */
export function settingsFrom(flags: Readonly<Record<string, unknown>>): Environment {
  return Object.fromEntries(
    aiProxySettings.flatMap((name) => {
      const value = flags[name];
      return typeof value === 'string' ? [[name, value]] : [];
    }),
  );
}
