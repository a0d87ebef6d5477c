import type { CallRecord } from '@proxy/core';
import type { Cost } from '../pricing/index.ts';

/** A call as it is kept: the gateway's record, and what the server adds to it. */
export interface StoredCall extends CallRecord {
  /** SHA-256 of what was asked, where such hashes are kept. */
  readonly promptHash?: string | undefined;
  /** Absent: no price is known. */
  readonly cost?: (Pick<Cost, 'usd'> & Partial<Cost>) | undefined;
}
