import type { Keys, Ledger } from '@proxy/core';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { StoredCall } from '../storage/stored-call.ts';
import { measureNow } from './gauges.ts';
import { createTally } from './tally.ts';
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
  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) => {
    const tally = createTally(labelNames);
    registry.registerMetric(new Counter({ name, help, labelNames, registers: [], collect: count }));
    return tally;
    function count(this: Counter<Label>) {
      for (const { labels, sum } of tally.drain()) this.inc(labels, sum);
    }
  };
  const requests = counter('proxy_requests_total', 'Calls that are over, refused ones included.', [
    'dialect',
    'operation',
    ...place,
    'status',
  ]);
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
  const tokens = counter('proxy_tokens_total', 'Tokens used, each in one kind.', [...place, 'kind']);
  const cost = counter('proxy_cost_usd_total', 'US dollars spent, of calls whose price is known.', place);
  const unpriced = counter('proxy_unpriced_requests_total', 'Calls that used something no price is known of.', place);
  const refusals = counter(
    'proxy_refusals_total',
    'Calls that ended before any upstream was asked, by the kind of failure.',
    ['kind'],
  );
  const attempts = counter(
    'proxy_upstream_attempts_total',
    'What upstreams were asked, and how it ended: ok, or the kind of failure.',
    ['upstream', 'credential', 'outcome'],
  );
  const running = new Set<string>();
  const gauge: Gauge = new Gauge({
    name: 'proxy_running_requests',
    help: 'Calls that have been let in and are not over.',
    registers,
    collect: () => gauge.set(running.size),
  });
  if (measured) measureNow(registry, measured);
  const modelsAt = new Map<string, Set<string>>();
  let models = 0;
  const known = (upstream: string, model: string): string => {
    let there = modelsAt.get(upstream);
    if (there?.has(model)) return model;
    if (models >= maxModels) return 'other';
    if (!there) modelsAt.set(upstream, (there = new Set()));
    there.add(model);
    models += 1;
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
        requests.add({ dialect, operation, ...at, status: String(record.status) });
        duration.observe({ operation, ...at }, record.durationMs / 1000);
        if (record.firstByteMs !== undefined) firstByte.observe({ operation, ...at }, record.firstByteMs / 1000);
        for (const [kind, count] of usage ? tokensByKind(usage) : []) tokens.add({ ...at, kind }, count);
        if (record.cost) cost.add(at, record.cost.usd);
        if (usage && (!record.cost || record.cost.unpriced)) unpriced.add(at);
        if (failure && record.attempts.length === 0) refusals.add({ kind: failure.kind });
        for (const attempt of record.attempts)
          attempts.add({
            upstream: attempt.upstream,
            credential: attempt.credential,
            outcome: attempt.failure ?? 'ok',
          });
      },
    },
  };
}
