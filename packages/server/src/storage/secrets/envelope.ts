import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** A key that seals, and the name by which an envelope says which one sealed it. */
export interface SealingKey {
  readonly id: string;
  readonly bytes: Buffer;
}

const version = 'v1';
const cipher = 'aes-256-gcm';
const nonceBytes = 12; // NIST SP 800-38D §8.2: the length that GCM is made for
const tagBytes = 16;

/** The id tells nothing of the key: it is derived as a key of its own would be. */
export function sealingKey(bytes: Buffer): SealingKey {
  const id = Buffer.from(hkdfSync('sha256', bytes, '', 'proxy key id', 6)).toString('hex');
  return { id, bytes };
}

/** `v1.<key id>.<nonce>.<ciphertext>.<tag>`. `place` is where it will lie: opened anywhere else it is refused. */
export function seal({ id, bytes }: SealingKey, plain: string | Uint8Array, place: string): string {
  const nonce = randomBytes(nonceBytes);
  const sealing = createCipheriv(cipher, bytes, nonce, { authTagLength: tagBytes });
  sealing.setAAD(Buffer.from(place));
  const text = Buffer.concat([sealing.update(plain), sealing.final()]);
  return [version, id, ...[nonce, text, sealing.getAuthTag()].map((part) => part.toString('base64url'))].join('.');
}

/** Undefined: another key sealed it, it was sealed for another place, or somebody changed it. */
export function unseal({ id, bytes }: SealingKey, envelope: string, place: string): Buffer | undefined {
  const [form, keyId, nonce = '', text = '', tag = ''] = envelope.split('.');
  if (form !== version || keyId !== id) return undefined;
  try {
    const opening = createDecipheriv(cipher, bytes, Buffer.from(nonce, 'base64url'), { authTagLength: tagBytes });
    opening.setAAD(Buffer.from(place));
    opening.setAuthTag(Buffer.from(tag, 'base64url'));
    return Buffer.concat([opening.update(Buffer.from(text, 'base64url')), opening.final()]);
  } catch {
    return undefined;
  }
}

export function keyIdOf(envelope: string): string {
  return envelope.split('.')[1] ?? '';
}
