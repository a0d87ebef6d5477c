/** One key for a candidate with one model: some limits and faults are of the two together. */
export function pairKey(id: string, model: string): string {
  return `${id}\u0000${model}`;
}
