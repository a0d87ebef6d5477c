/** Room for what one tick writes: 64 KB of text at its widest, and the frame around it. */
export const scratchBytes = 256 * 1024;
/** More are kept only while that many writes are under way; the rest is left to the collector. */
const maxKept = 8;

const kept: Buffer[] = [];

/**
 * A buffer to encode into, to be given back when it has been written. Fresh memory of this size comes from the system page by
 * page, and touching it first costs more than the encoding: with buffers used again a backlog's delta took half the time.
 */
export function takeScratch(): Buffer {
  return kept.pop() ?? Buffer.allocUnsafeSlow(scratchBytes);
}

/** Only once the socket has called back: until then the bytes may still be waiting to be sent. */
export function giveBack(buffer: Buffer): void {
  if (kept.length < maxKept) kept.push(buffer);
}
