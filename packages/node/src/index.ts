export { serve, type Served, type ServeOptions } from './serve.ts';
export { toNodeHandler, type NodeHandler } from './middleware.ts';
export { createTransport, type NodeTransport, type OriginOptions, type TransportOptions } from './transport.ts';
