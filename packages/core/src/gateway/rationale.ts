import type { Credential } from '../auth/authorize.ts';
import type { Candidate, Scores, Selector } from '../keys/selector.ts';
import type { CandidateRecord, RoutingRecord } from '../ports.ts';
import type { Prospect } from './prospect.ts';

/** Notes while a plan is made what the record will say of it: numbers change, so they are taken down when they decide. */
export interface Rationale {
  weigh(candidates: readonly Candidate[], selector: Selector, model: string): void;
  /** A session decided, which was found there. */
  belongs(source: string): void;
  record(): RoutingRecord;
}

export function createRationale(prospects: readonly Prospect[]): Rationale {
  const weighed = new Map<Candidate, Scores>();
  let affinity: string | undefined;

  function candidateOf(
    { destination, targetFor }: Prospect,
    credential: Credential,
    why: Omit<Prospect['skipped'][number], 'credential'> | undefined,
  ): CandidateRecord {
    const { upstream, branch } = destination;
    const scores = weighed.get(credential);
    const branchScores = branch && weighed.get(branch);
    return {
      upstream: upstream.name,
      model: targetFor(credential).model,
      credential: credential.id,
      strategy: upstream.strategy ?? 'failover',
      ...(scores && { scores }),
      ...(branchScores && { branchScores }),
      ...why,
    };
  }

  return {
    weigh(candidates, selector, model) {
      if (!selector.scores) return;
      for (const candidate of candidates) weighed.set(candidate, selector.scores(candidate, model));
    },
    belongs: (source) => void (affinity = source),
    record() {
      const route = prospects[0]?.destination.branch?.route;
      return {
        ...(route && { route: route.model, strategy: route.strategy ?? 'failover' }),
        ...(affinity !== undefined && { affinity }),
        candidates: [
          ...prospects.flatMap((prospect) =>
            prospect.awake.map((credential) => candidateOf(prospect, credential, undefined)),
          ),
          ...prospects.flatMap((prospect) =>
            prospect.skipped.map(({ credential, ...why }) => candidateOf(prospect, credential, why)),
          ),
        ],
      };
    },
  };
}
