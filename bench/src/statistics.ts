/** The middle value; of an even number of values, the mean of the two in the middle. @throws RangeError when there are none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  if (upper === undefined || lower === undefined) throw new RangeError('There is no median of no values.');
  return (lower + upper) / 2;
}

export interface Summary {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export function summary(values: readonly number[]): Summary {
  return { median: median(values), least: Math.min(...values), most: Math.max(...values) };
}

/**
 * How many times dearer than the baseline, round by round. The machine's moods (clock, neighbours) last longer than a
 * round, so a ratio within one round says more than a ratio of medians.
 */
export function ratios(values: readonly number[], baseline: readonly number[]): readonly number[] {
  if (values.length !== baseline.length) throw new RangeError('A ratio needs the same rounds of both.');
  return values.map((value, round) => value / (baseline[round] ?? Number.NaN));
}

/** Whether memory grows with the stream: the middle of the last third of the samples, less that of the second third. */
export function growth(samples: readonly number[]): number {
  const third = Math.floor(samples.length / 3);
  if (third === 0) throw new RangeError('Growth needs three samples or more.');
  return median(samples.slice(-third)) - median(samples.slice(third, 2 * third));
}
