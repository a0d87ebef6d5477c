import type { Ports } from '../ports.ts';

/** How to choose among candidates: an upstream's credentials, or a route's targets. */
export type SelectorName =
  | 'failover'
  | 'round-robin'
  | 'random'
  | 'weighted'
  | 'least-busy'
  | 'least-recently-used'
  | 'quota-first'
  | 'cost-first'
  | 'fastest'
  | 'power-of-two';

/** Something that a call may be sent to. */
export interface Candidate {
  readonly id: string;
  /** Relative share for the `weighted` strategy; absent is 1. */
  readonly weight?: number;
  /** What a call costs, in any unit that all candidates share; absent is 0. */
  readonly cost?: number;
  /** So many successful calls it is good for; absent: any number. */
  readonly quota?: number;
}

/** Orders candidates for one call, the one to try first in front. Those that rest or are spent were taken out before. */
export interface Selector {
  order<C extends Candidate>(candidates: readonly C[], model: string): readonly C[];
  /** A send to this candidate begins. Absent where nothing is learnt from it. */
  begin?(candidate: Candidate, model: string): Sending;
  /** A reply has come, or a refusal, with these headers. */
  hear?(candidate: Candidate, model: string, headers: Readonly<Record<string, string>>): void;
  /** The numbers by which it decides, for people who ask why. */
  scores?(candidate: Candidate, model: string): Scores;
}

/** One send, as a selector follows it. */
export interface Sending {
  /** The reply has begun well, so long after the send. */
  began?(afterMs: number): void;
  /** The last byte has passed, or there is none. */
  over?(): void;
}

export type Scores = Readonly<Record<string, number>>;

/** What selectors take from the outside. */
export interface SelectorPorts extends Pick<Ports, 'random' | 'clock'> {
  /** Calls that a candidate is still good for; Infinity where nothing counts them. */
  remaining(candidate: Candidate): number;
}
