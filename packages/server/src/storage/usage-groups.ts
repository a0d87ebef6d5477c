/** What use may be summed by. */
export const usageGroups = ['key', 'user', 'model', 'upstream', 'day'] as const;
export type UsageGroup = (typeof usageGroups)[number];
