import { set, type Environment } from '../expand.ts';

/** A whole number of a predecessor's variable; undefined when it is unset, and told of when it is none. */
export function numberIn(env: Environment, name: string, problems: string[], least = 0): number | undefined {
  const text = set(env, name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text.trim()) && value >= least) return value;
  problems.push(`${name}: "${text}" must be a whole number from ${least}.`);
  return undefined;
}
