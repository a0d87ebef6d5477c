import { expect, onTestFinished, test, vi } from 'vitest';
import { createTail } from '../../src/admin/tail.ts';

test('whoever watches is asked again from time to time, and watches no longer than they may', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  let may = true;
  let ended = false;
  const written: string[] = [];
  const tail = createTail();
  const source = tail.watch(
    ({ requestId }) => requestId,
    () => Promise.resolve(may),
  );
  source.start({
    write: (chunk) => written.push(String(chunk)) > 0,
    end: () => void (ended = true),
    fail: () => undefined,
  });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(ended).toBe(false);
  may = false;
  await vi.advanceTimersByTimeAsync(15_000);
  expect(ended).toBe(true);
  const before = written.length;
  tail.append({ requestId: 'late', startedAt: 1, durationMs: 1, status: 200, attempts: [], notices: [] });
  expect(written).toHaveLength(before);
});
