import type { Effort } from '../../conversation/conversation.ts';
import type { FailureKind } from '../../conversation/failure.ts';
import { settleFinish, type Finish, type FinishReason } from '../../conversation/reply.ts';
import { totalInputTokens, type Usage } from '../../conversation/usage.ts';
import { list, number, object, text, type JsonObject } from '../../json.ts';
import type { Includable, WireUsage } from './wire.ts';

/** The dialect's name: key of its extras, issuer of its seals. */
export const dialectName = 'openai-responses';

/** What `incomplete_details.reason` means; another one is `other` with the word kept. */
const incompleteReasons = {
  max_output_tokens: { reason: 'length' },
  max_messages: { reason: 'length', raw: 'max_messages' },
  content_filter: { reason: 'content-filter' },
  steered: { reason: 'stop', raw: 'steered' },
} as const satisfies Record<string, Finish>;

/** How each finish is told: an incomplete response with its reason, a failed one, or a completed one (catalogue a1). */
const endings = {
  stop: 'completed',
  'stop-sequence': 'completed',
  'tool-calls': 'completed',
  compaction: 'completed',
  other: 'completed',
  refusal: 'content_filter',
  length: 'max_output_tokens',
  'context-window': 'max_output_tokens',
  pause: 'max_output_tokens',
  'content-filter': 'content_filter',
  'malformed-call': 'failed',
} as const satisfies Record<FinishReason, string>;

interface Ending {
  readonly status: 'completed' | 'incomplete' | 'failed';
  readonly incompleteReason?: string;
}

/** `refused`: the output holds a refusal part, which tells of the refusal by itself. */
export function endingOf(finish: Finish, refused: boolean): Ending {
  const { raw } = finish;
  if (raw !== undefined && incompleteFinish(raw)?.reason === finish.reason)
    return { status: 'incomplete', incompleteReason: raw };
  const ending = finish.reason === 'refusal' && refused ? 'completed' : endings[finish.reason];
  if (ending === 'completed' || ending === 'failed') return { status: ending };
  return { status: 'incomplete', incompleteReason: ending };
}

function incompleteFinish(reason: string): Finish | undefined {
  const table: Readonly<Record<string, Finish>> = incompleteReasons;
  return Object.hasOwn(table, reason) ? table[reason] : undefined;
}

export function finishOf(response: JsonObject, seen: { readonly calls: boolean; readonly refusal: boolean }): Finish {
  if (text(response.status) === 'incomplete') {
    const reason = text(object(response.incomplete_details)?.reason);
    if (reason === undefined) return { reason: 'other', raw: 'incomplete' };
    return incompleteFinish(reason) ?? { reason: 'other', raw: reason };
  }
  if (seen.refusal && !seen.calls) return { reason: 'refusal' };
  return settleFinish({ reason: 'stop' }, seen.calls);
}

/** Catalogue a6, the column of `response.failed`: Codex acts on these codes (R7). */
export const streamErrorCodes = {
  'bad-request': 'invalid_prompt',
  'context-too-long': 'context_length_exceeded',
  'content-filtered': 'invalid_prompt',
  unauthenticated: 'invalid_api_key',
  billing: 'insufficient_quota',
  forbidden: 'permission_denied',
  'not-found': 'model_not_found',
  'method-not-allowed': 'invalid_prompt',
  conflict: 'invalid_prompt',
  'too-large': 'invalid_prompt',
  'unsupported-media': 'invalid_prompt',
  unprocessable: 'invalid_prompt',
  'rate-limited': 'rate_limit_exceeded',
  'client-gone': 'server_error',
  server: 'server_error',
  'bad-upstream': 'server_error',
  overloaded: 'server_error',
  timeout: 'server_error',
} as const satisfies Record<FailureKind, string>;

export function decodeUsage(response: JsonObject): Usage | undefined {
  const wire = object(response.usage);
  if (!wire) return undefined;
  const input = object(wire.input_tokens_details);
  const usage: { -readonly [K in keyof Usage]: Usage[K] } = {};
  const total = number(wire.input_tokens);
  const cacheRead = number(input?.cached_tokens);
  const cacheWrite = number(input?.cache_write_tokens);
  const output = number(wire.output_tokens);
  const reasoning = number(object(wire.output_tokens_details)?.reasoning_tokens);
  const searches = number(object(object(response.tool_usage)?.web_search)?.num_requests);
  // Cached tokens lie inside input_tokens here, and beside them in the hub (U1).
  if (total !== undefined) usage.inputTokens = Math.max(0, total - (cacheRead ?? 0) - (cacheWrite ?? 0));
  if (cacheRead !== undefined) usage.cacheReadTokens = cacheRead;
  if (cacheWrite !== undefined) usage.cacheWriteTokens = cacheWrite;
  if (output !== undefined) usage.outputTokens = output;
  if (reasoning !== undefined) usage.reasoningTokens = reasoning;
  if (searches) usage.webSearches = searches;
  return usage;
}

