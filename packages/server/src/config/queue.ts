import type { z } from 'zod';
import type { Environment } from './expand.ts';
import { numberIn } from './legacy/numbers.ts';
import { section, timer, wholeNumber } from './schema-parts.ts';

/** How many calls run at once, and how the others wait. */
export interface QueueConfig {
  /** Absent: as many as come. */
  readonly maxRunning?: number;
  /** Of one caller, running and waiting; by address where callers have no key. Absent: as many as come. */
  readonly perCaller?: number;
  readonly maxWaiting: number;
  readonly waitSeconds: number;
  readonly heartbeatSeconds: number;
}

export const queueSchema = section({
  maxRunning: wholeNumber(1).exactOptional(),
  perCaller: wholeNumber(1).exactOptional(),
  maxWaiting: wholeNumber(0).exactOptional(),
  waitSeconds: timer(1000).exactOptional(),
  heartbeatSeconds: timer(1000, 0.01).exactOptional(),
});

const defaults = { maxWaiting: 1000, waitSeconds: 60, heartbeatSeconds: 10 } as const;

/** The file's word, else claude-proxy's variable (row C7) and oai-reverse-proxy's (row C29). Absent: nobody waits. */
export function queueOf(
  file: z.output<typeof queueSchema> | undefined,
  env: Environment,
  problems: string[],
): QueueConfig | undefined {
  const maxRunning = file?.maxRunning ?? numberIn(env, 'MAX_CONCURRENT_REQUESTS', problems, 1);
  const perCaller = file?.perCaller ?? numberIn(env, 'USER_CONCURRENCY_LIMIT', problems, 1);
  if (!file && maxRunning === undefined && perCaller === undefined) return undefined;
  return {
    ...defaults,
    ...file,
    ...(maxRunning !== undefined && { maxRunning }),
    ...(perCaller !== undefined && { perCaller }),
  };
}
