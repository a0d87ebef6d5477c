import type { KeyStatus } from '@proxy/core';
import { Gauge, type Registry } from 'prom-client';
import type { Measured } from './metrics.ts';

/** Gauges of the queue and the upstreams' keys, each read when somebody asks. */
export function measureNow(registry: Registry, measured: () => Measured): void {
  const registers = [registry];
  const waiting: Gauge = new Gauge({
    name: 'proxy_queue_waiting_requests',
    help: 'Calls that wait for their turn.',
    registers,
    collect: () => waiting.set(measured().queue?.waiting ?? 0),
  });
  const running: Gauge = new Gauge({
    name: 'proxy_queue_running_requests',
    help: 'Calls that the queue has let through and that are not over.',
    registers,
    collect: () => running.set(measured().queue?.running ?? 0),
  });
  const keys: Gauge<'upstream' | 'state'> = new Gauge({
    name: 'proxy_keys',
    help: 'Keys of upstreams by how they are: well, resting, limited (they rest for some models), spent, refused.',
    labelNames: ['upstream', 'state'],
    registers,
    collect() {
      keys.reset();
      const all = measured().keys.status();
      // A state that has no keys any longer is told as 0.
      for (const { upstream } of all) for (const state of states) keys.set({ upstream, state }, 0);
      for (const status of all) keys.inc({ upstream: status.upstream, state: stateOf(status) });
    },
  });
}

const states = ['well', 'resting', 'limited', 'spent', 'refused'] as const;

function stateOf({ state, rests }: KeyStatus): (typeof states)[number] {
  return state === 'well' && rests.length > 0 ? 'limited' : state;
}
