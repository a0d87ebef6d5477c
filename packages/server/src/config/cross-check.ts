import type { Provider } from '@proxy/core';
import { accessProblems } from './access-keys.ts';
import type { UpstreamConfig } from './config.ts';
import { keyVariablesOf } from './cloud-keys.ts';
import { bringsSetting, missingSetting } from './environment.ts';
import { unknownName } from './problems.ts';
import { fallbackProblems } from './routing.ts';
import { builtIn, type KnownProviders } from './providers.ts';
import { isLoopback } from './safety.ts';
import type { ConfigFile } from './schema.ts';

/** What no schema sees, because it takes two places of a configuration, or a provider, to see it. One sentence a problem. */
export function crossCheck(
  file: ConfigFile,
  upstreams: readonly UpstreamConfig[],
  providers: KnownProviders,
  port: number,
): string[] {
  return [
    ...vendorProblems(file),
    ...upstreamProblems(upstreams, providers, port),
    ...repeatedKeys(file),
    ...accessProblems(file.accessKeys, file.users),
    ...routeProblems(upstreams, file),
  ];
}

/** Holds an upstream's settings to what its provider knows of them. */
function settingProblems(
  { settings = {}, apiKeys = [] }: UpstreamConfig,
  provider: Provider,
  place: string,
): readonly string[] {
  const known = provider.settings ?? {};
  const problems = Object.keys(settings)
    .filter((key) => !Object.hasOwn(known, key))
    .map((key) => {
      const names = Object.keys(known);
      const mend =
        names.length > 0
          ? unknownName(key, `a setting of "${provider.name}"`, names)
          : `provider "${provider.name}" has no settings.`;
      return `${place}.${key}: ${mend}`;
    });
  for (const [key, { meaning, pattern, required = false }] of Object.entries(known)) {
    const value = settings[key];
    if (value === undefined) {
      // A credential may bring its own.
      const brought = apiKeys.length > 0 && apiKeys.every((one) => bringsSetting(provider, one.key, key));
      if (required && !brought) problems.push(`${place}.${key}: is missing. It is ${meaning}.`);
    } else if (pattern && !pattern.test(value)) problems.push(`${place}.${key}: "${value}" is not ${meaning}.`);
  }
  return problems;
}

/** Keys that their provider cannot read; its words repeat nothing of them. */
function keyProblems({ apiKeys = [] }: UpstreamConfig, provider: Provider, place: string): readonly string[] {
  return apiKeys.flatMap(({ key }, index) => {
    try {
      provider.settingsOf?.({ id: '', secret: key });
      return [];
    } catch (error) {
      return [`${place}.apiKeys[${index}]: ${error instanceof Error ? error.message : String(error)}`];
    }
  });
}

function vendorProblems({ vendors = {} }: ConfigFile): string[] {
  return Object.keys(vendors).flatMap((name) =>
    builtIn.includes(name)
      ? [`vendors.${name}: is a provider already. Choose another name, or give its upstream facts and headers.`]
      : [],
  );
}

