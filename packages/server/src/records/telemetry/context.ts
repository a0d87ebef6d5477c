import { randomBytes } from 'node:crypto';

/** Where a call stands in its caller's trace, in W3C Trace Context's terms. */
export interface TraceContext {
  readonly traceId: string;
  /** Ours, which upstreams see as their parent. */
  readonly spanId: string;
  /** The caller's; absent: it had none. */
  readonly parentId?: string;
  readonly sampled: boolean;
}

const form = /^[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})/;

/** The caller's trace gone on with, or a new one where its header says none. */
export function contextFrom(traceparent: string | undefined): TraceContext {
  const spanId = randomBytes(8).toString('hex');
  const [, traceId, parentId, flags = '01'] = form.exec(traceparent ?? '') ?? [];
  if (traceId === undefined || parentId === undefined)
    return { traceId: randomBytes(16).toString('hex'), spanId, sampled: true };
  return { traceId, spanId, parentId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** The header by which an upstream goes on with it. */
export function traceparentOf({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}

/** The span that a header of ours names. */
export function spanIdIn(traceparent: string | undefined): string | undefined {
  return form.exec(traceparent ?? '')?.[2];
}
