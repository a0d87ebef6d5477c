/** What of the server needs nothing of Node: all but the socket, the command line, files and the log. For the Worker. */
export { composeConfig } from './config/compose.ts';
export type { Config } from './config/config.ts';
export type { Environment } from './config/expand.ts';
export type { Files } from './config/files.ts';
export { parseFile } from './config/parse.ts';
export { ConfigError } from './config/problems.ts';
export { secretsOf } from './config/build.ts';
export { hasRealKey } from './config/safety.ts';
export { withDemo } from './demo/transport.ts';
export { liveOf } from './live.ts';
export { createMaskText, maskable, maskMembers } from './mask.ts';
export { frontOf } from './routes/front.ts';
