const patienceMs = 10_000;

/** Sends batches as `{"entries": […]}`. @throws when they were not taken, so that they are sent again. */
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
    if (!response.ok) throw new Error(`It answered ${response.status}.`);
  };
}
