import * as z from 'zod';
import { isOn, set, type Environment } from './expand.ts';
import { belowStart, flag, oneOf, section, wholeNumber, words } from './schema-parts.ts';

/** What is kept of calls, and who may look. */
export interface RecordsConfig {
  /** How long calls stay in storage; absent: for ever. */
  readonly days?: number;
  /** The folder of the access log; absent: none is written. */
  readonly accessLog?: string;
  readonly metrics?: MetricsConfig;
  readonly prompts?: PromptsConfig;
  /** Known callers' records carry a hash of the prompt. */
  readonly promptHashes: boolean;
  readonly telemetry?: TelemetryConfig;
}

export interface MetricsConfig {
  readonly path: string;
  /** Anybody may read them. */
  readonly open: boolean;
}

export interface PromptsConfig {
  readonly to: 'file' | 'storage' | 'webhook';
  /** Files are `<folder>/<day>.jsonl`. */
  readonly folder: string;
  readonly url?: string;
  readonly headers: Readonly<Record<string, string>>;
  /** How long they are kept; absent: in storage as long as calls, in files for ever. */
  readonly days?: number;
  /** Regular expressions whose matches are left out. */
  readonly redact: readonly string[];
}

export interface TelemetryConfig {
  /** Of a collector that takes OTLP over HTTP: `http://127.0.0.1:4318`. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly serviceName: string;
}

const addresses = /^https?:\/\/[^\s@]+$/;
const noAddress = 'must be an address that begins with http:// or https://.';

function address() {
  return words().regex(addresses, noAddress).refine(URL.canParse, noAddress);
}

const pattern = words().refine(isPattern, 'must be a regular expression.');
const headers = z.record(z.string(), z.string(), { error: 'must be a map from names to texts.' });

function named(what: string, otherwise: string) {
  return words().describe(
    `The folder of the ${what}: ${belowStart}. Absent: ${otherwise}, below BASE_PATH where that is set, else below that directory.`,
  );
}

/** `true` is short for a section in which nothing is said. */
function switchable<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.union([flag(), section(shape)], { error: 'must be true, false or a section.' });
}

export const recordsSchema = section({
  days: wholeNumber(1).exactOptional(),
  accessLog: switchable({ folder: named('access log', 'logs').exactOptional() }).exactOptional(),
  metrics: switchable({
    enabled: flag().exactOptional(),
    path: words().regex(/^\//, 'must begin with a slash.').exactOptional(),
    open: flag().exactOptional(),
  }).exactOptional(),
  prompts: section({
    to: oneOf('a place for prompts', ['file', 'storage', 'webhook']),
    folder: named('prompts', 'prompts').exactOptional(),
    url: address().exactOptional(),
    headers: headers.exactOptional(),
    days: wholeNumber(1).exactOptional(),
    redact: z.array(pattern).exactOptional(),
  })
    .refine(({ to, url }) => to !== 'webhook' || url !== undefined, 'needs a url for the webhook.')
    .refine(
      ({ to, days }) => to !== 'webhook' || days === undefined,
      'has days, but a webhook keeps what it is sent. Leave days out.',
    )
    .exactOptional(),
  promptHashes: flag().exactOptional(),
  telemetry: section({
    endpoint: address(),
    headers: headers.exactOptional(),
    serviceName: words().exactOptional(),
  }).exactOptional(),
});

type RecordsFile = z.output<typeof recordsSchema>;

/** The file's word; the predecessors' variables and OpenTelemetry's own where it has none. */
export function recordsOf(file: RecordsFile = {}, env: Environment, notes: string[]): RecordsConfig {
  const base = set(env, 'BASE_PATH');
  const folder = (name: string) => `${base ?? '.'}/${name}`;
  const accessLog = file.accessLog ?? base !== undefined;
  const { metrics = false } = file;
  const shown = metrics !== false && (metrics === true || metrics.enabled !== false);
  const prompts = file.prompts ?? promptsFrom(env);
  const telemetry = telemetryOf(file, env, notes);
  return {
    ...(file.days !== undefined && { days: file.days }),
    ...(accessLog !== false && {
      accessLog: (accessLog === true ? undefined : accessLog.folder) ?? folder('logs'),
    }),
    ...(shown && {
      metrics: { path: '/metrics', open: false, ...(metrics !== true && { ...metrics }) },
    }),
    promptHashes: file.promptHashes ?? isOn(env, 'EVENT_LOGGING') === true,
    ...(prompts && { prompts: { folder: folder('prompts'), headers: {}, redact: [], ...prompts } }),
    ...(telemetry && { telemetry }),
  };
}

/** What people whose words are kept, and those who keep them, must know. */
export function promptsNote({ prompts }: RecordsConfig): string | undefined {
  if (!prompts) return undefined;
  return `Prompts and replies are logged: they are ${whereTo(prompts)}. 提示词与回复会被记录。`;
}

function whereTo({ to, folder }: PromptsConfig): string {
  switch (to) {
    case 'file':
      return `written to ${folder}`;
    case 'storage':
      return 'kept in the storage';
    case 'webhook':
      return 'sent to a webhook';
  }
}

/** How many days the storage keeps what. */
export function keptDays({ days, prompts }: RecordsConfig): { readonly calls?: number; readonly prompts?: number } {
  const kept = prompts?.to === 'storage' ? (prompts.days ?? days) : days;
  return { ...(days !== undefined && { calls: days }), ...(kept !== undefined && { prompts: kept }) };
}

/** oai-reverse-proxy's (acceptance row F20); its Google Sheets are left out on purpose. */
function promptsFrom(env: Environment): Pick<PromptsConfig, 'to'> | undefined {
  if (!isOn(env, 'PROMPT_LOGGING')) return undefined;
  return backends.find(({ to }) => to === set(env, 'PROMPT_LOGGING_BACKEND'));
}

const backends = [{ to: 'file' }, { to: 'storage' }] as const;

function telemetryOf({ telemetry }: RecordsFile, env: Environment, notes: string[]): TelemetryConfig | undefined {
  const endpoint = telemetry?.endpoint ?? endpointIn(env, notes);
  if (endpoint === undefined) return undefined;
  return {
    endpoint,
    headers: telemetry?.headers ?? pairsOf(set(env, 'OTEL_EXPORTER_OTLP_HEADERS')),
    serviceName: telemetry?.serviceName ?? set(env, 'OTEL_SERVICE_NAME') ?? 'proxy',
  };
}

function endpointIn(env: Environment, notes: string[]): string | undefined {
  const endpoint = set(env, 'OTEL_EXPORTER_OTLP_ENDPOINT');
  if (endpoint === undefined || (addresses.test(endpoint) && URL.canParse(endpoint))) return endpoint;
  notes.push(`OTEL_EXPORTER_OTLP_ENDPOINT: ${noAddress} No telemetry is sent.`);
  return undefined;
}

/** `name=value,other=value`, as OpenTelemetry's variables are written: values are percent-encoded, as in a `baggage` header. */
function pairsOf(text = ''): Readonly<Record<string, string>> {
  const pairs = text.split(',').map((pair) => pair.split('='));
  return Object.fromEntries(
    pairs.flatMap(([name = '', ...value]) =>
      name.trim() === '' ? [] : [[name.trim(), decoded(value.join('=').trim())]],
    ),
  );
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    // A percent sign of its own: it was written as it is meant.
    return value;
  }
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, 'gu') instanceof RegExp;
  } catch {
    return false;
  }
}
