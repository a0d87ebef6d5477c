import type { Media } from './request.ts';

/** One sentence about a picture or file: what it is and how large. Only its first bytes are looked at. */
export function describeMedia({ kind, source, name }: Media): string {
  const data = /^data:([^;,]*)[^,]*;base64,(.*)$/s.exec(source);
  if (!data && /^https?:/.test(source)) return `The ${kind} is at ${source}, which the demo model does not fetch.`;
  const base64 = data?.[2] ?? source;
  const bytes = Buffer.from(base64, 'base64');
  const size = kind === 'image' ? pixelsOf(bytes) : undefined;
  const type = data?.[1] || (kind === 'audio' ? `audio/${name ?? 'wav'}` : 'application/octet-stream');
  const called = kind === 'file' && name ? ` called "${name}"` : '';
  const dimensions = size ? `, ${size.width} x ${size.height} pixels` : '';
  return `The ${kind}${called} is ${type}${dimensions}, ${bytes.length} bytes.`;
}

interface Pixels {
  readonly width: number;
  readonly height: number;
}

function pixelsOf(bytes: Buffer): Pixels | undefined {
  const ascii = (from: number, to: number) => bytes.toString('latin1', from, to);
  if (bytes.length >= 24 && ascii(1, 4) === 'PNG')
    return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
  if (bytes.length >= 10 && ascii(0, 3) === 'GIF')
    return { width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8) };
  if (bytes.length >= 30 && ascii(8, 12) === 'WEBP') return webpPixels(bytes, ascii(12, 16));
  if (bytes.length >= 4 && bytes.readUInt16BE(0) === 0xffd8) return jpegPixels(bytes);
  return undefined;
}

function webpPixels(bytes: Buffer, chunk: string): Pixels | undefined {
  if (chunk === 'VP8X') return { width: bytes.readUIntLE(24, 3) + 1, height: bytes.readUIntLE(27, 3) + 1 };
  if (chunk === 'VP8 ') return { width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff };
  if (chunk !== 'VP8L') return undefined;
  const bits = bytes.readUInt32LE(21);
  return { width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1 };
}

/** The size is in the first start-of-frame segment (C0 to CF, without the tables C4, C8 and CC). */
function jpegPixels(bytes: Buffer): Pixels | undefined {
  let at = 2;
  while (at + 9 < bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1] ?? 0;
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker))
      return { width: bytes.readUInt16BE(at + 7), height: bytes.readUInt16BE(at + 5) };
    at += 2 + bytes.readUInt16BE(at + 2);
  }
  return undefined;
}
