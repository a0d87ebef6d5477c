import { Histogram, type Registry } from 'prom-client';

/** How many of some numbers are at most as large as each bound. */
export class Distribution {
  readonly bounds: readonly number[];
  /** Behind the last bound's stands how many were larger. */
  readonly counts: Float64Array;
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  add(value: number): void {
    const { bounds, counts } = this;
    let at = 0;
    while (value > (bounds[at] ?? Infinity)) at += 1;
    counts[at] = (counts[at] ?? 0) + 1;
    this.sum += value;
  }

  addAll({ counts, sum }: Distribution): void {
    for (const [at, count] of counts.entries()) this.counts[at] = (this.counts[at] ?? 0) + count;
    this.sum += sum;
  }
}

interface Labelled<Label extends string> {
  readonly labels: Readonly<Record<Label, string>>;
  readonly distribution: Distribution;
}

interface HistogramOptions<Label extends string> {
  readonly name: string;
  readonly help: string;
  /** Those with the same labels are put together. */
  collect(): Iterable<Labelled<Label>>;
}

/** A histogram that is made when it is read. prom-client's own makes a text of all its labels at each observation. */
export function registerHistogram<Label extends string>(registry: Registry, options: HistogramOptions<Label>): void {
  registry.registerMetric(new CollectedHistogram(options));
}

class CollectedHistogram<Label extends string> extends Histogram<Label> {
  readonly #options: HistogramOptions<Label>;

  constructor(options: HistogramOptions<Label>) {
    super({ name: options.name, help: options.help, registers: [] });
    this.#options = options;
  }

  /** What prom-client reads its histograms by, whoever asks; its types leave it out. */
  getForPromString(): Promise<object> {
    const { name, help, collect } = this.#options;
    const values = together(collect()).flatMap((each) => valuesOf(name, each));
    return Promise.resolve({ name, help, type: 'histogram', aggregator: 'sum', values });
  }
}

function together<Label extends string>(all: Iterable<Labelled<Label>>): readonly Labelled<Label>[] {
  const sums = new Map<string, Labelled<Label>>();
  for (const { labels, distribution } of all) {
    const key = JSON.stringify(labels);
    let sum = sums.get(key);
    if (!sum) sums.set(key, (sum = { labels, distribution: new Distribution(distribution.bounds) }));
    sum.distribution.addAll(distribution);
  }
  return [...sums.values()];
}

/** https://prometheus.io/docs/instrumenting/exposition_formats: each bucket holds those before it. */
function valuesOf<Label extends string>(name: string, { labels, distribution }: Labelled<Label>): readonly object[] {
  const { bounds, counts, sum } = distribution;
  let count = 0;
  const buckets = [...bounds, '+Inf'].map((le, at) => {
    count += counts[at] ?? 0;
    return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: count };
  });
  if (count === 0) return [];
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ];
}
