import type { Credential, Upstream } from '@proxy/core';
import PQueue from 'p-queue';
import { upstreamOf } from '../config/build.ts';
import type { Config, UpstreamConfig } from '../config/config.ts';
import { vendorExample } from '../config/example-model.ts';
import { knownProviders } from '../config/providers.ts';
import { isLoopback } from '../config/safety.ts';
import { found, type Finding } from './faults.ts';
import { withOneKey, type Reaching } from './one-key.ts';
import { probeCall } from './probes/call.ts';
import { probeList } from './probes/list.ts';
import { probeReach } from './probes/reach.ts';

export interface Check {
  readonly subject: string;
  readonly what: string;
  readonly ok: boolean;
}

export interface UpstreamOptions extends Reaching {
  readonly calls: boolean;
  /** What the configuration alone showed: keys that cannot work are not tried. */
  readonly known: readonly Finding[];
}

interface Examined {
  readonly checks: readonly Check[];
  readonly findings: readonly Finding[];
}

const keysAtOnce = 4;

/** One upstream: the way to it, then each of its keys. */
export async function examineUpstream(
  config: UpstreamConfig,
  whole: Config,
  options: UpstreamOptions,
): Promise<Examined> {
  const upstream = upstreamOf(config, knownProviders(whole.vendors));
  const { name } = upstream;
  const proxy = proxyTo(config, whole);
  const way = await probeReach(upstream, { ...options, ...(proxy !== undefined && { proxy }) });
  const blocked = way.some(({ id }) => id !== 'clock-skew');
  const reached = { subject: name, what: 'is reached', ok: !blocked };
  if (blocked) return { checks: [reached], findings: way };
  const queue = new PQueue({ concurrency: keysAtOnce });
  const keys = await queue.addAll(
    upstream.credentials.map((credential, index) => () => {
      const subject = config.apiKeys ? `${name}, key ${index + 1}` : name;
      return options.known.some((finding) => finding.subject === subject)
        ? { checks: [], findings: [] }
        : examineKey(upstream, credential, subject, whole, options);
    }),
  );
  return {
    checks: [reached, ...keys.flatMap(({ checks }) => checks)],
    findings: [...way, ...keys.flatMap(({ findings }) => findings)],
  };
}

async function examineKey(
  upstream: Upstream,
  credential: Credential,
  subject: string,
  config: Config,
  options: UpstreamOptions,
): Promise<Examined> {
  const { models: configured, ...open } = upstream;
  const signal = () => AbortSignal.timeout(options.timeoutMs);
  // An upstream that says its models is not asked for them: the gateway of this probe must not know them.
  const list = await probeList(withOneKey(open, credential, config, options), subject, signal());
  const listed = { subject, what: `lists ${list.models?.length ?? 0} models`, ok: list.findings.length === 0 };
  const checks = list.models || list.findings.length > 0 ? [listed] : [];
  if (!options.calls || list.findings.length > 0) return { checks, findings: list.findings };
  const model = modelToTry(upstream, list.models);
  if (model === undefined)
    return { checks: [...checks, { subject, what: 'no model is known to try', ok: true }], findings: [] };
  const called = await probeCall(withOneKey(upstream, credential, config, options), model, subject, signal());
  return {
    checks: [...checks, { subject, what: `${model} calls a tool, streamed`, ok: called.length === 0 }],
    findings: [...called, ...unlisted(configured, list.models, model, subject)],
  };
}

/** The first that is configured by name, else one that is there. */
function modelToTry({ models, provider, baseUrl }: Upstream, listed: readonly string[] = []): string | undefined {
  const named = publicNames(models).find((name) => !name.includes('*'));
  if (named !== undefined) return named;
  const example = vendorExample(provider.name);
  if (example !== undefined && (listed.includes(example) || (listed.length === 0 && baseUrl === undefined)))
    return example;
  return listed.find((id) => !noChat.test(id));
}

const noChat = /embed|whisper|tts|audio|image|dall-e|moderation|realtime|transcri|rerank|sora|veo|imagen|aqa/i;

function publicNames(models: Upstream['models'] = []): readonly string[] {
  return Array.isArray(models) ? (models as readonly string[]) : Object.keys(models);
}

/** Names that are configured, and that the upstream does not list. One that was just tried needs no guess. */
function unlisted(
  configured: Upstream['models'] = [],
  listed: readonly string[] | undefined,
  tried: string,
  subject: string,
): readonly Finding[] {
  if (!listed) return [];
  const own = Array.isArray(configured)
    ? (configured as readonly string[])
    : Object.entries(configured).flatMap(([name, to]) => (name === tried ? [] : [String(to)]));
  return [...new Set(own)]
    .filter((name) => name !== tried && !name.includes('*') && !listed.includes(name))
    .map((name) => found('model-unlisted', subject, `"${name}" is configured, but not in the upstream’s list.`));
}

/** The address of the proxy that leads to an upstream, as transports.ts arranges it. */
function proxyTo({ connection, baseUrl }: UpstreamConfig, { proxies }: Config): string | undefined {
  if (connection?.proxy !== undefined) return connection.proxy === 'none' ? undefined : connection.proxy;
  if (baseUrl !== undefined && URL.canParse(baseUrl) && isLoopback(new URL(baseUrl).hostname)) return undefined;
  return baseUrl?.startsWith('http:') ? proxies?.http : (proxies?.https ?? proxies?.http);
}
