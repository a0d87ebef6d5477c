import type { Candidate } from './selector.ts';

/**
 * The candidate that a session belongs to in front, the others as they were. Computed, not remembered (rendezvous hashing):
 * every process agrees on it, a restart changes nothing, and when one rests only its own sessions move, until it is back.
 */
export function belongingFirst<C extends Candidate>(candidates: readonly C[], session: string): readonly C[] {
  const [first] = candidates;
  if (!first || candidates.length < 2) return candidates;
  const seed = hashOf(session);
  let owner = first;
  let most = -Infinity;
  for (const candidate of candidates) {
    const claim = claimOf(candidate, seed);
    if (claim <= most) continue;
    owner = candidate;
    most = claim;
  }
  return owner === first ? candidates : [owner, ...candidates.filter((candidate) => candidate !== owner)];
}

/** Weighted rendezvous: the share of sessions is the share of weight. */
function claimOf({ id, weight = 1 }: Candidate, seed: number): number {
  const uniform = (mixed(seed ^ hashOf(id)) + 0.5) / 2 ** 32;
  return weight > 0 ? -weight / Math.log(uniform) : 0;
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash;
}

/** The last steps of MurmurHash3, which leave no bit of a difference where it was. */
function mixed(hash: number): number {
  let bits = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
