import type { CallRecord } from '@proxy/core';
import type { Cost } from '../pricing/index.ts';

/** A call as it is kept: the gateway's record, and what the server adds to it. */
export interface StoredCall extends CallRecord {
  /** Whose access key it was. */
  readonly userId?: string;
  /** SHA-256 of what was asked, where such hashes are kept. */
  readonly promptHash?: string;
  /** Absent: no price is known. */
  readonly cost?: Pick<Cost, 'usd'> & Partial<Cost>;
}
