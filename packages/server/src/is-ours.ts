const askTimeoutMs = 2000;

/** Whether @proxy answers at this address, and no other program. */
export async function isOurs(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/`, { signal: AbortSignal.timeout(askTimeoutMs) });
    return (await answer.text()).startsWith('@proxy ');
  } catch {
    return false;
  }
}
