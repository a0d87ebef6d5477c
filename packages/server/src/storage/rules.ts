import type { Limits } from '@proxy/core';

/** A role says what a caller may do beside calling models; `special` is bound by no budget, `temporary` by one that never refreshes. */
export const roles = ['normal', 'special', 'temporary', 'admin'] as const;
export type Role = (typeof roles)[number];

/** What binds one access key. */
export interface AccessRules {
  readonly limits?: Limits;
  /** Names or patterns; absent: every model. */
  readonly models?: readonly string[];
  readonly operations?: readonly string[];
  /** CIDRs that it may be used from; absent: from everywhere. */
  readonly addresses?: readonly string[];
  /** How many addresses may use it. */
  readonly maxAddresses?: number;
  /** For people. */
  readonly note?: string;
  /** Of other programs: kept, and not looked into. */
  readonly meta?: Readonly<Record<string, unknown>>;
}
