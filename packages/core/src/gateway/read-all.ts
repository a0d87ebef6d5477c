import { joinBytes } from '../bytes/join.ts';
import type { Flow, Source } from '../ports.ts';

/** Everything a source pushes, as one piece. Rejects with `overflow()` past `maxBytes`, or with what broke the source. */
export function readAll(source: Source, maxBytes: number, overflow: () => Error): Promise<Uint8Array> {
  const gathered = source.gather?.(maxBytes);
  if (gathered) return gathered;
  return new Promise((resolve, reject) => {
    const pieces: Uint8Array[] = [];
    let length = 0;
    let over = false;
    const flow: Flow = source.start({
      write(chunk) {
        const bytes = typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk;
        length += bytes.length;
        if (length > maxBytes) {
          over = true;
          pieces.length = 0;
          reject(overflow());
          return false;
        }
        pieces.push(bytes);
        return true;
      },
      end: () => resolve(joinBytes(pieces)),
      fail: reject,
    });
    if (over) flow.cancel();
  });
}
