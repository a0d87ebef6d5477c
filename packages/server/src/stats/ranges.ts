const hourMs = 3_600_000;

/** The spans of time that statistics are asked for, as api-proxy names them. */
export const timeRanges = { '1h': hourMs, '24h': 24 * hourMs, '7d': 7 * 24 * hourMs, '30d': 30 * 24 * hourMs } as const;

export type TimeRange = keyof typeof timeRanges;

export function isTimeRange(text: string): text is TimeRange {
  return Object.hasOwn(timeRanges, text);
}
