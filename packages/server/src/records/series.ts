import type { StoredCall } from '../storage/stored-call.ts';
import { Distribution } from './distribution.ts';
import { TokenCounts } from './tokens.ts';

export const seriesLabels = ['dialect', 'operation', 'upstream', 'model', 'status'] as const;
export type SeriesLabels = Readonly<Record<(typeof seriesLabels)[number], string>>;

const seconds = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];

/** All that is counted of calls with the same labels, so that a call is looked up once. */
export class Series {
  readonly labels: SeriesLabels;
  readonly duration = new Distribution(seconds);
  readonly firstByte = new Distribution(seconds);
  readonly tokens = new TokenCounts();
  requests = 0;
  usd = 0;
  /** Calls that used something no price is known of. */
  unpriced = 0;

  constructor(labels: SeriesLabels) {
    this.labels = labels;
  }

  add({ durationMs, firstByteMs, usage, cost }: StoredCall): void {
    this.requests += 1;
    this.duration.add(durationMs / 1000);
    if (firstByteMs !== undefined) this.firstByte.add(firstByteMs / 1000);
    if (usage) this.tokens.add(usage);
    if (cost) this.usd += cost.usd;
    if (usage && (!cost || cost.unpriced)) this.unpriced += 1;
  }
}
