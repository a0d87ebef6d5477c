import type { HttpAnswer } from '@proxy/core';
import type { HealthConfig } from '../config/config.ts';

/** GET /health: the keys and types that the predecessors' monitors read (acceptance row A13). */
export function health({ upstreamCount, currentUpstream, loadBalance }: HealthConfig, env = process.env): HttpAnswer {
  return json({
    status: 'healthy',
    timestamp: new Date().toISOString(),
    uptime: process.uptime(),
    mode: env.NODE_ENV === 'development' ? 'development' : 'production',
    config: { upstreamCount, currentUpstream, loadBalance },
  });
}

/** GET /ping, on any Host. */
export function ping(): HttpAnswer {
  return json({ pong: Date.now() });
}

function json(body: object): HttpAnswer {
  return {
    status: 200,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: JSON.stringify(body),
  };
}
