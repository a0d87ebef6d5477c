import { isArray, object, text } from '../../json.ts';
import type { Bounds, RequestBounds, TopLevel } from '../dialect.ts';
import { atLeastOne } from '../request-bounds.ts';

/** Of Chat Completions, and of the older operations beside it. */
export const bounds: Bounds = {
  media: ['"image_url"', '"input_audio"', '"file"', '"video_url"'],
  of(body): RequestBounds {
    // Either name is understood by some vendor.
    const told = Math.max(atLeastOne(body.get('max_completion_tokens')) ?? 0, atLeastOne(body.get('max_tokens')) ?? 0);
    const candidates = candidatesOf(body);
    return {
      maxOutputTokens: told > 0 ? told : undefined,
      candidates: candidates > 1 ? candidates : undefined,
      rounds: object(body.get('web_search_options')) ? 1 : undefined,
      prediction: object(body.get('prediction')) !== undefined,
    };
  },
  pictures(body) {
    const size = text(body.get('size'));
    const quality = text(body.get('quality'));
    return {
      count: atLeastOne(body.get('n')) ?? 1,
      ...(size !== undefined && { size }),
      ...(quality !== undefined && { quality }),
    };
  },
};

/** Completions takes several prompts at once, and makes more than it gives (best_of). */
function candidatesOf(body: TopLevel): number {
  const prompt = body.get('prompt');
  const prompts = isArray(prompt) && prompt.some((one) => typeof one !== 'number') ? prompt.length : 1;
  return prompts * Math.max(atLeastOne(body.get('n')) ?? 1, atLeastOne(body.get('best_of')) ?? 1);
}
