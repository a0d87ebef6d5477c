import * as z from 'zod';
import { adminSchema } from './admin.ts';
import { accessKeySchema, limitsSchema, userSchema } from './access-keys.ts';
import { connectionSchema } from './connection.ts';
import { corsSchema } from './cors.ts';
import { doorsSchema } from './doors.ts';
import { factsSchema } from './facts-schema.ts';
import { guardsSchema } from './guards.ts';
import { pricesSchema } from './prices.ts';
import { pathText } from './problems.ts';
import { queueSchema } from './queue.ts';
import { recordsSchema } from './records.ts';
import {
  besideFile,
  flag,
  headers,
  headerText,
  keyAlone,
  oneOf,
  quantity,
  section,
  timer,
  wholeNumber,
  words,
} from './schema-parts.ts';
import { storageOptions } from './storage.ts';
import { settingNames } from './providers.ts';
import { keyChecksSchema, keyChoiceShape, routeSchema, upstreamChoiceShape } from './routing.ts';

/** What may be written in proxy.config.yaml. */
export type ConfigFile = z.output<typeof configFile>;

export const logLevels = ['error', 'warn', 'info', 'debug', 'trace'] as const;
const dialectNames = [
  'openai-chat',
  'openai-responses',
  'anthropic-messages',
  'gemini-generate',
  'bedrock-converse',
] as const;

