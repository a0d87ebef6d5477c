/** OpenAI takes identifiers and cache keys of up to 64 characters; a longer one is replaced by a digest of it (Q7). */
export function shortIdentifier(identifier: string): string {
  return identifier.length <= maxIdentifier ? identifier : digest(identifier);
}

const maxIdentifier = 64;

/** 128 bits in hex, of four FNV-1a runs: it only has to tell users apart, not to keep a secret. */
function digest(source: string): string {
  let out = '';
  for (let run = 0; run < 4; run++) {
    let hash = 0x811c9dc5 ^ Math.imul(run, 0x9e3779b1);
    for (let at = 0; at < source.length; at++) hash = Math.imul(hash ^ source.charCodeAt(at), 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    out += ((hash ^ (hash >>> 13)) >>> 0).toString(16).padStart(8, '0');
  }
  return out;
}
