import { matchesPattern } from './facts.ts';

/**
 * Whether a model is meant by a list of patterns, under any of its names: one fits, and none of those that begin with "!"
 * does. A list of nothing but exceptions means all others.
 */
export function meansModel(patterns: readonly string[], names: readonly string[]): boolean {
  let wanted: boolean | undefined;
  for (const pattern of patterns) {
    const exception = pattern.startsWith('!');
    const fits = names.some((name) => matchesPattern(exception ? pattern.slice(1) : pattern, name));
    if (exception && fits) return false;
    if (!exception) wanted = wanted === true || fits;
  }
  return wanted ?? true;
}
