import type { Route } from '@proxy/core';
import * as z from 'zod';
import type { UpstreamConfig } from '../config.ts';
import { set, type Environment } from '../expand.ts';
import { nearest, pathText } from '../problems.ts';

// BenedictKing/claude-proxy and its forks: `config.json` and the variables beside it (predecessors.md sections 2 and 5).
// Their file is read as it is. Commands change it in place (edit/claude-proxy-editor.ts), and whatever else it holds stays there.

/** What a claude-proxy config.json means in our words. */
export interface ClaudeProxyConfig {
  readonly upstreams: readonly UpstreamConfig[];
  readonly routes: readonly Route[];
  readonly health: {
    readonly upstreamCount: number;
    readonly currentUpstream: number;
    readonly loadBalance: string;
  };
  readonly notes: readonly string[];
  readonly problems: readonly string[];
}

export const strategies = ['round-robin', 'random', 'failover'] as const;
type Strategy = (typeof strategies)[number];

const legacyUpstream = z.looseObject({
  baseUrl: z.string(),
  apiKeys: z.array(z.string()).default([]),
  serviceType: z.string(),
  name: z.string().optional(),
  insecureSkipVerify: z.boolean().optional(),
  userAgent: z.string().optional(),
  modelMapping: z.record(z.string(), z.string()).optional(),
});
type LegacyUpstream = z.output<typeof legacyUpstream>;

const legacyFile = z.looseObject({
  upstream: z.array(legacyUpstream),
  currentUpstream: z.union([z.number(), z.string()]).optional(),
  loadBalance: z.string().optional(),
});

/** Told from a misspelt file of ours by the words that only theirs has. */
export function isClaudeProxyConfig(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !('upstream' in value) || !Array.isArray(value.upstream))
    return false;
  const members: readonly unknown[] = value.upstream;
  const typed = members.some((member) => typeof member === 'object' && member !== null && 'serviceType' in member);
  return typed || 'currentUpstream' in value || 'loadBalance' in value;
}

