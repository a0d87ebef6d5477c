import { isArray, object, text } from '../../json.ts';
import type { Bounds, RequestBounds, TopLevel } from '../dialect.ts';
import { atLeastOne } from '../request-bounds.ts';

/** Of Chat Completions, and of the older operations beside it. */
export const bounds: Bounds = {
  media: ['"image_url"', '"input_audio"', '"file"', '"video_url"'],
  of(body): RequestBounds {
    // Either name is understood by some vendor.
    const limits = [atLeastOne(body.get('max_completion_tokens')), atLeastOne(body.get('max_tokens'))];
    const told = limits.filter((limit) => limit !== undefined);
    const candidates = candidatesOf(body);
    return {
      ...(told.length > 0 && { maxOutputTokens: Math.max(...told) }),
      ...(candidates > 1 && { candidates }),
      ...(object(body.get('web_search_options')) && { rounds: 1 }),
      ...(object(body.get('prediction')) && { prediction: true }),
      images: imagesOf(body),
    };
  },
};

/** Completions takes several prompts at once, and makes more than it gives (best_of). */
function candidatesOf(body: TopLevel): number {
  const prompt = body.get('prompt');
  const prompts = isArray(prompt) && prompt.some((one) => typeof one !== 'number') ? prompt.length : 1;
  return prompts * Math.max(atLeastOne(body.get('n')) ?? 1, atLeastOne(body.get('best_of')) ?? 1);
}

function imagesOf(body: TopLevel): NonNullable<RequestBounds['images']> {
  const size = text(body.get('size'));
  const quality = text(body.get('quality'));
  return {
    count: atLeastOne(body.get('n')) ?? 1,
    ...(size !== undefined && { size }),
    ...(quality !== undefined && { quality }),
  };
}
