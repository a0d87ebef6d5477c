import type { HeaderMap } from '../dialects/dialect.ts';

/** A browser cannot set headers on a WebSocket: OpenAI takes the key as a subprotocol. */
const keyProtocol = 'openai-insecure-api-key.';

/** The subprotocols that a handshake offers. */
export function protocolsOf(headers: HeaderMap): readonly string[] {
  const offered = headers['sec-websocket-protocol'];
  return offered === undefined
    ? []
    : offered
        .split(',')
        .map((protocol) => protocol.trim())
        .filter((protocol) => protocol !== '');
}

export function keyAmong(protocols: readonly string[]): string | undefined {
  return protocols.find((protocol) => protocol.startsWith(keyProtocol))?.slice(keyProtocol.length);
}

/** What an upstream may hear of. */
export function withoutKey(protocols: readonly string[]): readonly string[] {
  return protocols.filter((protocol) => !protocol.startsWith(keyProtocol));
}

/** What the caller hears: a browser gives up where it offered some and none is chosen. */
export function chosenProtocol(offered: readonly string[], theirs?: string): string | undefined {
  if (theirs !== undefined && offered.includes(theirs)) return theirs;
  return offered.includes('realtime') ? 'realtime' : offered[0];
}
