/** A short name for a longer text: 48 bits of FNV-1a twice over, in base 36. Deterministic on every runtime, not for secrets. */
function shortHash(text: string): string {
  let a = 0x811c9dc5;
  let b = 0x01000193;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ (code + i), 0x85ebca6b);
  }
  return ((a >>> 0) * 0x10000 + ((b >>> 0) & 0xffff)).toString(36).padStart(10, '0').slice(-10);
}

/** `text` itself where it is `length` letters and digits, else a hash of it that is. `length` is at most 10. */
export function fitExactly(text: string, length: number): string {
  return text.length === length && /^[a-zA-Z0-9]+$/.test(text) ? text : shortHash(text).slice(-length);
}

/** `text` with every character outside of the class replaced, and shortened with a hash where it was changed or too long. */
export function fit(text: string, pattern: RegExp, maxLength: number): string {
  if (text !== '' && text.length <= maxLength && pattern.test(text)) return text;
  const clean = text.replace(/[^A-Za-z0-9_-]/g, '_').replace(/^[^A-Za-z_]/, '_$&');
  return `${clean.slice(0, maxLength - 11) || 'x'}_${shortHash(text)}`;
}
