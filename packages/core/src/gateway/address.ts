import { fillHoles } from '../providers/base-url.ts';
import type { Upstream } from './gateway.ts';
import { settingsOf } from './settings.ts';

/** Scheme, host and port that an upstream's requests go to, for each of its credentials once. Without those that lack a setting. */
export function originsOf(upstream: Upstream): readonly string[] {
  const { provider } = upstream;
  const [dialect] = provider.speaks;
  if (!dialect) return [];
  const origins = upstream.credentials.flatMap((credential) => {
    try {
      const settings = { project: 'any', ...settingsOf(upstream, credential) };
      const baseUrl = fillHoles(upstream.baseUrl ?? provider.baseUrl ?? '', settings);
      const url = provider.endpoint({
        dialect,
        operation: 'generate',
        model: 'm',
        streaming: false,
        baseUrl,
        settings,
      });
      return [/^https?:\/\/[^/?#]+/i.exec(url)?.[0] ?? ''];
    } catch {
      return [];
    }
  });
  return [...new Set(origins)].filter((origin) => origin !== '');
}