/** Only the current upstream is routed to: a call never moves to another one, not even for want of keys (row D26). */
export function fromClaudeProxy(value: unknown, env: Environment): ClaudeProxyConfig {
  const parsed = legacyFile.safeParse(value);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${pathText(path)}: ${message}.`);
    return { ...emptyClaudeProxy, problems };
  }
  const { upstream: all, currentUpstream, loadBalance } = parsed.data;
  const index = indexOfCurrent(all, currentUpstream);
  const strategy = strategyOf(loadBalance, env);
  const health = { upstreamCount: all.length, currentUpstream: index, loadBalance: strategy };
  const current = all[index];
  if (!current) return { ...emptyClaudeProxy, health, notes: ['No upstream is configured. Add one to "upstream".'] };
  const service = serviceOf(current);
  if (!service) return { ...emptyClaudeProxy, health, problems: [unknownService(index, current.serviceType)] };
  const upstream = toUpstream(current, index, service, strategy);
  const notes =
    current.apiKeys.length > 0 ? [] : [`The current upstream "${upstream.name}" has no API key: every call will fail.`];
  return {
    upstreams: [upstream],
    routes: [{ model: '*', targets: [{ upstream: upstream.name }] }],
    health,
    notes,
    problems: [],
  };
}

/** All upstreams of such a file, the current one by its index; `problems` says why there are none. */
export function upstreamsOfClaudeProxy(
  value: unknown,
  env: Environment,
): { readonly upstreams: readonly UpstreamConfig[]; readonly current: number; readonly problems: readonly string[] } {
  const parsed = legacyFile.safeParse(value);
  if (!parsed.success) return { upstreams: [], current: 0, problems: fromClaudeProxy(value, env).problems };
  const { upstream: all, currentUpstream, loadBalance } = parsed.data;
  const problems: string[] = [];
  const upstreams = all.flatMap((one, index) => {
    const service = serviceOf(one);
    if (!service) problems.push(unknownService(index, one.serviceType));
    return service ? [toUpstream(one, index, service, strategyOf(loadBalance, env))] : [];
  });
  return { upstreams, current: indexOfCurrent(all, currentUpstream), problems };
}

/** A file that says nothing. */
export const emptyClaudeProxy: ClaudeProxyConfig = {
  upstreams: [],
  routes: [],
  health: { upstreamCount: 0, currentUpstream: 0, loadBalance: 'failover' },
  notes: [],
  problems: [],
};

/** A number, or a name in any case; a number past the end is the last one, as after a removal. */
function indexOfCurrent(all: readonly LegacyUpstream[], current: number | string | undefined): number {
  if (typeof current === 'string') {
    const named = all.findIndex(({ name }) => name?.toLowerCase() === current.toLowerCase());
    if (named >= 0) return named;
  }
  const index = Number(current ?? 0);
  return Number.isInteger(index) ? Math.max(0, Math.min(index, all.length - 1)) : 0;
}

// The README's variable is the default for a file that does not say (row D23).
function strategyOf(loadBalance: string | undefined, env: Environment): Strategy {
  const wanted = loadBalance ?? set(env, 'LOAD_BALANCE_STRATEGY');
  return strategies.find((known) => known === wanted) ?? 'failover';
}

interface Service {
  readonly provider: string;
  readonly facts?: UpstreamConfig['facts'];
}

const services: Readonly<Record<string, Service>> = {
  openai: { provider: 'openai-compatible', facts: { maxTokensField: 'max_completion_tokens' } },
  openaiold: { provider: 'openai-compatible', facts: { maxTokensField: 'max_tokens' } },
  gemini: { provider: 'gemini' },
  claude: { provider: 'anthropic' },
  custom: { provider: 'openai-compatible' },
};

/** What a service type of theirs is here; undefined for one that nobody knows. */
export function serviceOf({
  serviceType,
  baseUrl,
}: Pick<LegacyUpstream, 'serviceType' | 'baseUrl'>): Service | undefined {
  // Only OpenAI itself also speaks Responses, where its reasoning survives from turn to turn.
  if (serviceType === 'openai' && /^https:\/\/api\.openai\.com(\/|$)/.test(baseUrl)) return { provider: 'openai' };
  return Object.hasOwn(services, serviceType) ? services[serviceType] : undefined;
}

export const serviceTypes: readonly string[] = Object.keys(services);

/** The facts by which service types of one provider differ. */
export const serviceFacts: ReadonlySet<string> = new Set(
  Object.values(services).flatMap(({ facts = {} }) => Object.keys(facts)),
);

function unknownService(index: number, given: string): string {
  const near = nearest(given, serviceTypes);
  return (
    `upstream[${index}].serviceType: "${given}" is not a service type.` +
    `${near === undefined ? '' : ` Did you mean "${near}"?`} Known: ${serviceTypes.join(', ')}.`
  );
}

function toUpstream(from: LegacyUpstream, index: number, service: Service, strategy: Strategy): UpstreamConfig {
  return {
    // A slash or a space would make `upstream/model` ambiguous.
    name: (from.name ?? '').trim().replace(/[\s/]+/g, '-') || `upstream-${index}`,
    provider: service.provider,
    baseUrl: from.baseUrl.trim(),
    apiKeys: from.apiKeys.map((key) => ({ key })),
    strategy,
    ...(service.facts && { facts: service.facts }),
    ...(from.modelMapping && { models: modelsOf(from.modelMapping) }),
    // The predecessor showed Claude Code's to every claude upstream; here whoever needs that says so (row D5).
    ...(from.userAgent !== undefined && { userAgent: from.userAgent }),
    ...(from.insecureSkipVerify === true && { insecureSkipVerify: true }),
  };
}

/** `opus` means every model with that word in its name; an exact name wins, then the longest word (row D30). */
function modelsOf(mapping: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const models: Record<string, string> = {};
  for (const [from, to] of Object.entries(mapping)) {
    models[from] = to;
    models[`*${from}*`] = to;
  }
  return { ...models, '*': '*' };
}
