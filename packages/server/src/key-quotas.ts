import type { Clock, Log, Quotas } from '@proxy/core';
import type { KeyQuotas } from './storage/key-quotas.ts';

/** What other processes have used is looked up so often, while somebody asks. */
const freshMs = 5000;

/** Quotas of upstream keys that outlive the process, and that all processes share. What this one knows is read at once. */
export async function durableQuotas(stored: KeyQuotas, clock: Clock, log: Log): Promise<Quotas> {
  let used = await load();
  let readAtMs = clock.now();
  let reading = false;

  async function load(): Promise<Map<string, number>> {
    return new Map((await stored.list()).map((one) => [one.credential, one.used]));
  }

  async function renew(): Promise<void> {
    reading = true;
    try {
      used = await load();
    } catch (error) {
      complain(error);
    } finally {
      readAtMs = clock.now();
      reading = false;
    }
  }

  function complain(error: unknown): void {
    log('error', 'The quotas of upstream keys could not be read or written', { error: String(error) });
  }

  return {
    remaining(id, quota) {
      if (!reading && clock.now() - readAtMs > freshMs) void renew();
      return quota - (used.get(nameOf(id)) ?? 0);
    },
    async take(id, quota) {
      const name = nameOf(id);
      const now = await stored.take(name, quota);
      used.set(name, now ?? quota);
      return now !== undefined;
    },
    giveBack(id) {
      const name = nameOf(id);
      used.set(name, Math.max(0, (used.get(name) ?? 0) - 1));
      stored.giveBack(name).catch(complain);
    },
  };
}

/** `main#2-a1b2c3`: its place in the list may change, the key stays the same. */
function nameOf(credentialId: string): string {
  return credentialId.replace(/#\d+-/, '#');
}