/** A cloud's account is a JSON text, which is not sent. */
const account = /^\s*\{/;

const apiKey = z
  .preprocess(
    keyAlone,
    section({
      key: headerText(account).exactOptional(),
      file: words().describe(`The file of the key: ${besideFile}.`).exactOptional(),
      ...keyChoiceShape,
    }),
  )
  .meta({ orText: true });

const models = z.union([z.array(words()), z.record(z.string(), words())], {
  error: "must be a list of model names, or a map from public names to the upstream's names.",
});

// A project's number is a text to the provider.
const setting = z
  .preprocess((value) => (typeof value === 'number' ? String(value) : value), words())
  .meta({ orNumber: true });
const settings = z.record(z.string(), setting);

function address() {
  return (
    words()
      .regex(/^https?:\/\/[^\s]+$/, 'must begin with http:// or https://.')
      .regex(
        /^[^@]*$|^https?:\/\/[^/@]*\//,
        'must not hold user:password@. Send an authorization header instead (headers).',
      )
      // `{resource}` and the like are filled in later.
      .refine(
        (text) => !text.startsWith('http') || URL.canParse(text.replace(/\{\w+\}/g, 'x')),
        'is no address: look at its host and port.',
      )
  );
}

// One more place that speaks Chat Completions, as a row of the core's table.
const vendor = section({
  baseUrl: address(),
  models: z.array(words()).exactOptional(),
  keyHeader: words()
    .regex(/^[\w-]+$/, 'must be the name of a header.')
    .exactOptional(),
  keyVariables: z.array(words()).exactOptional(),
  keyless: flag().exactOptional(),
  responses: flag().exactOptional(),
  headers: headers().exactOptional(),
  facts: factsSchema.exactOptional(),
});

const upstreamSection = section({
  name: words().regex(/^[^\s/]+$/, 'must not hold a slash or white space: callers write upstream/model.'),
  provider: words(),
  description: words().exactOptional(),
  baseUrl: address().exactOptional(),
  apiKeys: z
    .array(apiKey, { error: 'must be a list of keys, each a text, {key, weight} or {file, weight}.' })
    .min(1, 'must not be empty: leave it out for an upstream that needs no key.')
    .exactOptional(),
  models: models.exactOptional(),
  ...upstreamChoiceShape,
  dialects: z.array(oneOf('a dialect', dialectNames)).min(1, 'must not be empty.').exactOptional(),
  headers: headers().exactOptional(),
  userAgent: headerText().exactOptional(),
  facts: factsSchema.exactOptional(),
  insecureSkipVerify: flag().exactOptional(),
  connection: connectionSchema.exactOptional(),
  settings: settings.exactOptional(),
});

// A provider's own options may stand beside the general ones: `region: us-east-1`.
const upstream = z
  .preprocess((value) => {
    if (typeof value !== 'object' || value === null) return value;
    const members = Object.entries(value);
    const own = members.filter(([name]) => settingNames.includes(name));
    if (own.length === 0) return value;
    const rest = Object.fromEntries(members.filter(([name]) => !settingNames.includes(name)));
    return { ...rest, settings: { ...(rest.settings as object | undefined), ...Object.fromEntries(own) } }; // spreading anything is safe
  }, upstreamSection)
  .meta({ alsoTexts: settingNames });

/** What json-schema.ts has to know of a schema beside what it says itself. */
export interface WrittenForms {
  /** A text is short for it. */
  readonly orText?: true;
  readonly orNumber?: true;
  /** A text that refers to the environment becomes it. */
  readonly orReference?: true;
  /** Further members, each a text or a number. */
  readonly alsoTexts?: readonly string[];
}

export const configFile = section({
  $schema: z.string().exactOptional(),
  server: section({
    host: words().exactOptional(),
    port: wholeNumber(0, 65_535).exactOptional(),
    drainSeconds: timer(1000).exactOptional(),
    maxBodyMb: quantity().exactOptional(),
    maxUploadMb: quantity().exactOptional(),
    cors: corsSchema.exactOptional(),
  }).exactOptional(),
  accessKeys: z
    .array(accessKeySchema, { error: 'must be a list of keys, each a text or {key, name, limits}.' })
    .exactOptional(),
  users: z.array(userSchema, { error: 'must be a list of users, each {name, limits}.' }).exactOptional(),
  limits: limitsSchema.exactOptional(),
  guards: guardsSchema.exactOptional(),
  queue: queueSchema.exactOptional(),
  ...storageOptions,
  strict: flag().exactOptional(),
  errorsAsCompletions: flag().exactOptional(),
  vendors: z.record(z.string(), vendor, { error: 'must be a map from names to vendors.' }).exactOptional(),
  upstreams: z.array(upstream, { error: 'must be a list, each member with a name and a provider.' }).exactOptional(),
  routes: z.array(routeSchema).exactOptional(),
  checkKeys: keyChecksSchema.exactOptional(),
  modelFacts: z.array(section({ match: words(), facts: factsSchema, source: words().exactOptional() })).exactOptional(),
  prices: pricesSchema.exactOptional(),
  records: recordsSchema.exactOptional(),
  log: section({
    level: oneOf('a log level', logLevels).exactOptional(),
    pretty: flag().exactOptional(),
  }).exactOptional(),
  websockets: section({
    responses: flag().exactOptional(),
    maxMessageMb: quantity().exactOptional(),
    idleSeconds: timer(1000).exactOptional(),
  }).exactOptional(),
  doors: doorsSchema.exactOptional(),
  admin: adminSchema.exactOptional(),
  modelLists: section({ cacheSeconds: quantity().exactOptional() }).exactOptional(),
  timeouts: section({
    headersMs: wholeNumber(1).exactOptional(),
    idleMs: wholeNumber(1).exactOptional(),
  }).exactOptional(),
});

export type Checked =
  { readonly ok: true; readonly file: ConfigFile } | { readonly ok: false; readonly problems: readonly string[] };

/** Holds a parsed file to the schema; every problem names its place. No message repeats a value that may be a secret. */
export function checkFile(value: unknown): Checked {
  const result = configFile.safeParse(value);
  if (result.success) return { ok: true, file: result.data };
  return { ok: false, problems: result.error.issues.map(explain) };
}

function explain(issue: z.core.$ZodIssue): string {
  const place = pathText(issue.path);
  return `${place === '' ? '' : `${place}: `}${sentence(issue)}`;
}

function sentence(issue: z.core.$ZodIssue): string {
  const unworded = issue.message.startsWith('Invalid input: expected');
  if (!unworded) return issue.message;
  const [, expected = 'something else', received = ''] =
    /expected (\w+)(?:, received (\w+))?/.exec(issue.message) ?? [];
  if (received === 'undefined') return `is missing. Write ${nouns[expected] ?? expected} here.`;
  return `must be ${nouns[expected] ?? expected}${received === '' ? '' : `, not ${nouns[received] ?? received}`}.`;
}

const nouns: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a section',
  record: 'a map',
  null: 'nothing',
};
