import type { Registry } from 'prom-client';
import { registerCounter } from './counter.ts';
import { registerHistogram, type Distribution } from './distribution.ts';
import type { Levels } from './levels.ts';
import { seriesLabels, type Series } from './series.ts';

const place = ['upstream', 'model'] as const;

/** Shows what is counted of calls, each number under the labels that say something of it. */
export function registerSeries(registry: Registry, series: Levels<Series>): void {
  registerCounter(registry, {
    name: 'proxy_requests_total',
    help: 'Calls that are over, refused ones included.',
    labelNames: seriesLabels,
    sums: () => series.all().map(({ labels, requests }) => [labels, requests]),
  });
  const histogram = (name: string, help: string, distribution: (each: Series) => Distribution) => {
    const labelsOf = (each: Series) => ({ operation: each.labels.operation, ...placeOf(each) });
    const collect = () => series.all().map((each) => ({ labels: labelsOf(each), distribution: distribution(each) }));
    registerHistogram(registry, { name, help, collect });
  };
  const duration = 'From the first byte of a call to the last of its answer.';
  histogram('proxy_request_duration_seconds', duration, (each) => each.duration);
  histogram('proxy_first_byte_seconds', 'Until an answer begins.', (each) => each.firstByte);
  registerCounter(registry, {
    name: 'proxy_tokens_total',
    help: 'Tokens used, each in one kind.',
    labelNames: [...place, 'kind'],
    sums: () => series.all().flatMap(tokenSums),
  });
  const counter = (name: string, help: string, sum: (each: Series) => number) => {
    const sums = () => series.all().map((each) => [placeOf(each), sum(each)] as const);
    registerCounter(registry, { name, help, labelNames: place, sums });
  };
  counter('proxy_cost_usd_total', 'US dollars spent, of calls whose price is known.', (each) => each.usd);
  const unpriced = 'Calls that used something no price is known of.';
  counter('proxy_unpriced_requests_total', unpriced, (each) => each.unpriced);
}

function placeOf({ labels: { upstream, model } }: Series) {
  return { upstream, model };
}

function tokenSums(each: Series) {
  return each.tokens.byKind().map(([kind, count]) => [{ ...placeOf(each), kind }, count] as const);
}
