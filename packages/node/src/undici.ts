// oxlint-disable-next-line typescript/triple-slash-reference -- who reads our sources has to find it, and it is no module to import
/// <reference path="./undici-parts.d.ts" />
import connect from 'undici/lib/api/api-connect.js';
import Dispatcher from 'undici/lib/dispatcher/dispatcher.js';

/**
 * undici without its fetch, caches, mocks and sockets, which are most of it: its index loads them all, and twelve megabytes stay
 * behind. Its files have no public names, so package.json pins the version.
 */
export { default as Agent } from 'undici/lib/dispatcher/agent.js';
export { default as EnvHttpProxyAgent } from 'undici/lib/dispatcher/env-http-proxy-agent.js';
export { default as Pool } from 'undici/lib/dispatcher/pool.js';
export { default as ProxyAgent } from 'undici/lib/dispatcher/proxy-agent.js';
export { default as buildConnector } from 'undici/lib/core/connect.js';
export { default as errors } from 'undici/lib/core/errors.js';

// As the index does with all of its methods: tunnels through proxies are asked for by this one.
Dispatcher.prototype.connect = connect;
