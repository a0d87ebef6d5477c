import type { Part } from '../../conversation/message.ts';

/** What stands between two texts that something else came between: Chat has one content, and sentences must not run together. */
export const gap = '\n\n';

/** The texts that need the gap before them. Pieces of one text, as citations cut it, follow each other directly. */
export function gapsBetweenTexts(parts: readonly Part[]): ReadonlySet<Part> {
  const gaps = new Set<Part>();
  let written = false;
  let interrupted = false;
  for (const part of parts) {
    if (part.type !== 'text') {
      interrupted ||= written;
      continue;
    }
    if (part.text === '') continue;
    if (interrupted) gaps.add(part);
    written = true;
    interrupted = false;
  }
  return gaps;
}
