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
      redirect: 'manual',
    });
    await response.body?.cancel();
    const { ok, status } = response;
    if (ok) return;
    const said = `It answered ${status}.${status >= 300 && status < 400 ? ` ${notFollowed}` : ''}`;
    throw isFinal(status) ? new Refused(said) : new Error(said);
  };
}

/** What was said in confidence goes nowhere but to the address that was given. */
const notFollowed = 'Redirects are not followed: give the address that it leads to.';

function isFinal(status: number): boolean {
  if (status === 301 || status === 308) return true;
  return status >= 400 && status < 500 && !later.has(status);
}
