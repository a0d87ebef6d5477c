/**
 * What we use of node:http, which is never imported for more than its types: an import of a built-in module reads every export of it.
 * Among those of node:http are WebSocket and its events, and reading them loads all of Node's fetch: eleven megabytes.
 */
export const { createServer, OutgoingMessage, ServerResponse } = process.getBuiltinModule('node:http');
