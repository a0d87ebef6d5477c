import { readFileSync } from 'node:fs';

/** The version of this package. */
export const version: string = (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
).version; // our own package.json, one folder up both from src and from dist
