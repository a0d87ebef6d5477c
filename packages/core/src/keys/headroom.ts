import type { Clock } from '../ports.ts';
import { ofTheLatest } from './latest.ts';
import { pairKey } from './pair-key.ts';
import type { Candidate } from './selector.ts';

/** What of the vendors' rate limits is left, as their own replies tell it: OpenAI's words, Anthropic's, and their imitators'. */
interface Headroom {
  /** The share that is left of the scarcest limit, above 0 and at most 1; 1 while nothing is known. */
  of(candidate: Candidate, model: string): number;
  hear(candidate: Candidate, model: string, headers: Readonly<Record<string, string>>): void;
}

const pairs = [
  ['x-ratelimit-remaining-requests', 'x-ratelimit-limit-requests'],
  ['x-ratelimit-remaining-tokens', 'x-ratelimit-limit-tokens'],
  ['anthropic-ratelimit-requests-remaining', 'anthropic-ratelimit-requests-limit'],
  ['anthropic-ratelimit-tokens-remaining', 'anthropic-ratelimit-tokens-limit'],
  ['anthropic-ratelimit-input-tokens-remaining', 'anthropic-ratelimit-input-tokens-limit'],
  ['anthropic-ratelimit-output-tokens-remaining', 'anthropic-ratelimit-output-tokens-limit'],
] as const;

/** These limits are told per minute: an older word says nothing of now. */
const freshMs = 60_000;
/** None left still is a candidate, if no other is better. */
const least = 0.001;

export function createHeadroom(clock: Clock): Headroom {
  const known = ofTheLatest<{ readonly share: number; readonly untilMs: number }>();
  return {
    of({ id }, model) {
      const told = known.get(pairKey(id, model));
      return told && told.untilMs > clock.now() ? told.share : 1;
    },
    hear({ id }, model, headers) {
      const share = scarcest(headers);
      if (share === undefined) return;
      known.set(pairKey(id, model), { share: Math.max(share, least), untilMs: clock.now() + freshMs });
    },
  };
}

function scarcest(headers: Readonly<Record<string, string>>): number | undefined {
  let share: number | undefined;
  for (const [remaining, limit] of pairs) {
    const left = Number(headers[remaining] ?? Number.NaN);
    const most = Number(headers[limit] ?? Number.NaN);
    if (left >= 0 && most > 0) share = Math.min(share ?? 1, left / most);
  }
  return share;
}
