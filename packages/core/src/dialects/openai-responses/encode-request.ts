import type { Conversation, OutputForm } from '../../conversation/conversation.ts';
import type { Message, SystemMessage } from '../../conversation/message.ts';
import type { Report } from '../../conversation/notice.ts';
import { list, type Json, type JsonObject } from '../../json.ts';
import type { ModelFacts } from '../../models/model-facts.ts';
import type { EncodedRequest, EncodeRequestContext } from '../dialect.ts';
import { reportForeignExtras } from '../foreign.ts';
import { cacheMarks, type Markable } from './cache-marks.ts';
import { encodeMessage, type InputContext } from './encode-input.ts';
import { encodeReasoning } from './encode-reasoning.ts';
import { shortIdentifier } from './identifier.ts';
import { encodeToolChoice } from './tool-choice.ts';
import { encodeTools, isStrictSchema, type EncodedTools } from './tools.ts';
import {
  dialectName,
  encryptedReasoning,
  extraMembers,
  extraOf,
  outputLogprobs,
  searchSources,
  serviceTiers,
  unprefixed,
} from './vocabulary.ts';
import type { WireFormat, WireText } from './wire.ts';

/** The body of POST /v1/responses. Nothing is stored there unless the caller asked: each request brings all it needs. */
export function encodeRequest(conversation: Conversation, context: EncodeRequestContext): EncodedRequest {
  const { facts, report } = context;
  reportForeignExtras(conversation, dialectName, report);
  reportUnsupported(conversation, report);
  const tools = encodeTools(conversation, facts, report);
  const prompt = encodePrompt(conversation, tools, context);
  const include = encodeInclude(conversation, tools, context);
  const reasoning = encodeReasoning(conversation, facts, report);
  const form = encodeText(conversation, report);
  const choice = encodeToolChoice(conversation, tools.written, facts, report);
  const streamOptions = extraOf(conversation, '@stream_options');
  return {
    body: {
      model: conversation.model,
      ...prompt,
      ...(tools.tools.length > 0 && { tools: tools.tools }),
      ...(choice !== undefined && { tool_choice: choice }),
      ...parallelCalls(conversation, tools, facts, report),
      ...encodeSampling(conversation, facts, report),
      ...encodeLimit(conversation, facts, report),
      ...(reasoning && { reasoning }),
      ...(form && { text: form }),
      ...(conversation.endUser !== undefined && { safety_identifier: shortIdentifier(conversation.endUser) }),
      ...serviceTier(conversation, report),
      ...(conversation.cacheKey !== undefined && { prompt_cache_key: shortIdentifier(conversation.cacheKey) }),
      ...(include.length > 0 && { include }),
      store: false,
      ...(conversation.streaming && { stream: true }),
      ...(streamOptions !== undefined && { stream_options: streamOptions }),
      ...plainExtras(conversation),
    },
  };
}

function encodePrompt(
  conversation: Conversation,
  tools: EncodedTools,
  context: EncodeRequestContext,
): { instructions?: string; input: readonly JsonObject[] } {
  const marks = cacheMarks(conversation, context.facts, context.report);
  let rich = 0;
  const nextMessageId = () => `msg_${(rich += 1)}`;
  const to: InputContext = { report: context.report, marks, signer: context.signer, nextMessageId };
  const { instructions, rest } = splitInstructions(conversation.messages, marks);
  const input = [...jsonRequest(conversation, rest), ...encodeInput(rest, tools, to)];
  if (instructions === undefined) return { input };
  // An empty input is refused, so instructions that stand alone are said in it (S7).
  return input.length > 0 ? { instructions, input } : { input: encodeInput(conversation.messages, tools, to) };
}

/** O4: OpenAI refuses JSON mode unless the word stands in the input; `instructions` do not count. */
function jsonRequest({ output }: Conversation, messages: readonly Message[]): readonly JsonObject[] {
  if (output?.type !== 'json') return [];
  const mentioned = messages.some(
    (message) =>
      message.role !== 'tool' && message.parts.some((part) => part.type === 'text' && /json/i.test(part.text)),
  );
  if (mentioned) return [];
  const content = [{ type: 'input_text', text: 'Answer with a JSON object.' }];
  return [{ type: 'message', role: 'developer', content }];
}

/** Items of additional tools stand before the message they stood before. */
function encodeInput(messages: readonly Message[], tools: EncodedTools, to: InputContext): readonly JsonObject[] {
  const input: JsonObject[] = [];
  const waiting = [...tools.items];
  messages.forEach((message, index) => {
    while (waiting[0] && waiting[0].before <= index) input.push(waiting.shift()!.item); // just looked at
    input.push(...encodeMessage(message, to));
  });
  input.push(...waiting.map(({ item }) => item));
  return input;
}

/** What stood beside the turns goes into `instructions`, unless it holds more than plain text (S6). */
function splitInstructions(
  messages: readonly Message[],
  marks: (marked: Markable) => boolean,
): { instructions?: string; rest: readonly Message[] } {
  const top = messages.filter(
    (message): message is SystemMessage => message.role === 'system' && message.placement === 'top',
  );
  const parts = top.flatMap((message) => message.parts);
  if (parts.length === 0 || !parts.every((part) => part.type === 'text' && !(part.cache && marks(part))))
    return { rest: messages };
  const rest = messages.filter((message) => message.role !== 'system' || message.placement !== 'top');
  return { instructions: parts.map((part) => (part.type === 'text' ? part.text : '')).join('\n\n'), rest };
}

