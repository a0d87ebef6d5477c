import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

/** SHA-256 in hex, at once and on every runtime: Web Crypto's is a promise. */
export function digest(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)));
}