function upstreamProblems(
  upstreams: readonly UpstreamConfig[],
  providers: KnownProviders,
  port: number,
): readonly string[] {
  const problems: string[] = [];
  upstreams.forEach((upstream, index) => {
    const { name, baseUrl, apiKeys, dialects = [] } = upstream;
    const place = `upstreams[${index}]`;
    problems.push(
      ...fallbackProblems(
        place,
        upstream.fallbacks,
        upstreams.map((other) => other.name),
      ),
    );
    const provider = providers.find(upstream.provider);
    if (!provider) {
      problems.push(`${place}.provider: ${unknownName(upstream.provider, 'a provider', providers.names)}`);
      return;
    }
    const unreadable = keyProblems(upstream, provider, place);
    problems.push(...(unreadable.length > 0 ? unreadable : settingProblems(upstream, provider, place)));
    const first = upstreams.findIndex((other) => other.name === name);
    if (first < index)
      problems.push(`${place}.name: "${name}" is the name of upstreams[${first}] already. Give each its own.`);
    if (baseUrl === undefined && provider.baseUrl === undefined)
      problems.push(`${place}.baseUrl: is missing, and provider "${provider.name}" has no address of its own.`);
    const missing = missingSetting(upstream, provider);
    if (missing !== undefined && provider.settings?.[missing]?.required !== true)
      problems.push(
        `${place}.${missing}: is missing. It is ${provider.settings?.[missing]?.meaning ?? 'part of the address'}. ` +
          'Or write a baseUrl.',
      );
    if (pointsAtPort(baseUrl, port))
      problems.push(
        `${place}.baseUrl: ${baseUrl} is this proxy itself. Write the upstream's address, or move one of the two.`,
      );
    if (!apiKeys && baseUrl === undefined && provider.keyless !== true)
      problems.push(`${place}.apiKeys: is missing, and ${keyVariablesOf(provider)} is not set. Do one of the two.`);
    const spoken = provider.speaks.map((dialect) => dialect.name);
    dialects.forEach((dialect, at) => {
      if (spoken.includes(dialect)) return;
      problems.push(
        `${place}.dialects[${at}]: provider "${provider.name}" does not speak "${dialect}", only ${spoken.join(', ')}.`,
      );
    });
    const otherwise = upstreams.findIndex((other) => sameOrigin(other, upstream) && !reachedAlike(other, upstream));
    if (otherwise >= 0 && (upstream.insecureSkipVerify === true || upstream.connection))
      problems.push(
        `${place}.${upstream.connection ? 'connection' : 'insecureSkipVerify'}: upstreams[${otherwise}] is at the same address ` +
          'and is reached in another way. Set both alike.',
      );
  });
  return problems;
}

/** Connections are shared by all that goes to one origin. */
function sameOrigin(a: UpstreamConfig, b: UpstreamConfig): boolean {
  return a.baseUrl !== undefined && originOf(a.baseUrl) === originOf(b.baseUrl);
}

function reachedAlike(a: UpstreamConfig, b: UpstreamConfig): boolean {
  const way = ({ insecureSkipVerify = false, connection = {} }: UpstreamConfig) =>
    JSON.stringify([insecureSkipVerify, Object.entries(connection).sort()]);
  return way(a) === way(b);
}

function repeatedKeys({ accessKeys = [] }: ConfigFile): readonly string[] {
  const keys = accessKeys.map(({ key }) => key);
  return keys.flatMap((key, index) => {
    const first = keys.indexOf(key);
    return first < index ? [`accessKeys[${index}].key: is the same as accessKeys[${first}].key. Remove one.`] : [];
  });
}

function routeProblems(upstreams: readonly UpstreamConfig[], { routes = [] }: ConfigFile): string[] {
  const names = upstreams.map(({ name }) => name);
  return routes.flatMap(({ model, targets, fallbacks }, index) => {
    const first = routes.findIndex((other) => other.model === model);
    const twice =
      first < index
        ? [`routes[${index}].model: "${model}" has a route already, routes[${first}]. Put the targets there.`]
        : [];
    const unknown = targets.flatMap((target, at) =>
      names.includes(target.upstream)
        ? []
        : [`routes[${index}].targets[${at}]: ${unknownName(target.upstream, 'an upstream', names)}`],
    );
    return [...twice, ...unknown, ...fallbackProblems(`routes[${index}]`, fallbacks, names)];
  });
}

/** Routes that no name leads to, since theirs means an upstream. One sentence each. */
export function unreachedRoutes(
  upstreams: readonly Pick<UpstreamConfig, 'name'>[],
  routes: readonly { readonly model: string }[],
): readonly string[] {
  return routes.flatMap(({ model }, index) => {
    const addressed = upstreams.find(({ name }) => model.startsWith(`${name}/`));
    if (!addressed) return [];
    return [
      `routes[${index}] is never taken: "${model}" always means the upstream "${addressed.name}". Give it another name.`,
    ];
  });
}

/** Whether an address is this proxy itself. */
export function pointsAtPort(baseUrl: string | undefined, port: number): boolean {
  const url = urlOf(baseUrl);
  if (!url || port === 0 || !isLoopback(url.hostname)) return false;
  return Number(url.port || (url.protocol === 'https:' ? 443 : 80)) === port;
}

/** Scheme, host and port; the address as it is when it cannot be read. */
function originOf(baseUrl: string | undefined): string | undefined {
  return urlOf(baseUrl)?.origin ?? baseUrl;
}

function urlOf(baseUrl: string | undefined): URL | undefined {
  return baseUrl !== undefined && URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
}
