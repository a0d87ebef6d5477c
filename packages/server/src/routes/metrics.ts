import type { Callers, HttpAnswer, HttpRequest } from '@proxy/core';
import type { MetricsConfig } from '../config/records.ts';
import type { Metrics } from '../records/metrics.ts';
import { hasAccessKey, isLocal } from './insider.ts';

/** GET /metrics, for whoever sits at this machine or has an access key. */
export async function metricsPage(
  request: HttpRequest,
  { registry }: Metrics,
  { open }: MetricsConfig,
  callers: Callers,
): Promise<HttpAnswer> {
  if (!open && !isLocal(request) && !(await hasAccessKey(request, callers))) return refusal;
  return {
    status: 200,
    headers: { 'content-type': registry.contentType, 'cache-control': 'no-store' },
    body: await registry.metrics(),
  };
}

const refusal: HttpAnswer = {
  status: 401,
  headers: { 'content-type': 'text/plain; charset=utf-8', 'www-authenticate': 'Bearer' },
  body: 'Metrics are for callers on this machine, or with an access key (records.metrics.open lets everybody read them).\n',
};
