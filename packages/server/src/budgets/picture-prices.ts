/**
 * Dollars a picture by size and quality, which the table of prices does not tell apart.
 * Source: https://openai.com/api/pricing as of 2024; acceptance row C20 states the same in tokens, 100 000 a dollar.
 */
const pictures: Readonly<Record<string, readonly { size: string; quality?: string; usd: number }[]>> = {
  'dall-e-3': [
    { size: '1024x1024', usd: 0.04 },
    { size: '1024x1792', usd: 0.08 },
    { size: '1792x1024', usd: 0.08 },
    { size: '1024x1024', quality: 'hd', usd: 0.08 },
    { size: '1024x1792', quality: 'hd', usd: 0.12 },
    { size: '1792x1024', quality: 'hd', usd: 0.12 },
  ],
  'dall-e-2': [
    { size: '1024x1024', usd: 0.02 },
    { size: '512x512', usd: 0.018 },
    { size: '256x256', usd: 0.016 },
  ],
};

const standardSize = '1024x1024';

/** Undefined: not a model of these. The dearest where size or quality are none that are known. */
export function pictureDollars(model: string, size = standardSize, quality = 'standard'): number | undefined {
  const rows = pictures[model];
  if (!rows) return undefined;
  const row = rows.find((one) => one.size === size && (one.quality ?? 'standard') === quality);
  return row?.usd ?? Math.max(...rows.map(({ usd }) => usd));
}