/** Both details are always filled: Codex cannot read `response.completed` without them (R5). */
export function encodeUsage(usage: Usage): WireUsage {
  const input = totalInputTokens(usage);
  const output = usage.outputTokens ?? 0;
  return {
    input_tokens: input,
    input_tokens_details: {
      cached_tokens: usage.cacheReadTokens ?? 0,
      cache_write_tokens: usage.cacheWriteTokens ?? 0,
    },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens ?? 0 },
    total_tokens: input + output,
  };
}

/** `tool_usage`, which the SDK types with both members present. */
export function encodeToolUsage(usage: Usage | undefined): JsonObject | undefined {
  if (!usage?.webSearches) return undefined;
  return {
    image_gen: {
      input_tokens: 0,
      input_tokens_details: { image_tokens: 0, text_tokens: 0 },
      output_tokens: 0,
      total_tokens: 0,
    },
    web_search: { num_requests: usage.webSearches },
  };
}

/** Catalogue a5, last column. */
export function effortOfBudget(budgetTokens: number): Effort | undefined {
  if (budgetTokens < 0) return undefined;
  if (budgetTokens === 0) return 'none';
  const steps = [
    [512, 'minimal'],
    [1024, 'low'],
    [8192, 'medium'],
    [24576, 'high'],
    [65536, 'xhigh'],
  ] as const;
  return steps.find(([most]) => budgetTokens <= most)?.[1] ?? 'max';
}

/** Service tiers that OpenAI sells; other vendors' words are not sent (Q6). */
export const serviceTiers: ReadonlySet<string> = new Set([
  'auto',
  'default',
  'flex',
  'scale',
  'priority',
  'fast',
  'ultrafast',
]);

export const encryptedReasoning: Includable = 'reasoning.encrypted_content';
export const searchSources: Includable = 'web_search_call.action.sources';
export const outputLogprobs: Includable = 'message.output_text.logprobs';

/** The client's `include`, as the words it holds. */
export function includes(request: JsonObject | undefined): readonly string[] {
  return list(request?.include).filter((word) => typeof word === 'string');
}

/** The members of `from` that are not in `known`, or undefined when there is none: what extras are made of. */
export function otherMembers(from: JsonObject, known: ReadonlySet<string>): JsonObject | undefined {
  let out: Record<string, JsonObject[string]> | undefined;
  for (const name in from) {
    const value = from[name];
    // A null asks for nothing on this wire; an own `__proto__` would set a prototype.
    if (known.has(name) || value === undefined || value === null || name === '__proto__') continue;
    (out ??= {})[name] = value;
  }
  return out;
}

/** As `extras` of whatever is being built, or nothing. */
export function ownExtras(members: JsonObject | undefined): { extras?: { [dialectName]: JsonObject } } {
  return members && Object.keys(members).length > 0 ? { extras: { [dialectName]: members } } : {};
}

/** What this dialect left on the thing, without its `@` bookkeeping. */
export function extraMembers(thing: { readonly extras?: { readonly [dialect: string]: JsonObject } }): JsonObject {
  const extras = thing.extras?.[dialectName];
  if (!extras) return {};
  const names = Object.keys(extras).filter((name) => !name.startsWith('@'));
  return names.length === 0 ? {} : Object.fromEntries(names.map((name) => [name, extras[name]!])); // names are its keys
}

/** A member of the dialect's own extras, bookkeeping included. */
export function extraOf(
  thing: { readonly extras?: { readonly [dialect: string]: JsonObject } },
  name: string,
): JsonObject[string] | undefined {
  return thing.extras?.[dialectName]?.[name];
}

/** The extras below `path`: `reasoning.context` is `context`. */
export function unprefixed(
  thing: { readonly extras?: { readonly [dialect: string]: JsonObject } },
  path: string,
): JsonObject {
  return Object.fromEntries(
    Object.entries(extraMembers(thing)).flatMap(([name, value]) =>
      name.startsWith(`${path}.`) ? [[name.slice(path.length + 1), value] as const] : [],
    ),
  );
}
