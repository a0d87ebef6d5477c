/**
 * Finds one text in many bytes, reading about one byte in so many as the text is long (Horspool). The built-in searches
 * look at every byte, and were measured at six times the cost for a request with an image. Answers where, at or behind `from`,
 * or -1.
 */
export function createSearch(text: string): (bytes: Uint8Array, from?: number) => number {
  const needle = new TextEncoder().encode(text);
  const last = needle.length - 1;
  const shifts = new Uint8Array(256).fill(Math.min(needle.length, 255));
  for (let at = 0; at < last; at++) shifts[needle[at] ?? 0] = Math.min(last - at, 255);
  return (bytes, from = 0) => {
    for (let end = from + last; end < bytes.length; end += shifts[bytes[end] ?? 0] ?? 1) {
      let back = 0;
      while (back <= last && bytes[end - back] === needle[last - back]) back++;
      if (back > last) return end - last;
    }
    return -1;
  };
}

/** Fixed texts are few, so their searches are made once. */
const searches = new Map<string, (bytes: Uint8Array) => number>();

/** Whether one of our fixed texts is in the bytes; one that a caller chooses needs a search of its own. */
export function holds(bytes: Uint8Array, text: string): boolean {
  let search = searches.get(text);
  if (!search) searches.set(text, (search = createSearch(text)));
  return search(bytes) >= 0;
}
