import * as z from 'zod';
import { providerNames } from '@proxy/core';
import {
  createNames,
  ImportError,
  type DraftRoute,
  type DraftTarget,
  type DraftUpstream,
  type Imported,
} from './imported.ts';

const parameters = z.looseObject({
  model: z.string(),
  api_key: z.string().optional(),
  api_base: z.string().optional(),
  base_url: z.string().optional(),
  api_version: z.coerce.string().optional(),
  aws_region_name: z.string().optional(),
  aws_access_key_id: z.string().optional(),
  aws_secret_access_key: z.string().optional(),
  aws_session_token: z.string().optional(),
  vertex_project: z.string().optional(),
  vertex_location: z.string().optional(),
  vertex_credentials: z.string().optional(),
  custom_llm_provider: z.string().optional(),
});
type Parameters = z.output<typeof parameters>;

const fallbacks = z.array(z.record(z.string(), z.array(z.string()))).default([]);
const settings = z
  .looseObject({
    fallbacks,
    default_fallbacks: z.array(z.string()).default([]),
    model_group_alias: z.record(z.string(), z.unknown()).default({}),
    request_timeout: z.number().optional(),
    timeout: z.number().optional(),
    routing_strategy: z.string().optional(),
  })
  .prefault({});

const file = z.looseObject({
  model_list: z.array(z.looseObject({ model_name: z.string(), litellm_params: parameters })),
  litellm_settings: settings,
  router_settings: settings,
  general_settings: z.looseObject({ master_key: z.string().optional() }).prefault({}),
});
type File = z.output<typeof file>;

/** Told by its list of models. */
export function isLiteLlm(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'model_list' in value;
}

/** LiteLLM's config.yaml: an upstream for each place and account, and a route for each name that callers use. */
export function importLiteLlm(value: unknown): Imported {
  const parsed = file.safeParse(value);
  if (!parsed.success) throw new ImportError(`It cannot be read as LiteLLM's: ${z.prettifyError(parsed.error)}`);
  const { model_list: list, general_settings: general } = parsed.data;
  const left: string[] = [];
  const places = createPlaces();
  const groups = new Map<string, Target[]>();
  list.forEach(({ model_name: name, litellm_params: given }, index) => {
    const target = places.add(given, `model_list[${index}]`, left);
    if (target) groups.set(name, [...(groups.get(name) ?? []), target]);
  });
  left.push(...leftOf(parsed.data));
  const headersMs = timeoutOf(parsed.data);
  return {
    source: 'LiteLLM',
    draft: {
      ...(general.master_key !== undefined && {
        accessKeys: [{ key: reference(general.master_key), name: 'master_key' }],
      }),
      upstreams: places.upstreams(),
      routes: routesOf(groups, parsed.data, left),
      ...(headersMs !== undefined && { timeouts: { headersMs } }),
    },
    left,
  };
}

interface Target {
  readonly upstream: string;
  /** Absent: a pattern, where the name that was asked for is the upstream's own. */
  readonly model?: string;
}

/** One place with one account: what an upstream is here. */
interface Place {
  readonly upstream: DraftUpstream;
  readonly models: Set<string>;
  readonly keys: Set<string>;
}

function createPlaces() {
  const nameOf = createNames();
  const places = new Map<string, Place>();
  return {
    add(given: Parameters, where: string, left: string[]): Target | undefined {
      const { provider, model } = providerAndModel(given);
      if (provider === undefined) {
        left.push(`${where}: "${given.model}" is of a provider that is not known here.`);
        return undefined;
      }
      const members = membersOf(given, provider);
      const known = JSON.stringify([provider, members]);
      const place = places.get(known) ?? {
        upstream: { name: nameOf(provider), provider, ...members },
        models: new Set<string>(),
        keys: new Set<string>(),
      };
      places.set(known, place);
      const key = keyOf(given);
      if (key !== undefined) place.keys.add(key);
      place.models.add(model);
      for (const extra of Object.keys(given).filter((name) => !carried.has(name)))
        left.push(`${where}.litellm_params.${extra}`);
      return { upstream: place.upstream.name, ...(!model.includes('*') && { model }) };
    },
    upstreams: (): readonly DraftUpstream[] =>
      [...places.values()].map(({ upstream, models, keys }) => ({
        ...upstream,
        ...(keys.size > 0 && { apiKeys: [...keys] }),
        ...(!models.has('*') && { models: [...models] }),
      })),
  };
}

