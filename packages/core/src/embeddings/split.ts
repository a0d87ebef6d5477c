import type { EmbeddingInput } from './embedding.ts';
import type { EmbeddingForm } from './form.ts';

/** The inputs that one call carries, and where each stood in the caller's request. */
export interface Share {
  readonly inputs: readonly EmbeddingInput[];
  readonly places: readonly number[];
}

/** As few calls as the form allows: inputs that can be said together, as many as one call takes. */
export function splitInputs(
  inputs: readonly EmbeddingInput[],
  form: EmbeddingForm,
  model: string,
  estimate: (input: EmbeddingInput) => number,
): readonly Share[] {
  const limits = form.callLimits(model);
  const most = limits.tokens ?? Infinity;
  const shares: { inputs: EmbeddingInput[]; places: number[] }[] = [];
  const open = new Map<string, { share: (typeof shares)[number]; tokens: number }>();
  inputs.forEach((input, place) => {
    const key = JSON.stringify(form.perCall.map((name) => input[name] ?? null));
    const tokens = limits.tokens === undefined ? 0 : estimate(input);
    let filling = open.get(key);
    if (!filling || filling.share.inputs.length >= limits.inputs || filling.tokens + tokens > most) {
      filling = { share: { inputs: [], places: [] }, tokens: 0 };
      open.set(key, filling);
      shares.push(filling.share);
    }
    filling.share.inputs.push(input);
    filling.share.places.push(place);
    filling.tokens += tokens;
  });
  return shares;
}
