import type { Conversation, Sampling } from '../../conversation/conversation.ts';
import type { CacheMark } from '../../conversation/message.ts';
import { compact, type JsonObject } from '../../json.ts';
import type { EncodedRequest, EncodeRequestContext } from '../dialect.ts';
import { reportForeignExtras } from '../foreign.ts';
import { encodeMessages } from './encode-messages.ts';
import { encodeOutput } from './encode-output.ts';
import { encodeReasoningControls } from './encode-reasoning.ts';
import { encodeTools } from './encode-tools.ts';
import { settleSystemTurns } from './system-turns.ts';
import { inOrder } from './turn-order.ts';
import { name as dialect, serviceTiers } from './vocabulary.ts';
import type { ChatMessage, ChatRequest } from './wire.ts';

/** A conversation as a Chat Completions request. Where the model's facts are silent, only what every vendor takes is sent. */
export function encodeRequest(conversation: Conversation, context: EncodeRequestContext): EncodedRequest {
  reportForeignExtras(conversation, dialect, context.report);
  const output = encodeOutput(conversation, context);
  const turns = encodeMessages(settleSystemTurns(conversation.messages, context), context);
  const messages = inOrder(turns, context);
  const tools = encodeTools(conversation, context);
  const body: ChatRequest = {
    model: conversation.model,
    messages: output.instruction === undefined ? messages : instruct(messages, output.instruction),
    ...tools,
    ...encodeMaxTokens(conversation, context),
    ...encodeSampling(conversation.sampling, context),
    ...encodeReasoningControls(conversation, tools.tools !== undefined, context),
    ...output.members,
    ...encodeAccount(conversation, context),
    ...encodeStreaming(conversation, context),
  };
  reportCacheMarks(conversation, context);
  return { body: mergeHome(body, conversation.extras?.[dialect]) };
}

/** The instruction joins the system turn in front, or becomes it. */
function instruct(messages: readonly ChatMessage[], instruction: string): readonly ChatMessage[] {
  const [first, ...rest] = messages;
  if (first && (first.role === 'system' || first.role === 'developer') && typeof first.content === 'string')
    return [{ ...first, content: `${first.content}\n\n${instruction}` }, ...rest];
  return [{ role: 'system', content: instruction }, ...messages];
}

/** Q2, Q3: OpenAI's reasoning models refuse max_tokens, most other vendors know nothing else. */
function encodeMaxTokens(
  { maxOutputTokens }: Conversation,
  { facts, report }: EncodeRequestContext,
): Pick<ChatRequest, 'max_tokens' | 'max_completion_tokens'> {
  if (maxOutputTokens === undefined) return {};
  const most = facts.maxOutputTokens ?? maxOutputTokens;
  if (most < maxOutputTokens)
    report({ type: 'approximated', field: 'maxOutputTokens', detail: `The model writes at most ${most} tokens.` });
  return { [facts.maxTokensField ?? 'max_tokens']: Math.min(most, maxOutputTokens) };
}

function encodeSampling(sampling: Sampling, context: EncodeRequestContext): Partial<ChatRequest> {
  const { facts, report } = context;
  const kept: Sampling = { ...sampling };
  const without = (keys: readonly (keyof Sampling)[], detail: string) => {
    for (const key of keys) {
      if (kept[key] === undefined) continue;
      report({ type: 'dropped', field: `sampling.${key}`, detail });
      delete (kept as { -readonly [K in keyof Sampling]: Sampling[K] })[key]; // a copy of our own
    }
  };
  if (facts.sampling === false)
    without(['temperature', 'topP', 'topK', 'logprobs', 'topLogprobs', 'logitBias'], 'The model samples as it likes.');
  if (facts.logprobs === false) without(['logprobs', 'topLogprobs'], 'The target takes no logprobs.');
  if (facts.logitBias === false) without(['logitBias'], 'The target takes no logit_bias.');
  if (facts.candidates === false && (kept.candidates ?? 1) > 1) without(['candidates'], 'The target writes one reply.');
  if (facts.penalties === false) without(['presencePenalty', 'frequencyPenalty'], 'The model takes no penalties.');
  if (facts.stopSequences === false) without(['stopSequences'], 'The model takes no stop sequences.');
  if (facts.topK !== true) without(['topK'], 'Chat Completions has no top_k.');
  if (facts.oneOfTemperatureAndTopP === true && kept.temperature !== undefined)
    without(['topP'], 'The model takes only one of temperature and top_p.');
  return compact({
    temperature: clampTemperature(kept.temperature, context),
    top_p: kept.topP,
    top_k: kept.topK,
    [facts.seedField ?? 'seed']: kept.seed,
    stop: encodeStop(kept.stopSequences, context),
    presence_penalty: kept.presencePenalty,
    frequency_penalty: kept.frequencyPenalty,
    n: kept.candidates,
    logprobs: kept.logprobs,
    top_logprobs: kept.topLogprobs,
    logit_bias: kept.logitBias,
  });
}

