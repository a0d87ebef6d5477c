import { masked } from '../../config/masked.ts';
import type { Config } from '../../config/config.ts';
import { operation, type Operation } from '../operation.ts';

/** claude-proxy's two (acceptance rows D27 and D28), behind the admin key. */
export const claudeProxyOperations: readonly Operation[] = [
  operation({
    id: 'claude-proxy.config.reload',
    method: 'POST',
    path: '/admin/config/reload',
    summary: 'Take over the configuration file as it is now.',
    handle(_, { place }) {
      const before = masked(place.config());
      const problems = place.reload();
      const timestamp = new Date().toISOString();
      if (problems.length > 0) {
        const message = 'The configuration could not be reloaded, so the old one stays.';
        return { status: 500, body: { status: 'error', message, error: problems.join(' '), timestamp } };
      }
      return {
        body: { status: 'success', message: 'Configuration reloaded.', timestamp, config: summary(place.config()) },
        change: { object: 'config', before, after: masked(place.config()) },
      };
    },
  }),
  operation({
    id: 'claude-proxy.dev.info',
    method: 'GET',
    path: '/admin/dev/info',
    summary: 'The configuration, masked; in development only.',
    open: ({ config }) => config().health.development,
    handle: (_, { place }) => ({
      body: {
        status: 'development',
        timestamp: new Date().toISOString(),
        config: masked(place.config()),
        environment: { NODE_ENV: process.env.NODE_ENV ?? '', node: process.version, platform: process.platform },
      },
    }),
  }),
];

function summary({ health: { upstreamCount, currentUpstream, loadBalance } }: Config): object {
  return { upstreamCount, currentUpstream, loadBalance };
}
