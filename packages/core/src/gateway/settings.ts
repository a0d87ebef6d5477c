import type { Credential, Settings } from '../auth/authorize.ts';
import type { Upstream } from './gateway.ts';

/** Defaults, under what is configured, under what the credential itself says. */
export function settingsOf({ provider, settings }: Upstream, credential: Credential): Settings {
  if (!provider.settings) return settings ?? {};
  const defaults: Record<string, string> = {};
  for (const [name, { default: value }] of Object.entries(provider.settings))
    if (value !== undefined) defaults[name] = value;
  return { ...defaults, ...settings, ...provider.settingsOf?.(credential) };
}
