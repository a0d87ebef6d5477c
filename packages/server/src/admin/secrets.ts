import { createHash, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

/** Takes as long for a guess that begins right as for any other. */
export function isSame(guess: string, secret: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(guess), hash(secret));
}

const derive = promisify<string, string, number, Buffer>(scrypt);
const derived = new Map<string, Promise<string>>();

/**
 * Tells one admin key from another in a session's row, so that a session ends with the key that it began with. Slow to guess
 * back, and made once a key.
 */
export function fingerprint(adminKey: string): Promise<string> {
  let made = derived.get(adminKey);
  if (!made) {
    derived.clear();
    made = derive(adminKey, 'proxy admin session', 6).then((bytes) => bytes.toString('hex'));
    derived.set(adminKey, made);
  }
  return made;
}
