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

/**
 * By how much memory rose while something lasted: the middle of the second half of the samples, less what was there before.
 * The middle, because a collector leaves peaks; the second half, because what is hoarded is held until the end.
 */
export function growth(before: number, samples: readonly number[]): number {
  return median(samples.slice(Math.floor(samples.length / 2))) - before;
}
