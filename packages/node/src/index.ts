export { serve, type Served, type ServeOptions } from './serve.ts';
export { toNodeHandler, type NodeHandler } from './middleware.ts';
export { toUpgradeHandler, type UpgradeHandler } from './upgrade.ts';
export type { GeneralProxies, OriginOptions } from './connection.ts';
export { createGuardedTransport, createTransport, type NodeTransport, type TransportOptions } from './transport.ts';
export type { Guard } from './guarded.ts';
export { atEndOfTurn } from './turn.ts';
