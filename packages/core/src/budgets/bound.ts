import { meansModel } from '../models/model-patterns.ts';
import type { Budget, Caller, Spending } from '../ports.ts';
import { periodOf, type Period } from './period.ts';
import { unitsOf } from './units.ts';

/** One budget that bounds a caller: its own or its user's. */
export interface Bound {
  /** Names it in the books: whose it is, of what, and per what. Its amount may change, and the books go on. */
  readonly id: string;
  /** For people: `"ann"`, `the user "ann"`. */
  readonly whose: string;
  readonly budget: Budget;
  readonly units: number;
  readonly period: Period;
}

/** Everything that a caller's spending counts against. Nothing does for special callers. */
export function boundsOf(caller: Caller, defaults?: readonly Budget[]): readonly Bound[] {
  const { id, name = id, role, limits, userId, userName, userLimits } = caller;
  if (role === 'special' || role === 'admin') return [];
  const once = role === 'temporary';
  const usual = userLimits?.budgets ? undefined : defaults;
  const own = boundsFor(id, `"${name}"`, limits?.budgets ?? usual, once);
  if (userId === undefined) return own;
  return [...own, ...boundsFor(userId, `the user "${userName ?? userId}"`, userLimits?.budgets, once)];
}

function boundsFor(owner: string, whose: string, budgets: readonly Budget[] = [], once: boolean): readonly Bound[] {
  const bounds = new Map<string, Bound>();
  for (const written of budgets) {
    const { rolling: _rolling, timeZone: _timeZone, ...rest } = written;
    const budget: Budget = once ? { ...rest, per: 'total' } : written;
    const id = `${owner}:${budgetId(budget)}`;
    const units = unitsOf(budget.of, budget.amount);
    // Per day and per month are one for a temporary caller: held twice, every call would be charged to it twice.
    const same = bounds.get(id);
    if (!same || units < same.units) bounds.set(id, { id, whose, budget, units, period: periodOf(budget) });
  }
  return [...bounds.values()];
}

/** What tells a budget from others of the same owner: everything but its amount. */
export function budgetId({ of, per, rolling, models, timeZone }: Budget): string {
  const zone = timeZone === undefined ? '' : `@${timeZone}`;
  const rolls = rolling ? ' rolling' : '';
  return `${of}/${per}${rolls}${zone}${models ? `[${models.join(',')}]` : ''}`;
}

/** Whether the call may spend of this budget, wherever it goes: an alias does not lead around it. */
export function counts({ budget: { models } }: Bound, { model, targets }: Spending): boolean {
  if (!models) return true;
  if (targets.length === 0) return meansModel(models, [model]);
  return targets.some(({ upstream, provider, model: own }) =>
    meansModel(models, [model, own, `${upstream}/${own}`, `${provider}/${own}`]),
  );
}
