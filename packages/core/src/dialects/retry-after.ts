import type { HeaderMap } from './dialect.ts';

/** How long an answer's headers ask to wait, in seconds; undefined when they do not say. */
export function retryAfter(headers: HeaderMap): number | undefined {
  const milliseconds = amount(headers['retry-after-ms']);
  if (milliseconds !== undefined) return milliseconds / 1000;
  const written = headers['retry-after'];
  // RFC 9110 §10.2.3 allows a date as well; the Date header beside it tells the server's now.
  return amount(written) ?? amount(String((Date.parse(written ?? '') - Date.parse(headers.date ?? '')) / 1000));
}

function amount(written: string | undefined): number | undefined {
  if (written === undefined || written.trim() === '') return undefined;
  const value = Number(written);
  return Number.isFinite(value) && value >= 0 ? value : undefined;
}
