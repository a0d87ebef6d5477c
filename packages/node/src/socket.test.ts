import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { WebSocket } from 'ws';
import { NodeSocket } from './socket.ts';

/** What NodeSocket uses of a WebSocket, and what was done with it. */
class Wire extends EventEmitter {
  readonly OPEN = 1;
  readyState = 1;
  bufferedAmount = 0;
  isPaused = false;
  pings = 0;
  terminated = false;
  closedWith: readonly unknown[] | undefined;
  pause() {
    this.isPaused = true;
  }
  resume() {
    this.isPaused = false;
  }
  ping() {
    this.pings += 1;
  }
  terminate() {
    this.terminated = true;
  }
  close(...how: readonly unknown[]) {
    this.closedWith = how;
  }
}

function connected(idleMs?: number) {
  const wire = new Wire();
  const socket = new NodeSocket(wire as unknown as WebSocket, idleMs); // all that it uses is there
  socket.listen({ message: () => undefined, drained: () => undefined, closed: () => undefined });
  return { wire, socket };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a side that may be gone', () => {
  test('is asked, and taken for gone when it has not answered by the next time', () => {
    const { wire } = connected();
    vi.advanceTimersByTime(30_000);
    expect([wire.pings, wire.terminated]).toEqual([1, false]);
    wire.emit('pong');
    vi.advanceTimersByTime(30_000);
    expect([wire.pings, wire.terminated]).toEqual([2, false]);
    vi.advanceTimersByTime(30_000);
    expect([wire.pings, wire.terminated]).toEqual([2, true]);
  });

  test('is not asked while we do not read what it would answer', () => {
    const { wire, socket } = connected();
    socket.pause();
    vi.advanceTimersByTime(300_000);
    expect([wire.pings, wire.terminated]).toEqual([0, false]);
  });

  test('is forgotten when it has closed', () => {
    const { wire } = connected();
    wire.emit('close', 1000, Buffer.alloc(0));
    vi.advanceTimersByTime(300_000);
    expect(wire.pings).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});

test('messages either way put off the end of an idle session', () => {
  const { wire, socket } = connected(1000);
  vi.advanceTimersByTime(900);
  wire.emit('message', Buffer.from('x'), false);
  vi.advanceTimersByTime(900);
  Object.assign(wire, { send: () => undefined });
  socket.send('y', false);
  vi.advanceTimersByTime(900);
  expect(wire.closedWith).toBeUndefined();
  vi.advanceTimersByTime(100);
  expect(wire.closedWith?.[0]).toBe(1001);
});

test('a reason that no control frame holds is cut between characters', () => {
  const { wire, socket } = connected();
  socket.close(1008, `${'a'.repeat(122)}ü and more`);
  expect(String(wire.closedWith?.[1])).toBe('a'.repeat(122));
});
