import { accessKeyOperations } from './resources/access-keys.ts';
import { auditOperations } from './resources/audit.ts';
import { banOperations } from './resources/bans.ts';
import { callOperations } from './resources/calls.ts';
import { configOperations } from './resources/config.ts';
import { credentialOperations } from './resources/credentials.ts';
import { keyOperations } from './resources/keys.ts';
import { meOperations } from './resources/me.ts';
import { openApiOperations } from './resources/openapi.ts';
import { routeOperations } from './resources/routes.ts';
import { sessionOperations } from './resources/session.ts';
import { spendingOperations } from './resources/spending.ts';
import { statusOperations } from './resources/status.ts';
import { upstreamOperations } from './resources/upstreams.ts';
import { usageOperations } from './resources/usage.ts';
import { userOperations } from './resources/users.ts';
import { apiProxyKeyOperations } from './predecessors/api-proxy-keys.ts';
import { claudeProxyOperations } from './predecessors/claude-proxy.ts';
import { lookupOperations } from './predecessors/reverse-proxy-lookup.ts';
import { reverseProxyUserOperations } from './predecessors/reverse-proxy-users.ts';
import type { Operation } from './operation.ts';

/** Everything that can be asked, ours first. */
export const operations: readonly Operation[] = [
  ...sessionOperations,
  ...openApiOperations,
  ...meOperations,
  ...userOperations,
  ...accessKeyOperations,
  ...spendingOperations,
  ...upstreamOperations,
  ...credentialOperations,
  ...keyOperations,
  ...routeOperations,
  ...configOperations,
  ...banOperations,
  ...callOperations,
  ...usageOperations,
  ...auditOperations,
  ...statusOperations,
  ...reverseProxyUserOperations,
  ...lookupOperations,
  ...apiProxyKeyOperations,
  ...claudeProxyOperations,
];
