import { Refused } from '../outlet.ts';

const patienceMs = 10_000;
/** RFC 9110 §15.5.9, RFC 8470 §5.2, RFC 6585 §4: of the refusals of a request, these alone ask for it again. */
const later: ReadonlySet<number> = new Set([408, 425, 429]);

/** Sends batches as `{"entries": […]}`. @throws when they were not taken; Refused when they never will be. */
export function postTo(url: string, headers: Readonly<Record<string, string>>) {
  return async (entries: readonly object[]): Promise<void> => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ entries }),
      signal: AbortSignal.timeout(patienceMs),
      redirect: 'error',
    });
    await response.body?.cancel();
    const { ok, status } = response;
    if (ok) return;
    const final = status >= 400 && status < 500 && !later.has(status);
    throw final ? new Refused(`It answered ${status}.`) : new Error(`It answered ${status}.`);
  };
}
