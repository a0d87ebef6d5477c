import { withoutTools, type Policy } from '@proxy/core';

/** Takes tools out of what goes on, and tells so (row C26). */
export const noTools: Policy = {
  name: 'tools',
  inspect: ({ operation }, inbound) => (operation === 'generate' ? withoutTools(inbound) : undefined),
};
