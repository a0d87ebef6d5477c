/** What an upstream sends, told by its first bytes where its content type is wrong or missing (X4). */

/** No line of an event stream begins with a brace. */
export function beginsAsObject(bytes: Uint8Array): boolean {
  return bytes[beginning(bytes)] === 0x7b;
}

/** A field of Server-Sent Events, or a comment. */
export function beginsAsEvents(bytes: Uint8Array): boolean {
  const start = beginning(bytes);
  return /^(data|event|id|retry)?:/.test(new TextDecoder().decode(bytes.subarray(start, start + 6)));
}

export function isBlank(bytes: Uint8Array): boolean {
  return beginning(bytes) === bytes.length;
}

function beginning(bytes: Uint8Array): number {
  let at = 0;
  while (blanks.has(bytes[at] ?? -1)) at += 1;
  return at;
}

const blanks = new Set([0x20, 0x09, 0x0a, 0x0d]);
