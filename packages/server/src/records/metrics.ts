import type { Keys, Ledger } from '@proxy/core';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { StoredCall } from '../storage/stored-call.ts';
import { measureNow } from './gauges.ts';
import { tokensByKind } from './tokens.ts';

/** What Prometheus may read of the calls; nothing here names a caller. */
export interface Metrics {
  readonly ledger: Ledger;
  readonly registry: Registry;
  /** Running calls are counted between these and their record. */
  began(requestId: string): void;
}

/** What is measured at the moment that somebody reads. */
export interface Measured {
  readonly keys: Pick<Keys, 'status'>;
  /** Absent: nobody waits for a turn. */
  readonly queue?: { readonly waiting: number; readonly running: number };
}

/** Callers write what they like for a model, so names are kept only of what an upstream was asked for, and no more than so many. */
const maxModels = 200;
const seconds = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];

/** `measured`: the server as it is; absent: only calls are counted. */
export function createMetrics(measured?: () => Measured): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const place = ['upstream', 'model'] as const;
  const requests = new Counter({
    name: 'proxy_requests_total',
    help: 'Calls that are over, refused ones included.',
    labelNames: ['dialect', 'operation', ...place, 'status'] as const,
    registers,
  });
  const duration = new Histogram({
    name: 'proxy_request_duration_seconds',
    help: 'From the first byte of a call to the last of its answer.',
    labelNames: ['operation', ...place] as const,
    buckets: seconds,
    registers,
  });
  const firstByte = new Histogram({
    name: 'proxy_first_byte_seconds',
    help: 'Until an answer begins.',
    labelNames: ['operation', ...place] as const,
    buckets: seconds,
    registers,
  });
  const tokens = new Counter({
    name: 'proxy_tokens_total',
    help: 'Tokens used, each in one kind.',
    labelNames: [...place, 'kind'] as const,
    registers,
  });
  const cost = new Counter({
    name: 'proxy_cost_usd_total',
    help: 'US dollars spent, of calls whose price is known.',
    labelNames: place,
    registers,
  });
  const unpriced = new Counter({
    name: 'proxy_unpriced_requests_total',
    help: 'Calls that used something no price is known of.',
    labelNames: place,
    registers,
  });
  const refusals = new Counter({
    name: 'proxy_refusals_total',
    help: 'Calls that ended before any upstream was asked, by the kind of failure.',
    labelNames: ['kind'] as const,
    registers,
  });
  const attempts = new Counter({
    name: 'proxy_upstream_attempts_total',
    help: 'What upstreams were asked, and how it ended: ok, or the kind of failure.',
    labelNames: ['upstream', 'credential', 'outcome'] as const,
    registers,
  });
  const running = new Set<string>();
  const gauge: Gauge = new Gauge({
    name: 'proxy_running_requests',
    help: 'Calls that have been let in and are not over.',
    registers,
    collect: () => gauge.set(running.size),
  });
  if (measured) measureNow(registry, measured);
  const models = new Set<string>();
  const known = (upstream: string, model: string): string => {
    const name = `${upstream}/${model}`;
    if (models.has(name)) return model;
    if (models.size >= maxModels) return 'other';
    models.add(name);
    return model;
  };

  return {
    registry,
    began: (requestId) => void running.add(requestId),
    ledger: {
      append(record: StoredCall) {
        running.delete(record.requestId);
        const { dialect = '', operation = '', upstream = '', upstreamModel, usage, failure } = record;
        const at = { upstream, model: upstreamModel === undefined ? '' : known(upstream, upstreamModel) };
        requests.inc({ dialect, operation, ...at, status: String(record.status) });
        duration.observe({ operation, ...at }, record.durationMs / 1000);
        if (record.firstByteMs !== undefined) firstByte.observe({ operation, ...at }, record.firstByteMs / 1000);
        for (const [kind, count] of usage ? tokensByKind(usage) : []) tokens.inc({ ...at, kind }, count);
        if (record.cost) cost.inc(at, record.cost.usd);
        if (usage && (!record.cost || record.cost.unpriced)) unpriced.inc(at);
        if (failure && record.attempts.length === 0) refusals.inc({ kind: failure.kind });
        for (const attempt of record.attempts)
          attempts.inc({
            upstream: attempt.upstream,
            credential: attempt.credential,
            outcome: attempt.failure ?? 'ok',
          });
      },
    },
  };
}