function clampTemperature(
  temperature: number | undefined,
  { facts, report }: EncodeRequestContext,
): number | undefined {
  const most = facts.maxTemperature;
  if (temperature === undefined || most === undefined || temperature <= most) return temperature;
  report({ type: 'approximated', field: 'sampling.temperature', detail: `The model takes at most ${most}.` });
  return most;
}

/** Q4: always a list, of at most four. */
const maxStops = 4;

function encodeStop(
  stops: readonly string[] | undefined,
  { report }: EncodeRequestContext,
): readonly string[] | undefined {
  const usable = stops?.filter((stop) => stop !== '');
  if (!usable || usable.length === 0) return undefined;
  if (usable.length > maxStops)
    report({
      type: 'approximated',
      field: 'sampling.stopSequences',
      detail: `Chat Completions takes ${maxStops} stop sequences; the first ${maxStops} are sent.`,
    });
  return usable.slice(0, maxStops);
}

/** Members about the caller and the account, which strict vendors refuse. */
function encodeAccount(conversation: Conversation, { facts, report }: EncodeRequestContext): Partial<ChatRequest> {
  const { verbosity, endUser, serviceTier, cacheKey } = conversation;
  const tier = serviceTier === undefined ? undefined : serviceTiers[serviceTier];
  const drop = (field: string, value: unknown, detail: string) => {
    if (value !== undefined) report({ type: 'dropped', field, detail });
  };
  if (facts.openaiMembers !== true) {
    const detail = 'The target is not known to take this member of OpenAI’s.';
    drop('verbosity', verbosity, detail);
    drop('endUser', endUser, detail);
    drop('serviceTier', serviceTier, detail);
    drop('cacheKey', cacheKey, detail);
    return {};
  }
  if (tier === undefined) drop('serviceTier', serviceTier, 'OpenAI has no such service tier.');
  return compact({
    verbosity,
    safety_identifier: endUser === undefined ? undefined : shortIdentifier(endUser, report),
    service_tier: tier,
    prompt_cache_key: cacheKey,
  });
}

/** Q7: OpenAI takes 64 characters for certain; Claude Code's user id is a longer JSON text, so such a one is sent as its hash. */
const maxIdentifier = 64;

function shortIdentifier(identifier: string, report: EncodeRequestContext['report']): string {
  if (identifier.length <= maxIdentifier && /^[\w.@:+|=/-]*$/.test(identifier)) return identifier;
  report({
    type: 'approximated',
    field: 'endUser',
    detail: `Not a plain name of at most ${maxIdentifier} characters: a hash of it is sent.`,
  });
  return `user_${fnv1a(identifier)}`;
}

/** FNV-1a over UTF-16 units, 64 bits: it names users apart, it protects nothing. */
function fnv1a(source: string): string {
  let hash = 0xcbf29ce484222325n;
  for (let at = 0; at < source.length; at++)
    hash = BigInt.asUintN(64, (hash ^ BigInt(source.charCodeAt(at))) * 0x100000001b3n);
  return hash.toString(16).padStart(16, '0');
}

/** U5: usage is always asked for; whether the client sees it is the encoder's business on the way back. */
function encodeStreaming({ streaming }: Conversation, { facts }: EncodeRequestContext): Partial<ChatRequest> {
  if (!streaming) return {};
  return { stream: true, ...(facts.streamUsage !== false && { stream_options: { include_usage: true } }) };
}

/** One notice for all marks: clients set them on every turn. */
function reportCacheMarks(conversation: Conversation, { facts, report }: EncodeRequestContext): void {
  const { cache, messages, tools } = conversation;
  // OpenAI caches the longest prefix by itself, which is what Anthropic's automatic mark asks for.
  const kept = facts.cacheBreakpoints === true && facts.openaiMembers === true;
  const pieces = messages.flatMap((message): readonly { readonly cache?: CacheMark; readonly at?: string }[] =>
    message.role === 'tool' ? message.results.flatMap((result) => [result, ...result.content]) : message.parts,
  );
  const marked = pieces.find((piece) => piece.cache);
  const detail = 'The target caches by itself or not at all; cache marks stay behind.';
  if (!kept && (marked || cache)) report({ type: 'dropped', field: marked?.at ?? 'cache', detail });
  const tool = tools.find((candidate) => candidate.cache);
  if (tool && (kept || !marked)) report({ type: 'dropped', field: tool.at ?? 'tools', detail });
}

/** A Chat client's own members go home as they came, but never over what was translated. */
function mergeHome(body: ChatRequest, extras: JsonObject | undefined): JsonObject {
  if (!extras) return body;
  const { stream_options: options, ...rest } = extras;
  const streamOptions =
    body.stream_options && options ? { stream_options: { ...(options as JsonObject), ...body.stream_options } } : {}; // ours: see decode-request
  return { ...rest, ...body, ...streamOptions };
}
