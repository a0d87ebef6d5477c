/** What a vendor that decides would refuse of a request: its types and rules, unpaired calls, and proofs it never gave. */
import { upstreamWords } from '../dialects.ts';
import { requestFaults } from '../upstream-rules.ts';
import { schemaFaults } from '../wire-schemas/validate.ts';
import type { Question } from './server.ts';
import type { Piece, Vendor } from './vendor.ts';

/** `relayed`: the client speaks the vendor's dialect. `issued`: the seals this vendor has given out. */
export function questionFaults(
  vendor: Vendor,
  question: Question,
  { relayed, issued }: { readonly relayed: boolean; readonly issued: readonly string[] },
): readonly string[] {
  const { pieces } = question.seen;
  return [...typeFaults(vendor, question, relayed), ...pairFaults(pieces), ...sealFaults(pieces, issued)];
}

function typeFaults(
  { dialect, model }: Vendor,
  { body, headers, path }: Question,
  relayed: boolean,
): readonly string[] {
  if (dialect === 'bedrock-converse') return schemaFaults('bedrock-converse', body);
  const asked = { body, headers, path, method: 'POST', model };
  return requestFaults({ dialect, words: upstreamWords[dialect] }, asked, relayed);
}

/** Each call is answered once, and before anything else is said; no answer is without its call. */
export function pairFaults(pieces: readonly Piece[]): readonly string[] {
  const open = new Set<string>();
  const faults: string[] = [];
  let answering = false;
  for (const piece of pieces) {
    if (piece.type === 'call') {
      if (answering && open.size > 0) faults.push(`call ${piece.id} comes before ${[...open].join(', ')} was answered`);
      answering = false;
      open.add(piece.id);
    } else if (piece.type === 'result') {
      answering = true;
      if (!open.delete(piece.id)) faults.push(`result ${piece.id} answers no call`);
    } else if (piece.type === 'text' && answering && open.size > 0) {
      faults.push(`text comes before ${[...open].join(', ')} was answered`);
    }
  }
  return [...faults, ...[...open].map((id) => `call ${id} is not answered`)];
}

/** Gemini's own word for a call that others made (Z4). */
const unsigned = 'skip_thought_signature_validator';

function sealFaults(pieces: readonly Piece[], issued: readonly string[]): readonly string[] {
  return pieces.flatMap((piece) =>
    piece.type === 'seal' && piece.seal !== unsigned && !issued.includes(piece.seal)
      ? [`the proof ${piece.seal.slice(0, 40)} is none of this vendor's`]
      : [],
  );
}
