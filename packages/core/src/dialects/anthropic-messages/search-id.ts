/**
 * A search that another vendor made is told to a Messages client as one of Anthropic's. Its blocks lack what Anthropic
 * encrypts into its own, so that they must be known again when the client returns them: by their id.
 */
const prefix = 'srvtoolu_at_';

export function foreignSearchId(id: string): string {
  return id.startsWith(prefix) ? id : prefix + id.replaceAll(/[^a-zA-Z0-9_]/g, '_');
}

export function isForeignSearch(id: string): boolean {
  return id.startsWith(prefix);
}