function encodeInclude(
  conversation: Conversation,
  tools: EncodedTools,
  { facts, signer }: EncodeRequestContext,
): readonly Json[] {
  const include = [...list(extraOf(conversation, '@include'))];
  // Models that do not reason refuse to be asked for it.
  const reasons =
    facts.efforts === undefined
      ? conversation.reasoning !== undefined || conversation.messages.some((message) => isSealedBy(message, signer))
      : facts.efforts.length > 0;
  if (reasons) include.push(encryptedReasoning);
  if (conversation.sampling.logprobs) include.push(outputLogprobs);
  // Without them a search would come back with a query and no results (W1).
  if (tools.written.some(({ type }) => type === 'web-search')) include.push(searchSources);
  return include;
}

function isSealedBy(message: Message, signer: string): boolean {
  return (
    message.role === 'assistant' &&
    message.parts.some((part) => part.type === 'reasoning' && part.seal?.issuer === signer)
  );
}

function parallelCalls(conversation: Conversation, tools: EncodedTools, facts: ModelFacts, report: Report): JsonObject {
  const { parallelToolCalls } = conversation;
  if (parallelToolCalls === undefined || tools.written.length === 0) return {};
  if (facts.parallelToolCallsSwitch !== false) return { parallel_tool_calls: parallelToolCalls };
  if (!parallelToolCalls)
    report({ type: 'dropped', field: 'parallelToolCalls', detail: 'The model cannot be held to one call a turn.' });
  return {};
}

function encodeSampling(conversation: Conversation, facts: ModelFacts, report: Report): JsonObject {
  const { temperature, topP, topLogprobs } = conversation.sampling;
  const body: Record<string, Json> = {};
  const take = (name: string, field: string, value: number | undefined) => {
    if (value === undefined) return;
    if (facts.sampling !== false) body[name] = value;
    else report({ type: 'dropped', field, detail: 'The model samples as it sees fit and refuses the parameter.' });
  };
  const warmest = facts.maxTemperature ?? 2;
  if (temperature !== undefined && temperature > warmest && facts.sampling !== false)
    report({ type: 'approximated', field: 'sampling.temperature', detail: `The model takes at most ${warmest}.` });
  take('temperature', 'sampling.temperature', temperature === undefined ? undefined : Math.min(temperature, warmest));
  take('top_p', 'sampling.topP', topP);
  take('top_logprobs', 'sampling.topLogprobs', topLogprobs);
  return body;
}

/** The API refuses less than this (catalogue Q3). */
const fewestOutputTokens = 16;

function encodeLimit({ maxOutputTokens: asked }: Conversation, facts: ModelFacts, report: Report): JsonObject {
  if (asked === undefined) return {};
  const most = facts.maxOutputTokens ?? Infinity;
  const limit = Math.min(Math.max(asked, fewestOutputTokens), most);
  if (limit !== asked)
    report({
      type: 'approximated',
      field: 'maxOutputTokens',
      detail: `The model takes ${fewestOutputTokens} to ${most}; ${limit} was sent.`,
    });
  return { max_output_tokens: limit };
}

function encodeText(conversation: Conversation, report: Report): WireText | undefined {
  const { output, verbosity } = conversation;
  const extras = unprefixed(conversation, 'text');
  if (!output && verbosity === undefined && Object.keys(extras).length === 0) return undefined;
  return {
    ...extras,
    ...(output && { format: encodeFormat(output, report) }),
    ...(verbosity !== undefined && { verbosity }),
  };
}

/** Flat here, where Chat nests it (O1). */
function encodeFormat(output: OutputForm, report: Report): WireFormat {
  if (output.type === 'text') return { type: 'text' };
  if (output.type === 'json') return { type: 'json_object' };
  const strict = output.strict === true && !isStrictSchema(output.schema) ? false : output.strict;
  if (strict !== output.strict)
    report({
      type: 'approximated',
      field: 'output.strict',
      detail: 'Strict needs every property required and additionalProperties false; the schema is sent without strict.',
    });
  return {
    type: 'json_schema',
    // Required here and of few characters; the others have none.
    name: (output.name ?? '').replace(/[^a-zA-Z0-9_-]/g, '_').slice(0, 64) || 'response',
    ...(output.description !== undefined && { description: output.description }),
    schema: output.schema,
    ...(strict !== undefined && { strict }),
  };
}

function serviceTier(conversation: Conversation, report: Report): JsonObject {
  const tier = conversation.serviceTier;
  if (tier === undefined) return {};
  if (serviceTiers.has(tier)) return { service_tier: tier };
  report({ type: 'dropped', field: 'serviceTier', detail: `OpenAI sells no service tier called "${tier}".` });
  return {};
}

/** Extras of the body's top level; those named by a path are merged where they belong. */
function plainExtras(conversation: Conversation): JsonObject {
  return Object.fromEntries(
    Object.entries(extraMembers(conversation)).filter(([name]) => !/^(?:reasoning|text)\./.test(name)),
  );
}

function reportUnsupported({ sampling }: Conversation, report: Report): void {
  const unknown = ['topK', 'seed', 'presencePenalty', 'frequencyPenalty', 'logitBias'] as const;
  for (const name of unknown)
    if (sampling[name] !== undefined)
      report({ type: 'dropped', field: `sampling.${name}`, detail: 'OpenAI Responses has no such parameter.' });
  if (sampling.stopSequences && sampling.stopSequences.length > 0)
    report({
      type: 'dropped',
      field: 'sampling.stopSequences',
      detail: 'OpenAI Responses has no stop sequences; the reply may run on past them.',
    });
  if (sampling.candidates !== undefined && sampling.candidates > 1)
    report({ type: 'dropped', field: 'sampling.candidates', detail: 'OpenAI Responses gives one reply a request.' });
}
