import type { Quotas } from '../ports.ts';

/** Counted in this process, and forgotten when it ends. */
export function memoryQuotas(): Quotas {
  const taken = new Map<string, number>();
  const left = (id: string, quota: number) => quota - (taken.get(id) ?? 0);
  return {
    remaining: left,
    take(id, quota) {
      if (left(id, quota) <= 0) return false;
      taken.set(id, (taken.get(id) ?? 0) + 1);
      return true;
    },
    giveBack: (id) => void taken.set(id, Math.max(0, (taken.get(id) ?? 0) - 1)),
  };
}
