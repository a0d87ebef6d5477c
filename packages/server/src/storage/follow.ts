import type { Changes, ChangeNumbers, Topic } from './changes.ts';

/** Short enough that a key that is revoked elsewhere no longer opens anything a moment later. */
const everyMs = 1000;

export interface Following {
  stop(): void;
}

/** Calls back when a topic has been changed, by this process or by another at the same database. */
export async function follow(
  changes: Changes,
  changed: Readonly<Partial<Record<Topic, () => void>>>,
  complain: (error: unknown) => void,
): Promise<Following> {
  let last: ChangeNumbers = await changes.numbers();
  let asking = false;
  let stopped = false;
  changes.listen((topic) => changed[topic]?.());
  const timer = setInterval(() => void look(), everyMs).unref();

  async function look(): Promise<void> {
    if (asking || stopped) return;
    asking = true;
    try {
      const now = await changes.numbers();
      const before = last;
      last = now;
      for (const topic of Object.keys(now) as Topic[]) if (now[topic] !== before[topic]) changed[topic]?.(); // its own keys
    } catch (error) {
      if (!stopped) complain(error);
    } finally {
      asking = false;
    }
  }

  return {
    stop() {
      stopped = true;
      clearInterval(timer);
    },
  };
}
