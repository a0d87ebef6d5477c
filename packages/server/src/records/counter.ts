import { Counter, type Registry } from 'prom-client';

interface CounterOptions<Label extends string> {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly Label[];
  /** Those with the same labels are added up. */
  sums(): Iterable<readonly [labels: Readonly<Record<Label, string>>, sum: number]>;
}

/** A counter that is made when it is read. prom-client's own makes a text of all its labels at each count. */
export function registerCounter<Label extends string>(registry: Registry, options: CounterOptions<Label>): void {
  const { name, help, labelNames, sums } = options;
  function collect(this: Counter<Label>): void {
    this.reset();
    for (const [labels, sum] of sums()) if (sum > 0) this.inc(labels, sum);
  }
  registry.registerMetric(new Counter({ name, help, labelNames, registers: [], collect }));
}
