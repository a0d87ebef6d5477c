import type { Failure } from '../conversation/failure.ts';
import { totalInputTokens, type Usage } from '../conversation/usage.ts';
import { estimateTokens } from '../limits/estimate.ts';
import type { Spent } from '../ports.ts';
import type { Incoming } from './incoming.ts';
import { estimateOf, spendingTarget } from './spending.ts';
import type { Outcome, StreamEnd } from './try-targets.ts';

/** How a call ended, as far as it is known. */
export interface Ending {
  readonly outcome?: Outcome;
  /** Of what streamed. */
  readonly end?: StreamEnd;
  readonly usage?: Usage | undefined;
  readonly failure?: Failure | undefined;
  readonly firstByteMs?: number;
}

/** No model of a vendor that bills for what nobody hears is known to be faster for long. */
const tokensPerSecond = 100;

/** What a call that is over has spent: as it was reported, or, where it broke off before, a guess that is rather too high. */
export function spentOf(inbound: Incoming | undefined, ending: Ending, durationMs: number): Spent {
  const { outcome, usage, failure, end } = ending;
  if (!outcome || !inbound) return { nothing: true };
  const target = outcome.target && spendingTarget(inbound, outcome.target);
  if (!outcome.answer) {
    if (!mayHaveRun(failure)) return usage ? { target, usage } : { nothing: true };
    const unheard = Math.ceil((durationMs / 1000) * tokensPerSecond);
    return { target, usage: { inputTokens: estimateOf(inbound), outputTokens: unheard }, estimated: true };
  }
  // What a session used has been charged while it ran, but for a reply that was not over.
  if (inbound.knock.door.socket)
    return { target, usage: end?.progress.current === false ? undefined : { inputTokens: 0 } };
  if (!end || (usage && (end.progress.finished || end.progress.current))) return { target, usage };
  return { target, usage: guessed(inbound, usage, end.receivedBytes ?? 0), estimated: true };
}

/** The upstream was still at work when it was given up: it may bill what nobody saw. */
function mayHaveRun(failure: Failure | undefined): boolean {
  return failure?.kind === 'client-gone' || failure?.kind === 'timeout';
}

/** Never less than what was streamed: a token takes at least three bytes there, with all that is written around it. */
function guessed(inbound: Incoming, told: Usage | undefined, receivedBytes: number): Usage {
  const streamed = estimateTokens(receivedBytes);
  const { outputTokens = 0, ...input } = told ?? {};
  const prompt = told && totalInputTokens(told) > 0 ? input : { inputTokens: estimateOf(inbound) };
  return { ...prompt, outputTokens: Math.max(outputTokens, streamed) };
}
