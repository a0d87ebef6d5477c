import { base64OfBytes, bytesOfBase64, isBase64 } from '../bytes/base64.ts';
import { Failure } from '../conversation/failure.ts';
import { isArray, type Json } from '../json.ts';

/** Numbers as base64 of float32 in little-endian order, as OpenAI writes them and its SDKs read them. */
export function base64OfVector(values: readonly number[]): string {
  const bytes = new Uint8Array(values.length * 4);
  // A Float32Array would have the order of the machine.
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < values.length; at++) view.setFloat32(at * 4, values[at] ?? 0, true);
  return base64OfBytes(bytes);
}

/** A vector off the wire: numbers, or base64 of float32. @throws Failure `bad-upstream` */
export function vectorOf(value: Json | undefined): readonly number[] {
  if (isArray(value) && value.every((item) => typeof item === 'number')) return value as readonly number[]; // just seen
  if (typeof value === 'string' && isBase64(value)) {
    const bytes = bytesOfBase64(value);
    if (bytes.length % 4 === 0) return floatsIn(bytes);
  }
  throw new Failure('bad-upstream', 'The upstream answered with an embedding that is neither numbers nor base64.');
}

function floatsIn(bytes: Uint8Array): readonly number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / 4 }, (_, at) => view.getFloat32(at * 4, true));
}
