import type { Budget, Limits } from '@proxy/core';
import { families } from '../../budgets/families.ts';

/** oai-reverse-proxy limits tokens by family of models, 0 meaning no limit; ours are budgets over patterns. */
export function budgetsOf(tokenLimits: Readonly<Record<string, number>>): readonly Budget[] {
  return Object.entries(tokenLimits)
    .filter(([, amount]) => amount > 0)
    .map(([family, amount]) => ({ amount, of: 'tokens', per: 'total', models: patternsOf(family) }));
}

/** Those that came from such limits, back in its words. */
export function tokenLimitsOf({ budgets = [] }: Limits = {}): Readonly<Record<string, number>> {
  const limits = budgets.flatMap(({ amount, of, models = [] }) => {
    const family = Object.keys(families).find((name) => patternsOf(name).join() === models.join()) ?? models[0];
    return of === 'tokens' && family !== undefined ? [[family, amount] as const] : [];
  });
  return Object.fromEntries(limits);
}

/** With other such limits in the place of those that were there; what oai-reverse-proxy has no words for stays. */
export function withTokenLimits({ budgets = [], ...others }: Limits, own: readonly Budget[]): Limits {
  const kept = budgets.filter(({ of, models }) => of !== 'tokens' || models === undefined);
  return { ...others, budgets: [...kept, ...own] };
}

function patternsOf(family: string): readonly string[] {
  return families[family] ?? [family];
}
