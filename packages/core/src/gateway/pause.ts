import type { CancelSignal } from '../ports.ts';

/** So long, or until the signal says that nobody waits any more. Never rejects. */
export function pause(ms: number, signal: CancelSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', over);
      resolve();
    };
    const timer = setTimeout(over, Math.max(0, ms));
    signal.addEventListener('abort', over);
    if (signal.aborted) over();
  });
}
