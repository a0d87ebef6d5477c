import { number } from '../json.ts';

/** How often a vendor asks the model by itself where the request sets no bound: none of them publishes one. */
export const unboundedRounds = 10;

/** A number that bounds something: nothing below one does. */
export function atLeastOne(value: unknown): number | undefined {
  const found = number(value);
  return found !== undefined && found >= 1 ? Math.ceil(found) : undefined;
}
