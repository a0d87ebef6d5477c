import type { PrincipalRole } from './principal.ts';

const everybody = ['anonymous', 'temporary', 'normal', 'special', 'admin'] as const;
const callers = ['temporary', 'normal', 'special', 'admin'] as const;
const admins = ['admin'] as const;

/**
 * Who may ask for what: every operation of the admin API, every predecessor's, and every page that is no dialect's door. What
 * is not listed here is refused to everybody. Dialects' doors ask for an access key of any role (core/src/gateway/authenticate.ts).
 */
export const permissions = {
  // Pages of routes/.
  'page.welcome': everybody,
  'page.health': everybody,
  'page.ping': everybody,
  'page.api-health': everybody,
  'page.metrics': callers, // or whoever sits at the machine

  'session.create': everybody, // it asks for a key itself
  'session.read': callers,
  'session.end': callers,
  'openapi.read': callers,

  'me.read': callers,
  'me.usage': callers,
  'me.calls': callers,
  'me.update': callers,

  'user.list': admins,
  'user.create': admins,
  'user.read': admins,
  'user.update': admins,
  'user.remove': admins,
  'access-key.list': admins,
  'access-key.create': admins,
  'access-key.read': admins,
  'access-key.update': admins,
  'access-key.revoke': admins,
  'access-key.restore': admins,
  'access-key.remove': admins,
  'upstream.list': admins,
  'upstream.read': admins,
  'credential.list': admins,
  'credential.create': admins,
  'credential.read': admins,
  'credential.update': admins,
  'credential.remove': admins,
  'credential.reencrypt': admins,
  'key.list': admins,
  'key.check': admins,
  'key.check-one': admins,
  'key.reset': admins,
  'route.list': admins,
  'config.read': admins,
  'config.validate': admins,
  'config.reload': admins,
  'spending.list': admins,
  'ban.list': admins,
  'ban.put': admins,
  'ban.lift': admins,
  'call.list': admins,
  'call.read': admins,
  'call.explain': admins,
  'call.watch': admins,
  'usage.read': admins,
  'totals.list': admins,
  'audit.list': admins,
  'status.read': admins,

  // oai-reverse-proxy's (rows C14, F19, F22).
  'reverse-proxy.user.list': admins,
  'reverse-proxy.user.read': admins,
  'reverse-proxy.user.create': admins,
  'reverse-proxy.user.put': admins,
  'reverse-proxy.user.put-many': admins,
  'reverse-proxy.user.disable': admins,
  'reverse-proxy.event.list': admins,
  'reverse-proxy.lookup.form': everybody,
  'reverse-proxy.lookup': everybody, // it asks for the user's own key itself
  'reverse-proxy.nickname': everybody, // likewise
  // api-proxy's (row E14).
  'api-proxy.key.list': admins,
  'api-proxy.key.create': admins,
  'api-proxy.key.update': admins,
  'api-proxy.key.remove': admins,
  // claude-proxy's (rows D27, D28).
  'claude-proxy.config.reload': admins,
  'claude-proxy.dev.info': admins,
} as const satisfies Readonly<Record<string, readonly PrincipalRole[]>>;

/** Deny by default: an operation that nobody listed is nobody's. */
export function mayAsk(role: PrincipalRole, operation: string): boolean {
  const table: Readonly<Record<string, readonly PrincipalRole[]>> = permissions;
  return Object.hasOwn(table, operation) && table[operation]?.includes(role) === true;
}
