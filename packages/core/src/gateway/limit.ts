import { both, limited, unlimited, type Limiter, type Permit } from '../limits/limiter.ts';
import type { Caller, Hold, Limits } from '../ports.ts';
import type { Story } from './account.ts';
import type { Incoming } from './incoming.ts';
import type { Plan } from './plan.ts';
import type { Running } from './running.ts';
import { estimateOf, spendingOf } from './spending.ts';

/**
 * Room for this call within the limits and budgets of its caller, and of the user whose key it is. What was set aside of budgets
 * becomes part of the story. @throws Failure `rate-limited`, saying which limit and when it frees.
 */
export function limit(
  gateway: Running,
  story: Story,
  caller: Caller,
  inbound: Incoming,
  plan: Plan,
): Permit | Promise<Permit> {
  if (caller.role === 'special' || caller.role === 'admin') return unlimited;
  const defaults = gateway.options.limits?.budgets;
  if (!caller.limits?.budgets && !caller.userLimits?.budgets && !defaults) return reserve(gateway, caller, inbound);
  const holding = setAside(gateway, caller, inbound, plan);
  const held = (hold: Hold | undefined) => {
    if (hold) story.hold = hold;
    return reserve(gateway, caller, inbound);
  };
  return holding instanceof Promise ? holding.then(held) : held(holding);
}

function setAside(
  { ports, options }: Running,
  caller: Caller,
  inbound: Incoming,
  plan: Plan,
): Hold | undefined | Promise<Hold | undefined> {
  const spending = ports.budgets && spendingOf(caller, inbound, plan);
  const defaults = options.limits?.budgets;
  return spending && ports.budgets?.reserve(defaults ? { ...spending, defaults } : spending);
}

function reserve({ limiter, options }: Running, caller: Caller, inbound: Incoming): Permit | Promise<Permit> {
  const limits = limitsOf(caller, options.limits);
  const estimate = () => estimateOf(inbound);
  const own = limiter.reserve(caller, limits, estimate);
  const user = userOf(caller);
  if (!user) return own;
  return own instanceof Promise
    ? own.then((permit) => withUsers(limiter, permit, user, estimate))
    : withUsers(limiter, own, user, estimate);
}

function limitsOf({ limits }: Caller, defaults: Limits | undefined): Limits {
  if (!limits || !defaults) return limits ?? defaults ?? {};
  return { ...defaults, ...limits };
}

function withUsers(
  limiter: Limiter,
  own: Permit,
  user: Caller & { readonly limits: Limits },
  estimate: () => number,
): Permit | Promise<Permit> {
  const refused = async (thrown: unknown) => {
    await own.settle({ inputTokens: 0 });
    throw thrown;
  };
  try {
    const users = limiter.reserve(user, user.limits, estimate);
    return users instanceof Promise ? users.then((permit) => both(own, permit), refused) : both(own, users);
  } catch (thrown) {
    return refused(thrown);
  }
}

/** All keys of a user together are bound as one caller. */
function userOf({ userId, userName, userLimits }: Caller): (Caller & { readonly limits: Limits }) | undefined {
  // Budgets are seen to elsewhere, and of most users they are all there is.
  if (userId === undefined || !userLimits || !limited(userLimits)) return undefined;
  return { id: userId, limits: userLimits, ...(userName !== undefined && { name: userName }) };
}
