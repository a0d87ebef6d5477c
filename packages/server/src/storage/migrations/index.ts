import type { Migration } from 'kysely/migration';
import { beginning } from './0001-beginning.ts';
import { budgets } from './0002-budgets.ts';
import { keyQuotas } from './0003-key-quotas.ts';
import { credentialDetails } from './0004-credential-details.ts';
import { prompts } from './0005-prompts.ts';

/** In the order of their names. What has been released is never changed: a later one mends it. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001-beginning': beginning,
  '0002-budgets': budgets,
  '0003-key-quotas': keyQuotas,
  '0004-credential-details': credentialDetails,
  '0005-prompts': prompts,
};
