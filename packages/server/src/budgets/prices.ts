import type { Prices } from '@proxy/core';
import { pictureDollars } from './picture-prices.ts';
import type { Pricing } from '../pricing/index.ts';

/** What budgets ask of the price table, which may be another after a reload. */
export function budgetPrices(pricing: () => Pricing): Prices {
  return {
    of: (target, usage) => pricing().costOf(usage, target)?.usd,
    most({ upstream, provider, model, askedModel, region }, most) {
      const { inputTokens, outputTokens, images, searches, audioSeconds } = most;
      const picture = images && pictureDollars(model, images.size, images.quality);
      if (images && picture !== undefined) return picture * images.count;
      return pricing().mostItCanCost({
        upstream,
        provider,
        model,
        askedModel,
        region,
        maxInputTokens: inputTokens,
        maxOutputTokens: outputTokens,
        images: images?.count,
        searches,
        audioSeconds,
      });
    },
  };
}
