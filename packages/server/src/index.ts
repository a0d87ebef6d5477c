/** For programs that start the server themselves; to put the gateway into an app of your own, see @proxy/core and @proxy/node. */
export { startServer, type RunningServer, type StartOptions } from './server.ts';
export { loadConfig, type LoadOptions } from './config/load.ts';
export type { Flags } from './config/resolve.ts';
export type { Config } from './config/config.ts';
export { ConfigError } from './config/problems.ts';
export { buildGatewayOptions } from './config/build.ts';
export { createLog, type LogOptions, type ServerLog } from './log.ts';
export { demoModels, demoProvider } from './demo/provider.ts';
export { withDemo } from './demo/transport.ts';
export { version } from './version.ts';
