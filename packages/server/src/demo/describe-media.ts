import type { Media } from './request.ts';

/** One sentence about a picture or file: what it is and how large. Only its first bytes are looked at. */
export function describeMedia({ kind, source, name }: Media): string {
  const data = /^data:([^;,]*)[^,]*;base64,(.*)$/s.exec(source);
  if (!data && /^https?:/.test(source)) return `The ${kind} is at ${source}, which the demo model does not fetch.`;
  const base64 = data?.[2] ?? source;
  const bytes = bytesOf(base64);
  const size = kind === 'image' ? pixelsOf(new DataView(bytes.buffer)) : undefined;
  const type = data?.[1] || (kind === 'audio' ? `audio/${name ?? 'wav'}` : 'application/octet-stream');
  const called = kind === 'file' && name ? ` called "${name}"` : '';
  const dimensions = size ? `, ${size.width} x ${size.height} pixels` : '';
  return `The ${kind}${called} is ${type}${dimensions}, ${bytes.length} bytes.`;
}

/** Those of base64 in either alphabet; none where it is no base64. */
function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  try {
    const text = atob(base64.replace(/-/g, '+').replace(/_/g, '/'));
    return Uint8Array.from(text, (char) => char.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
}

interface Pixels {
  readonly width: number;
  readonly height: number;
}

function pixelsOf(view: DataView): Pixels | undefined {
  const size = view.byteLength;
  const ascii = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, at) => String.fromCharCode(view.getUint8(from + at))).join('');
  if (size >= 24 && ascii(1, 4) === 'PNG') return { width: view.getUint32(16), height: view.getUint32(20) };
  if (size >= 10 && ascii(0, 3) === 'GIF') return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
  if (size >= 30 && ascii(8, 12) === 'WEBP') return webpPixels(view, ascii(12, 16));
  if (size >= 4 && view.getUint16(0) === 0xffd8) return jpegPixels(view);
  return undefined;
}

function webpPixels(view: DataView, chunk: string): Pixels | undefined {
  const three = (at: number) => view.getUint16(at, true) + view.getUint8(at + 2) * 0x10000;
  if (chunk === 'VP8X') return { width: three(24) + 1, height: three(27) + 1 };
  if (chunk === 'VP8 ') return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  if (chunk !== 'VP8L') return undefined;
  const bits = view.getUint32(21, true);
  return { width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1 };
}

/** The size is in the first start-of-frame segment (C0 to CF, without the tables C4, C8 and CC). */
function jpegPixels(view: DataView): Pixels | undefined {
  let at = 2;
  while (at + 9 < view.byteLength && view.getUint8(at) === 0xff) {
    const marker = view.getUint8(at + 1);
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker))
      return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    at += 2 + view.getUint16(at + 2);
  }
  return undefined;
}
