import type { Prices, SpendingTarget } from '@proxy/core';
import { pictureDollars } from './picture-prices.ts';
import type { PricedTarget, Pricing } from '../pricing/index.ts';

/** What budgets ask of the price table, which may be another after a reload. */
export function budgetPrices(pricing: () => Pricing): Prices {
  return {
    of: (target, usage) => pricing().costOf(usage, pricedAs(target))?.usd,
    most(target, { inputTokens, outputTokens, images, searches, audioSeconds }) {
      const picture = images && pictureDollars(target.model, images.size, images.quality);
      if (images && picture !== undefined) return picture * images.count;
      return pricing().mostItCanCost({
        ...pricedAs(target),
        maxInputTokens: inputTokens,
        maxOutputTokens: outputTokens,
        ...(images && { images: images.count }),
        ...(searches !== undefined && { searches }),
        ...(audioSeconds !== undefined && { audioSeconds }),
      });
    },
  };
}

function pricedAs({ upstream, provider, model, askedModel, region }: SpendingTarget): PricedTarget {
  return { upstream, provider, model, askedModel, ...(region !== undefined && { region }) };
}
