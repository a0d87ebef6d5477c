import type { Keys, Ledger } from '@proxy/core';
import { Gauge, Registry } from 'prom-client';
import { ownCredential } from '../doors/own-key.ts';
import type { StoredCall } from '../storage/stored-call.ts';
import { registerCounter } from './counter.ts';
import { measureNow } from './gauges.ts';
import { levels } from './levels.ts';
import { registerSeries } from './register-series.ts';
import { Series, seriesLabels } from './series.ts';

/** What Prometheus may read of the calls; nothing here names a caller. */
export interface Metrics {
  readonly ledger: Ledger;
  readonly registry: Registry;
  /** Running calls are counted between these two. */
  began(): void;
  ended(): void;
}

/** What is measured at the moment that somebody reads. */
export interface Measured {
  readonly keys: Pick<Keys, 'status'>;
  /** Absent: nobody waits for a turn. */
  readonly queue?: { readonly waiting: number; readonly running: number };
}

/** Callers write what they like for a model, so names are kept only of what an upstream was asked for, and no more than so many. */
const maxModels = 200;
/** A label stands in some thirty lines; Bedrock's ARNs, the longest names there are, have about half as many characters. */
const maxModelLength = 256;

/** At some doors callers name the address as well, and bring a key of it: more addresses are no labels. */
const maxAddresses = 100;

/** `measured`: the server as it is; absent: only calls are counted. */
export function createMetrics(measured?: () => Measured): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const series = levels(seriesLabels, (labels) => new Series(labels));
  const refusals = levels(['kind'], (labels) => ({ labels, count: 0 }));
  const attempts = levels(['upstream', 'credential', 'outcome'], (labels) => ({ labels, count: 0 }));

  registerSeries(registry, series);
  registerCounter(registry, {
    name: 'proxy_refusals_total',
    help: 'Calls that ended before any upstream was asked, by the kind of failure.',
    labelNames: ['kind'],
    sums: () => refusals.all().map(({ labels, count }) => [labels, count]),
  });
  registerCounter(registry, {
    name: 'proxy_upstream_attempts_total',
    help: 'What upstreams were asked, and how it ended: ok, or the kind of failure.',
    labelNames: ['upstream', 'credential', 'outcome'],
    sums: () => attempts.all().map(({ labels, count }) => [labels, count]),
  });
  let running = 0;
  const gauge: Gauge = new Gauge({
    name: 'proxy_running_requests',
    help: 'Calls that have been let in and are not over.',
    registers,
    collect: () => gauge.set(running),
  });
  if (measured) measureNow(registry, measured);
  const modelsAt = new Map<string, Set<string>>();
  let models = 0;
  const known = (upstream: string, model: string): string => {
    let there = modelsAt.get(upstream);
    if (there?.has(model)) return model;
    if (models >= maxModels || model.length > maxModelLength) return 'other';
    if (!there) modelsAt.set(upstream, (there = new Set()));
    there.add(model);
    models += 1;
    return model;
  };

  const addresses = new Set<string>();
  const placeOf = (upstream: string, own: boolean): string => {
    if (!own || addresses.has(upstream)) return upstream;
    if (addresses.size >= maxAddresses) return 'other';
    addresses.add(upstream);
    return upstream;
  };

  return {
    registry,
    began: () => void (running += 1),
    ended: () => void (running -= 1),
    ledger: {
      append(record: StoredCall) {
        const { dialect = '', operation = '', upstreamModel, failure } = record;
        const own = bringsKey(record);
        const upstream = placeOf(record.upstream ?? '', own);
        const model = upstreamModel === undefined ? '' : known(upstream, upstreamModel);
        series.of(dialect, operation, upstream, model, String(record.status)).add(record);
        if (failure && record.attempts.length === 0) refusals.of(failure.kind).count += 1;
        for (const attempt of record.attempts)
          attempts.of(
            placeOf(attempt.upstream, own),
            own ? 'own' : attempt.credential,
            attempt.failure ?? 'ok',
          ).count += 1;
      },
    },
  };
}

/** Whoever brings a key is known by its hash alone, which is the name of both. */
function bringsKey({ callerId, attempts }: StoredCall): boolean {
  return (
    callerId !== undefined &&
    attempts.some(({ upstream, credential }) => credential === ownCredential(upstream, callerId))
  );
}
