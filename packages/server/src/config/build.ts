import { hash } from 'node:crypto';
import type { Credential, GatewayOptions, Ports, Upstream } from '@proxy/core';
import type { Config, UpstreamConfig } from './config.ts';
import { vendorByName } from './vendors.ts';

/** The only place where names become things: a checked Config as the gateway's options. */
export function buildGatewayOptions(config: Config, ports: GatewayOptions['ports'] & Partial<Ports>): GatewayOptions {
  return {
    upstreams: config.upstreams.map(upstreamOf),
    routes: config.routes,
    strict: config.strict,
    modelFacts: config.modelFacts,
    timeouts: config.timeouts,
    maxBodyBytes: config.server.maxBodyMb * 1024 * 1024,
    ports,
    ...(config.limits && { limits: config.limits }),
  };
}

/** Every secret of a configuration, so that logs can leave them out. */
export function secretsOf({ accessKeys, upstreams }: Config): readonly string[] {
  const headers = upstreams.flatMap(({ headers = {} }) =>
    Object.entries(headers).filter(([name]) => /auth|key|token|secret|cookie/i.test(name)),
  );
  return [
    ...accessKeys.map(({ key }) => key),
    ...upstreams.flatMap(({ apiKeys = [] }) => apiKeys.flatMap(({ key }) => [key, ...partsOf(key)])),
    ...headers.map(([, value]) => value),
  ];
}

/** An AWS credential is several secrets in one text, and any of them may be repeated alone. */
function partsOf(key: string): readonly string[] {
  return key.includes(':') ? key.split(':').filter((part) => part.length >= 16) : [];
}

function upstreamOf(config: UpstreamConfig): Upstream {
  const vendor = vendorByName(config.provider);
  if (!vendor) throw new Error(`No provider "${config.provider}": the schema lets none through.`);
  const { name, baseUrl, models, strategy, dialects, headers, facts, settings } = config;
  const upstream: Upstream = {
    name,
    provider: vendor.provider,
    credentials: credentialsOf(config),
    ...(baseUrl !== undefined && { baseUrl }),
    ...(models && { models }),
    ...(strategy && { strategy }),
    ...(dialects && { dialects }),
    ...(headers && { headers: lowerCased(headers) }),
    ...(facts && { facts }),
    ...(settings && { settings }),
  };
  return upstream;
}

function credentialsOf({ name, apiKeys }: UpstreamConfig): readonly Credential[] {
  if (!apiKeys) return [{ id: `${name}#none`, secret: '' }];
  return apiKeys.map(({ key, weight }, index) => ({
    id: `${name}#${index + 1}-${hash('sha256', key, 'hex').slice(0, 6)}`,
    secret: key,
    ...(weight !== undefined && { weight }),
  }));
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
