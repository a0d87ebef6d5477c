import type { HttpAnswer } from '@proxy/core';
import type { HealthConfig } from '../config/config.ts';

/** GET /health: the keys and types that the predecessors' monitors read (acceptance row A13). */
export function health({ development, upstreamCount, currentUpstream, loadBalance }: HealthConfig): HttpAnswer {
  return json({
    status: 'healthy',
    timestamp: new Date().toISOString(),
    uptime: uptimeSeconds(),
    mode: development ? 'development' : 'production',
    config: { upstreamCount, currentUpstream, loadBalance },
  });
}

let startedAt: number | undefined;

/** Since the process began; a Worker does not know when it did, so there since somebody first asked. */
function uptimeSeconds(): number {
  startedAt ??= performance.timeOrigin > 0 ? performance.timeOrigin : Date.now();
  return (Date.now() - startedAt) / 1000;
}

/** GET /ping, on any Host. */
export function ping(): HttpAnswer {
  return json({ pong: Date.now() });
}

/** GET /api/health, as api-proxy's monitors read it (acceptance row A14). */
export function apiHealth(): HttpAnswer {
  return json({ success: true, message: 'API Proxy is healthy', timestamp: new Date().toISOString() });
}

function json(body: object): HttpAnswer {
  return {
    status: 200,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: JSON.stringify(body),
  };
}
