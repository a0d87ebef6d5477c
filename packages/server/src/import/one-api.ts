import type { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';
import { providerOfChannel } from './channel-types.ts';
import {
  createNames,
  ImportError,
  type DraftAccessKey,
  type DraftRoute,
  type DraftUpstream,
  type Imported,
} from './imported.ts';

const channel = z.looseObject({
  id: z.number().optional(),
  type: z.number(),
  key: z.string().default(''),
  status: z.number().default(1),
  name: z.string().default(''),
  base_url: z.string().nullish(),
  models: z.string().nullish(),
  model_mapping: z.string().nullish(),
  weight: z.number().nullish(),
  priority: z.number().nullish(),
  other: z.string().nullish(),
});
type Channel = z.output<typeof channel>;

const token = z.looseObject({ key: z.string(), name: z.string().nullish(), status: z.number().default(1) });

/** A channel as an upstream, and how it is chosen among those that have the same model. */
interface Offering {
  readonly upstream: DraftUpstream;
  readonly priority: number;
  readonly weight: number;
}

const enabled = 1;

/** one-api's or new-api's database: channels become upstreams, tokens access keys. */
export function importOneApi(database: DatabaseSync): Imported {
  const channels = database.prepare('select * from channels order by id').all();
  const tables = database
    .prepare("select name from sqlite_master where type = 'table'")
    .all()
    .map(({ name }) => name);
  const tokens = tables.includes('tokens') ? database.prepare('select * from tokens order by id').all() : [];
  return imported(channels, tokens, isNewer(channels));
}

/** What its API or its page exports: a list of channels, alone or under `data`. */
export function importChannels(list: readonly unknown[]): Imported {
  return imported(list, [], isNewer(list));
}

/** new-api's channels have members that one-api's have not. */
function isNewer(channels: readonly unknown[]): boolean {
  return channels.some(
    (one) => typeof one === 'object' && one !== null && ('channel_info' in one || 'auto_ban' in one),
  );
}

/** Told from other lists by what every channel has. */
export function channelsIn(value: unknown): readonly unknown[] | undefined {
  if (Array.isArray(value)) return channel.safeParse(value[0]).success ? (value as readonly unknown[]) : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  const { data, items } = value as { readonly data?: unknown; readonly items?: unknown };
  return channelsIn(items) ?? channelsIn(data);
}

function imported(channels: readonly unknown[], tokens: readonly unknown[], newer: boolean): Imported {
  const flavour = newer ? 'new-api' : 'one-api';
  const parsed = z.array(channel).safeParse(channels);
  if (!parsed.success) throw new ImportError(`Its channels cannot be read: ${z.prettifyError(parsed.error)}`);
  const left: string[] = [];
  const nameOf = createNames();
  // The page and the selection both begin with the highest priority.
  const ordered = [...parsed.data].sort((a, b) => (b.priority ?? 0) - (a.priority ?? 0));
  const upstreams = ordered.flatMap((one): readonly Offering[] => {
    const upstream = upstreamOf(one, flavour, nameOf, left);
    return upstream ? [{ upstream, priority: one.priority ?? 0, weight: one.weight ?? 0 }] : [];
  });
  const drafts = upstreams.map(({ upstream }) => upstream);
  const accessKeys = z
    .array(token)
    .parse(tokens)
    .flatMap((one): readonly DraftAccessKey[] => {
      if (one.status !== enabled) return [];
      return [{ key: one.key.startsWith('sk-') ? one.key : `sk-${one.key}`, ...(one.name && { name: one.name }) }];
    });
  if (accessKeys.length > 0) left.push('Quotas, expiry and groups of tokens, and the users that own them.');
  return {
    source: flavour,
    draft: { ...(accessKeys.length > 0 && { accessKeys }), upstreams: drafts, routes: routesOf(upstreams) },
    left,
  };
}

function upstreamOf(
  one: Channel,
  flavour: 'one-api' | 'new-api',
  nameOf: (wanted: string) => string,
  left: string[],
): DraftUpstream | undefined {
  const title = one.name || `channel-${one.id ?? one.type}`;
  if (one.status !== enabled) {
    left.push(`The channel "${title}" is switched off.`);
    return undefined;
  }
  const provider = providerOf(one, flavour);
  if (provider === undefined) {
    left.push(`The channel "${title}" is of type ${one.type}, which has no provider here.`);
    return undefined;
  }
  if (hasMore(provider)) left.push(`The region, project or version of the channel "${title}": look at its upstream.`);
  // new-api keeps several keys in one channel, a line each.
  const apiKeys = one.key
    .split('\n')
    .map((key) => key.trim())
    .filter((key) => key !== '');
  const models = modelsOf(one, title, left);
  return {
    name: nameOf(title),
    provider,
    ...(one.base_url && { baseUrl: one.base_url }),
    ...(apiKeys.length > 0 && { apiKeys }),
    ...(models && { models }),
    ...(provider === 'azure' && one.other && { apiVersion: one.other }),
  };
}

/** A type that is unknown, and OpenAI's at an address of somebody else, speak OpenAI's Chat as far as we know. */
function providerOf({ type, base_url: address }: Channel, flavour: 'one-api' | 'new-api'): string | undefined {
  const known = providerOfChannel(type, flavour) ?? (address ? 'openai-compatible' : undefined);
  const elsewhere = known === 'openai' && address && !/^https:\/\/api\.openai\.com\b/.test(address);
  return elsewhere ? 'openai-compatible' : known;
}

/** Places whose channels have more than a key and an address. */
function hasMore(provider: string): boolean {
  return provider === 'bedrock' || provider === 'vertex';
}

function modelsOf({ models, model_mapping: mapping }: Channel, title: string, left: string[]): DraftUpstream['models'] {
  const names = (models ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const renamed = mappingOf(mapping, title, left);
  if (names.length === 0 && Object.keys(renamed).length === 0) return undefined;
  if (Object.keys(renamed).length === 0) return names;
  return { ...Object.fromEntries(names.map((name) => [name, name])), ...renamed };
}

function mappingOf(
  mapping: string | null | undefined,
  title: string,
  left: string[],
): Readonly<Record<string, string>> {
  if (!mapping?.trim()) return {};
  try {
    return z.record(z.string(), z.string()).parse(JSON.parse(mapping));
  } catch {
    left.push(`The model mapping of the channel "${title}", which is no JSON map.`);
    return {};
  }
}

/** A model of several channels goes to those of the highest priority by weight or at random, then to the others. */
function routesOf(upstreams: readonly Offering[]): readonly DraftRoute[] {
  const offers = new Map<string, Offering[]>();
  for (const one of upstreams)
    for (const model of modelNames(one.upstream)) offers.set(model, [...(offers.get(model) ?? []), one]);
  return [...offers].filter(([, of]) => of.length > 1).map(([model, of]) => ({ model, ...choiceOf(of) }));
}

function modelNames({ models = [] }: DraftUpstream): readonly string[] {
  return Array.isArray(models) ? (models as readonly string[]) : Object.keys(models);
}

function choiceOf(offers: readonly Offering[]): Omit<DraftRoute, 'model'> {
  const highest = offers[0]?.priority;
  const first = offers.filter(({ priority }) => priority === highest);
  const rest = offers.slice(first.length).map(({ upstream }) => upstream.name);
  const weighted = first.some(({ weight }) => weight > 0);
  return {
    targets: first.map(({ upstream: { name }, weight }) => (weighted ? { upstream: name, weight } : name)),
    ...(first.length > 1 && { strategy: weighted ? 'weighted' : 'random' }),
    ...(rest.length > 0 && { fallbacks: rest }),
  };
}
