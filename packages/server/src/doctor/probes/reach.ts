import { originsOf, type Transport, type Upstream } from '@proxy/core';
import { found, type Finding } from '../faults.ts';
import { networkFault } from '../network-fault.ts';
import { observed, type Exchange } from '../observe.ts';

const toleratedSkewMs = 120_000;

export interface ReachOptions {
  readonly transport: Transport;
  readonly now: () => number;
  readonly timeoutMs: number;
  /** The proxy that leads there, where one does. */
  readonly proxy?: string;
}

/** DNS, TCP, the proxy, TLS and the clock: whether anything answers HTTP there, whatever it says. */
export async function probeReach(upstream: Upstream, options: ReachOptions): Promise<readonly Finding[]> {
  const findings = await Promise.all(originsOf(upstream).map((origin) => reach(upstream.name, origin, options)));
  return findings.flat();
}

async function reach(name: string, origin: string, { transport, now, timeoutMs, proxy }: ReachOptions) {
  const watched = observed(transport, now);
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const { body } = await watched.transport.send({
      method: 'GET',
      url: `${origin}/`,
      headers: { accept: '*/*' },
      signal,
      headersTimeoutMs: timeoutMs,
      idleTimeoutMs: timeoutMs,
    });
    body.start({ write: () => true, end: () => undefined, fail: () => undefined }).cancel();
  } catch (error) {
    if (signal.aborted)
      return [found('answer-timeout', name, `${origin} did not answer within ${timeoutMs / 1000} s.`)];
    return [found(networkFault(error, proxy), name, error instanceof Error ? error.message : String(error))];
  }
  return watched.exchanges.flatMap((exchange) => skewOf(name, exchange, now()));
}

/** RFC 9110 §6.6.1 and §5.1 of RFC 9111: a kept answer is `Age` seconds older than its date says. */
function skewOf(name: string, { headers }: Exchange, now: number): readonly Finding[] {
  const said = Date.parse(headers?.date ?? '');
  if (Number.isNaN(said)) return [];
  const skewMs = now - said - (Number(headers?.age) || 0) * 1000;
  if (Math.abs(skewMs) <= toleratedSkewMs) return [];
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  return [
    found(
      'clock-skew',
      name,
      `This machine’s clock is ${seconds} s ${skewMs > 0 ? 'ahead of' : 'behind'} the server’s.`,
    ),
  ];
}
