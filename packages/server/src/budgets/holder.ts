import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { digest } from '../digest.ts';

/** A name for this process in books that others read: where its journal is, its number there, and what tells it from a later one. */
export function holderName(home: string): string {
  const place = digest(`${hostname()} ${home}`).slice(0, 12);
  return `${place}/${process.pid}/${randomUUID().slice(0, 8)}`;
}

/** Whether the other had the same home and is known to have ended. */
export function isGone(other: string, own: string): boolean {
  const [place, pid] = other.split('/');
  if (place !== own.split('/')[0]) return false;
  if (Number(pid) === process.pid) return other !== own;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'; // the one error that says so
  }
}
