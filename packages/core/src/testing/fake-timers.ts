/**
 * The global timers under a clock of the test's own, until `restore`. vitest's would do, but these tests run outside Node as well,
 * where there is no vitest.
 */
export function fakeTimers(start: number) {
  const { setTimeout, clearTimeout } = globalThis;
  const waiting = new Map<number, { readonly at: number; readonly run: () => void }>();
  let now = start;
  let last = 0;
  const later = (run: () => void, ms = 0) => {
    waiting.set((last += 1), { at: now + ms, run });
    return last;
  };
  Object.assign(globalThis, { setTimeout: later, clearTimeout: (id: number) => void waiting.delete(id) });

  /** Whatever is under way goes on as far as it can without a timer. */
  async function settle(): Promise<void> {
    for (let turn = 0; turn < 5; turn += 1) await new Promise<void>((resolve) => void setTimeout(resolve, 0));
  }

  return {
    now: () => now,
    async advance(ms: number): Promise<void> {
      const end = now + ms;
      for (;;) {
        await settle();
        const [next] = [...waiting].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at);
        if (!next) break;
        const [id, { at, run }] = next;
        waiting.delete(id);
        now = at;
        run();
      }
      now = end;
    },
    restore: () => void Object.assign(globalThis, { setTimeout, clearTimeout }),
  };
}
