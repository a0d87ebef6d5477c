import type { Keys, Ledger } from '@proxy/core';
import { Counter, Gauge, Registry } from 'prom-client';
import type { StoredCall } from '../storage/stored-call.ts';
import { registerHistogram, type Distribution } from './distribution.ts';
import { measureNow } from './gauges.ts';
import { levels } from './levels.ts';
import { Series, seriesLabels } from './series.ts';

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

type Sum<Label extends string> = readonly [labels: Readonly<Record<Label, string>>, sum: number];

/** `measured`: the server as it is; absent: only calls are counted. */
export function createMetrics(measured?: () => Measured): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const series = levels(seriesLabels, (labels) => new Series(labels));
  const refusals = levels(['kind'], (labels) => ({ labels, count: 0 }));
  const attempts = levels(['upstream', 'credential', 'outcome'], (labels) => ({ labels, count: 0 }));

  /** Made when it is read: a counter of prom-client makes a text of all its labels at each count. */
  function counter<Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    sums: () => Iterable<Sum<Label>>,
  ) {
    registry.registerMetric(
      new Counter({
        ...{ name, help, labelNames, registers: [] },
        collect() {
          this.reset();
          for (const [labels, sum] of sums()) if (sum > 0) this.inc(labels, sum);
        },
      }),
    );
  }
  const place = ['upstream', 'model'] as const;
  const placeOf = ({ labels: { upstream, model } }: Series) => ({ upstream, model });
  const ofSeries = (sum: (each: Series) => number) => () =>
    series.all().map((each) => [placeOf(each), sum(each)] as const);
  const histogram = (name: string, help: string, distribution: (each: Series) => Distribution) => {
    const labelsOf = (each: Series) => ({ operation: each.labels.operation, ...placeOf(each) });
    const collect = () => series.all().map((each) => ({ labels: labelsOf(each), distribution: distribution(each) }));
    registerHistogram(registry, { name, help, collect });
  };
  counter('proxy_requests_total', 'Calls that are over, refused ones included.', seriesLabels, () =>
    series.all().map(({ labels, requests }) => [labels, requests] as const),
  );
  histogram('proxy_request_duration_seconds', 'From the first byte of a call to the last of its answer.', ({ duration }) => duration); // prettier-ignore
  histogram('proxy_first_byte_seconds', 'Until an answer begins.', ({ firstByte }) => firstByte);
  counter('proxy_tokens_total', 'Tokens used, each in one kind.', [...place, 'kind'], () =>
    series
      .all()
      .flatMap((each) => [...each.tokens].map(([kind, count]) => [{ ...placeOf(each), kind }, count] as const)),
  );
  counter(
    'proxy_cost_usd_total',
    'US dollars spent, of calls whose price is known.',
    place,
    ofSeries(({ usd }) => usd),
  );
  counter(
    'proxy_unpriced_requests_total',
    'Calls that used something no price is known of.',
    place,
    ofSeries(({ unpriced }) => unpriced),
  );
  counter(
    'proxy_refusals_total',
    'Calls that ended before any upstream was asked, by the kind of failure.',
    ['kind'],
    () => refusals.all().map(({ labels, count }) => [labels, count] as const),
  );
  counter(
    'proxy_upstream_attempts_total',
    'What upstreams were asked, and how it ended: ok, or the kind of failure.',
    ['upstream', 'credential', 'outcome'],
    () => attempts.all().map(({ labels, count }) => [labels, count] as const),
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
        const { dialect = '', operation = '', upstream = '', upstreamModel, failure } = record;
        const model = upstreamModel === undefined ? '' : known(upstream, upstreamModel);
        series.of(dialect, operation, upstream, model, String(record.status)).add(record);
        if (failure && record.attempts.length === 0) refusals.of(failure.kind).count += 1;
        for (const attempt of record.attempts)
          attempts.of(attempt.upstream, attempt.credential, attempt.failure ?? 'ok').count += 1;
      },
    },
  };
}
