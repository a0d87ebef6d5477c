import { unlimited, type Permit } from '../limits/limiter.ts';
import type { Caller, Limits } from '../ports.ts';
import type { Story } from './account.ts';
import type { Incoming } from './incoming.ts';
import type { Plan } from './plan.ts';
import type { Running } from './running.ts';
import { estimateOf, spendingOf } from './spending.ts';

/**
 * Room for this call within the limits and budgets of its caller, and of the user whose key it is. What was set aside of budgets
 * becomes part of the story. @throws Failure `rate-limited`, saying which limit and when it frees.
 */
export async function limit(
  gateway: Running,
  story: Story,
  caller: Caller,
  inbound: Incoming,
  plan: Plan,
): Promise<Permit> {
  if (caller.role === 'special' || caller.role === 'admin') return unlimited;
  if (caller.limits?.budgets || caller.userLimits?.budgets) await setAside(gateway, story, caller, inbound, plan);
  const { limiter, options } = gateway;
  const limits = caller.limits ? { ...options.limits, ...caller.limits } : (options.limits ?? {});
  const estimate = () => estimateOf(inbound);
  const own = await limiter.reserve(caller, limits, estimate);
  const user = userOf(caller);
  if (!user) return own;
  try {
    return both(own, await limiter.reserve(user, user.limits, estimate));
  } catch (thrown) {
    await own.settle({ inputTokens: 0 });
    throw thrown;
  }
}

async function setAside(
  { ports }: Running,
  story: Story,
  caller: Caller,
  inbound: Incoming,
  plan: Plan,
): Promise<void> {
  const spending = ports.budgets && spendingOf(caller, inbound, plan);
  const holding = spending && ports.budgets?.reserve(spending);
  const hold = holding instanceof Promise ? await holding : holding;
  if (hold) story.hold = hold;
}

/** All keys of a user together are bound as one caller. */
function userOf({ userId, userName, userLimits }: Caller): (Caller & { readonly limits: Limits }) | undefined {
  if (userId === undefined || !userLimits) return undefined;
  return { id: userId, limits: userLimits, ...(userName !== undefined && { name: userName }) };
}

function both(one: Permit, other: Permit): Permit {
  const each = async (work: (permit: Permit) => Promise<void>) => {
    await Promise.all([work(one), work(other)]);
  };
  return {
    settle: (usage) => each((permit) => permit.settle(usage)),
    spend: (usage) => each((permit) => permit.spend(usage)),
  };
}
