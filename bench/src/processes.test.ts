import { expect, test } from 'vitest';
import { cpuTicksOfStat } from './processes.ts';

test('proc(5) user and system time, whatever the program is called', () => {
  const stat = '4711 (odd) name (x) S 1 4711 4711 0 -1 4194560 5000 0 10 0 123 45 6 7 20 0 11 0 98765 1000000 2000';
  expect(cpuTicksOfStat(stat)).toBe(168);
});
