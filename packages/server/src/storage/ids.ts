import { randomBytes } from 'node:crypto';

let made = 0;
const perTick = 36 ** 3;

/** A name for a row; those made later sort behind. */
export function newId(prefix: string, now: number): string {
  const place = (made = (made + 1) % perTick).toString(36).padStart(3, '0');
  return `${prefix}_${now.toString(36).padStart(9, '0')}${place}${randomBytes(4).toString('hex')}`;
}
