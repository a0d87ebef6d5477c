/** Put in place by the bundle of the Worker, where there is no file to read. */
declare const PROXY_VERSION: string | undefined;

/** The version of this package. */
export const version: string = typeof PROXY_VERSION === 'string' ? PROXY_VERSION : fromManifest();

function fromManifest(): string {
  const { readFileSync } = process.getBuiltinModule('node:fs');
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version; // our own package.json, one folder up both from src and from dist
}
