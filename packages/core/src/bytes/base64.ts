/**
 * Base64 as RFC 4648 §4 has it: the standard alphabet, padded, in one line. Vendors take nothing else in JSON.
 * Unused bits of the last character may be anything, since decoders commonly ignore them.
 */
export function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}

/** The bytes a base64 text stands for. @throws SyntaxError when `isBase64` denies the text. */
export function bytesOfBase64(text: string): Uint8Array {
  if (!isBase64(text)) throw new SyntaxError('The text is not base64.');
  if (native.fromBase64) return native.fromBase64(text);
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  // In slices, because atob makes a string as long as the bytes and images have tens of megabytes.
  for (let from = 0, to = 0; from < text.length; from += 4 * slice) {
    const binary = atob(text.slice(from, from + 4 * slice));
    for (let at = 0; at < binary.length; at++) bytes[to++] = binary.charCodeAt(at);
  }
  return bytes;
}

/** The padded base64 text of `bytes`. */
export function base64OfBytes(bytes: Uint8Array): string {
  if ('toBase64' in bytes) return (bytes as Native).toBase64();
  let text = '';
  // `apply` takes anything with a length; spreading would iterate.
  for (let from = 0; from < bytes.length; from += 3 * slice)
    text += btoa(String.fromCharCode.apply(null, bytes.subarray(from, from + 3 * slice) as unknown as number[]));
  return text;
}

/** How many groups of three bytes are taken at a time; their bytes must fit the arguments of one call. */
const slice = 2730;

/** Runtimes of 2025 and later have these, and TypeScript's ES2024 library does not know them yet. */
interface Native extends Uint8Array {
  toBase64(): string;
}
const native = Uint8Array as { fromBase64?: (text: string) => Uint8Array };
