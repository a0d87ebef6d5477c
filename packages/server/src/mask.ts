/** First 8 and last 5 characters, fewer of short secrets, nothing of very short ones (acceptance row A10). */
export function mask(secret: string): string {
  if (secret.length > 20) return `${secret.slice(0, 8)}***${secret.slice(-5)}`;
  return secret.length > 8 ? `${secret.slice(0, 3)}***${secret.slice(-2)}` : '***';
}

const secretNames =
  /^(proxy-)?authorization$|^(set-)?cookie$|(^|[-_])(api[-_]?key|access[-_]?key|secret|password)s?$|^x-goog-api-key$|^(apiKey|accessKey|apiKeys|accessKeys|key|token)$/i;

/** The same data with every member masked whose name says that it may hold a secret. */
export function maskMembers(value: unknown, depth = 0): unknown {
  if (depth > 8 || typeof value !== 'object' || value === null || value instanceof Error) return value;
  if (Array.isArray(value)) return value.map((item) => maskMembers(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      secretNames.test(name) ? maskAll(member) : maskMembers(member, depth + 1),
    ]),
  );
}

function maskAll(value: unknown): unknown {
  if (typeof value === 'string')
    return value.replace(/^(Bearer\s+|Basic\s+)?(.*)$/is, (_, scheme = '', rest) => scheme + mask(rest));
  if (Array.isArray(value)) return value.map(maskAll);
  return value === undefined || value === null ? value : maskMembers(value);
}

/** What keys of the well-known vendors look like, wherever they stand in a text. */
const keyShapes = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]+-----END [A-Z ]*PRIVATE KEY-----/g,
  /(?<![\w-])sk-[\w-]{12,}/g,
  /(?<![\w-])AIza[\w-]{20,}/g,
  /(?<![\w-])(?:gsk|xai|hf|ghp|ghs|glpat|AQ)[_.-][\w-]{16,}/g,
  /(?<=\bBearer\s+)[\w.~+/=-]{8,}/gi,
  /(?<=[?&](?:key|api_key|access_token)=)[^&\s"'\\]{4,}/gi,
];

/** Known secrets in the order to look for them. Very short ones would turn ordinary words into asterisks. */
export function maskable(secrets: readonly string[]): readonly string[] {
  return secrets.filter((secret) => secret.length >= 6).sort((a, b) => b.length - a.length);
}

export type MaskText = (text: string) => string;

/** Replaces secrets in a finished text: those we know, and whatever has the shape of one. */
export function createMaskText(knownSecrets: () => readonly string[]): MaskText {
  return (text) => {
    let out = text;
    for (const secret of knownSecrets()) {
      if (out.includes(secret)) out = out.replaceAll(secret, mask(secret));
      // Within JSON lines quotes and backslashes are written differently.
      const escaped = JSON.stringify(secret).slice(1, -1);
      if (escaped !== secret && out.includes(escaped)) out = out.replaceAll(escaped, mask(secret));
    }
    for (const shape of keyShapes) out = out.replace(shape, mask);
    return out;
  };
}
