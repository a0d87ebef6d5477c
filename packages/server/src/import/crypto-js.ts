import { createDecipheriv, createHash } from 'node:crypto';

/** Base64 of "Salted__", the head of OpenSSL's format. */
const head = 'U2FsdGVkX1';

/** Whether a text is what CryptoJS makes of one with a passphrase. */
export function isCryptoJs(text: string): boolean {
  return text.startsWith(head);
}

/**
 * CryptoJS.AES with a passphrase: OpenSSL's `Salted__` format, AES-256-CBC, key and IV by MD5 (EVP_BytesToKey). It has no
 * integrity check: a wrong passphrase mostly shows in the padding or in bytes that are no text. Undefined then.
 */
export function decryptCryptoJs(text: string, passphrase: string): string | undefined {
  const bytes = Buffer.from(text, 'base64');
  const { key, iv } = derive(Buffer.from(passphrase), bytes.subarray(8, 16));
  try {
    const decipher = createDecipheriv('aes-256-cbc', key, iv);
    const plain = Buffer.concat([decipher.update(bytes.subarray(16)), decipher.final()]);
    return new TextDecoder('utf-8', { fatal: true }).decode(plain);
  } catch {
    return undefined;
  }
}

function derive(passphrase: Buffer, salt: Buffer): { readonly key: Buffer; readonly iv: Buffer } {
  let made = Buffer.alloc(0);
  let last = Buffer.alloc(0);
  while (made.length < 48) {
    last = createHash('md5').update(last).update(passphrase).update(salt).digest();
    made = Buffer.concat([made, last]);
  }
  return { key: made.subarray(0, 32), iv: made.subarray(32, 48) };
}