/** `azure/my-deployment`, or a bare name of OpenAI's or Anthropic's. */
function providerAndModel({ model: written, custom_llm_provider: custom, api_base, base_url }: Parameters) {
  const slash = written.indexOf('/');
  const prefix = custom ?? (slash < 0 ? undefined : written.slice(0, slash));
  const own = slash < 0 || custom !== undefined ? written : written.slice(slash + 1);
  if (prefix === undefined) return { provider: own.startsWith('claude-') ? 'anthropic' : 'openai', model: own };
  const provider = prefixes[prefix] ?? (providerNames.includes(prefix) ? prefix : undefined);
  const elsewhere = provider === 'openai' && (api_base ?? base_url) !== undefined;
  return {
    provider: elsewhere ? 'openai-compatible' : provider,
    model: own.replace(/^(converse|responses|chat)\//, ''),
  };
}

/** Where LiteLLM's name of a provider is not ours. */
const prefixes: Readonly<Record<string, string>> = {
  azure_ai: 'openai-compatible',
  vertex_ai: 'vertex',
  vertex_ai_beta: 'vertex',
  bedrock_converse: 'bedrock',
  ollama_chat: 'ollama',
  hosted_vllm: 'vllm',
  lm_studio: 'lmstudio',
  llamafile: 'llamacpp',
  together_ai: 'together',
  fireworks_ai: 'fireworks',
  cohere_chat: 'cohere',
  custom_openai: 'openai-compatible',
  litellm_proxy: 'openai-compatible',
  'text-completion-openai': 'openai',
};

function membersOf(given: Parameters, provider: string): Omit<DraftUpstream, 'name' | 'provider'> {
  const baseUrl = given.api_base ?? given.base_url;
  return {
    ...(baseUrl !== undefined && { baseUrl: reference(baseUrl) }),
    ...(provider === 'azure' && given.api_version !== undefined && { apiVersion: reference(given.api_version) }),
    ...(given.aws_region_name !== undefined && { region: reference(given.aws_region_name) }),
    ...(given.vertex_project !== undefined && { project: reference(given.vertex_project) }),
    ...(given.vertex_location !== undefined && { location: reference(given.vertex_location) }),
  };
}

function keyOf(given: Parameters): string | undefined {
  const { aws_access_key_id: id, aws_secret_access_key: secret, aws_session_token: session } = given;
  if (id !== undefined && secret !== undefined)
    return [id, secret, session]
      .filter((part) => part !== undefined)
      .map(reference)
      .join(':');
  const key = given.api_key ?? given.vertex_credentials;
  return key === undefined ? undefined : reference(key);
}

const carried: ReadonlySet<string> = new Set(Object.keys(parameters.shape));

/** `os.environ/NAME` is our `${NAME}`. */
function reference(text: string): string {
  return text.replace(/^os\.environ\/(\w+)$/, '${$1}');
}

function routesOf(groups: ReadonlyMap<string, readonly Target[]>, read: File, left: string[]): readonly DraftRoute[] {
  const { litellm_settings: lite, router_settings: router } = read;
  const strategy = strategyOf(read, left);
  const next = new Map([...lite.fallbacks, ...router.fallbacks].flatMap((one) => Object.entries(one)));
  const otherwise = [...lite.default_fallbacks, ...router.default_fallbacks];
  const fallbacksOf = (name: string) => {
    const after = [...(next.get(name) ?? []), ...otherwise.filter((one) => one !== name)];
    const unknown = after.filter((one) => !groups.has(one));
    if (unknown.length > 0) left.push(`The fallbacks of "${name}" to ${unknown.join(', ')}, which is in no list.`);
    return distinct(after.flatMap((one) => groups.get(one) ?? [])).map(written);
  };
  // `groq/*` needs no route where the upstream is called groq: that is how callers name an upstream here.
  const routes = [...groups].flatMap(([name, targets]) =>
    targets.every(({ upstream }) => name === `${upstream}/*`) ? [] : [{ model: name, name }],
  );
  const aliases = Object.entries({ ...lite.model_group_alias, ...router.model_group_alias }).flatMap(([alias, to]) =>
    typeof to === 'string' && groups.has(to) ? [{ model: alias, name: to }] : [],
  );
  const upstreams = [...new Set([...groups.values()].flat().map(({ upstream }) => upstream))];
  return [...routes, ...aliases]
    .filter(({ model }, index, all) => all.findIndex((other) => other.model === model) === index)
    .flatMap(({ model, name }) => {
      const targets = distinct(groups.get(name) ?? []);
      const fallbacks = fallbacksOf(name);
      const addressed = upstreams.find((upstream) => model.startsWith(`${upstream}/`));
      if (addressed !== undefined) {
        const told = [...targets.map(written), ...fallbacks].some((to) => !isAt(addressed, model, to));
        if (told) left.push(`The route of "${model}", which always means the upstream "${addressed}" here.`);
        return [];
      }
      return {
        model,
        targets: targets.map(written),
        ...(strategy !== undefined && targets.length > 1 && { strategy }),
        ...(fallbacks.length > 0 && { fallbacks }),
      };
    });
}

/** Whether a target is what `upstream/model` means by itself. */
function isAt(upstream: string, name: string, target: DraftTarget): boolean {
  return typeof target === 'string' ? target === upstream : `${target.upstream}/${target.model}` === name;
}

function distinct(targets: readonly Target[]): readonly Target[] {
  return [...new Map(targets.map((target) => [JSON.stringify(target), target])).values()];
}

function written({ upstream, model }: Target): DraftTarget {
  return model === undefined ? upstream : { upstream, model };
}

function timeoutOf({ litellm_settings: lite, router_settings: router }: File): number | undefined {
  const seconds = router.timeout ?? lite.request_timeout;
  return seconds === undefined ? undefined : Math.max(1, Math.round(seconds * 1000));
}

const strategies: Readonly<Record<string, string>> = {
  'simple-shuffle': 'random',
  'least-busy': 'least-busy',
  'latency-based-routing': 'fastest',
  'cost-based-routing': 'cost-first',
};

function strategyOf({ router_settings: { routing_strategy: strategy } }: File, left: string[]): string | undefined {
  if (strategy === undefined) return undefined;
  const known = strategies[strategy];
  if (known === undefined) left.push(`router_settings.routing_strategy: "${strategy}" has no counterpart.`);
  return known;
}

/** Whatever else the file says, by its place. */
function leftOf(read: File): readonly string[] {
  const of = (section: string, value: object, known: readonly string[]) =>
    Object.keys(value).flatMap((name) => (known.includes(name) ? [] : [`${section}.${name}`]));
  const known = Object.keys(settings.unwrap().shape);
  return [
    ...of('litellm_settings', read.litellm_settings, known),
    ...of('router_settings', read.router_settings, known),
    ...of('general_settings', read.general_settings, ['master_key']),
    ...Object.keys(read).filter((name) => !Object.hasOwn(file.shape, name)),
  ];
}
