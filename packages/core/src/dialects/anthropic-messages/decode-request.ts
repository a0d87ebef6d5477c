import type { Conversation, Effort, OutputForm, Reasoning, Sampling } from '../../conversation/conversation.ts';
import { Failure } from '../../conversation/failure.ts';
import type { Report } from '../../conversation/notice.ts';
import type { Message, ToolResult } from '../../conversation/message.ts';
import { lookUp, boolean, isArray, isObject, list, object, text, type Json, type JsonObject } from '../../json.ts';
import { isWireEffort } from '../claude-thinking.ts';
import type { DecodeRequestContext } from '../dialect.ts';
import { usefulFlags } from './betas.ts';
import { cacheOf, decodeBlocks, decodeContent, place, type BlockReader, type PlacedBlock } from './decode-blocks.ts';
import { decodeToolChoice, decodeTools } from './decode-tools.ts';
import { extrasOf, leftover } from './vocabulary.ts';

/** A Messages request, of either API version, as a Conversation. */
export function decodeRequest(body: JsonObject, context: DecodeRequestContext): Conversation {
  refuseThreads(body);
  if (!isArray(body.messages)) throw bad('"messages" must be a list of turns.', 'messages');
  const system = decodeSystem(body.system);
  const tools = decodeTools(body.tools);
  const choice = object(body.tool_choice);
  const serial = boolean(choice?.disable_parallel_tool_use);
  const maxOutputTokens = count(body.max_tokens, 'max_tokens');
  const reasoning = decodeReasoning(body, context.report);
  const output = decodeOutput(body);
  const endUser = text(object(body.metadata)?.user_id);
  const tier = text(body.service_tier);
  return {
    model: context.glance.model,
    streaming: context.glance.streaming,
    messages: [
      ...system.messages,
      ...body.messages.flatMap((message, index) => decodeMessage(message, `messages[${index}]`)),
    ],
    tools,
    ...(choice && decodeToolChoice(choice, tools)),
    ...(serial !== undefined && { parallelToolCalls: !serial }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    sampling: decodeSampling(body),
    ...(reasoning && { reasoning }),
    ...(output && { output }),
    ...(endUser !== undefined && { endUser }),
    // OpenAI calls the tier without priority `default`; `auto` is the same word in both.
    ...(tier !== undefined && { serviceTier: tier === 'standard_only' ? 'default' : tier }),
    ...cacheOf(body.cache_control),
    ...extrasOf(requestExtras(body, context, system.billing)),
  };
}

const reader: BlockReader = { fault: bad };
const repliedReader: BlockReader = { fault: bad, replied: true };

function bad(message: string, field: string): Failure {
  return new Failure('bad-request', message, { field });
}

/** Real-clients fact 2: the SDK's runner reads this very code and sends the whole history again, without a thread. */
function refuseThreads(body: JsonObject): void {
  if (body.thread === undefined || body.thread === null) return;
  throw new Failure('bad-request', 'Message threads are not kept here. Send the full conversation without "thread".', {
    field: 'thread',
    code: 'thread_unsupported_request',
    details: { error_code: 'thread_unsupported_request', unsupported: [] },
  });
}

/**
 * CC3: Claude Code's first block is a line of accounting that changes with every version; no other model should read it,
 * and no other vendor's prefix cache survive it. Kept aside for Anthropic.
 */
const billingPrefix = 'x-anthropic-billing-header:';

function decodeSystem(system: Json | undefined): { messages: readonly Message[]; billing?: readonly Json[] } {
  if (system === undefined || system === null) return { messages: [] };
  const blocks = isArray(system) ? system : [];
  const billing = blocks.filter((block) => text(object(block)?.text)?.startsWith(billingPrefix));
  const placed = blocks.map((block, index) => ({ block, at: `system[${index}]` }));
  const parts = isArray(system)
    ? decodeBlocks(
        placed.filter(({ block }) => !billing.includes(block)),
        reader,
      )
    : decodeContent(system, 'system', reader);
  return {
    messages:
      parts.length === 0 ? [] : [{ role: 'system', authority: 'system', placement: 'top', parts, at: 'system' }],
    ...(billing.length > 0 && { billing }),
  };
}

function decodeMessage(message: Json, at: string): readonly Message[] {
  if (!isObject(message)) throw bad(`"${at}" must be an object with a role and content.`, at);
  const rest = extrasOf(leftover(message, ['role', 'content']));
  switch (message.role) {
    case 'assistant':
      return [
        { role: 'assistant', parts: decodeContent(message.content, `${at}.content`, repliedReader), at, ...rest },
      ];
    case 'system':
      return [
        {
          role: 'system',
          authority: 'system',
          placement: 'inline',
          parts: decodeContent(message.content, `${at}.content`, reader),
          at,
          ...rest,
        },
      ];
    case 'user':
      return decodeUser(message.content, at, rest);
    default:
      throw bad(`"${at}.role" must be "user", "assistant" or "system".`, `${at}.role`);
  }
}

/** T4: the results come first, as a turn of their own, whatever stood between them. */
function decodeUser(content: Json | undefined, at: string, rest: ReturnType<typeof extrasOf>): readonly Message[] {
  const blocks: readonly PlacedBlock[] = list(content).map((block, index) => ({
    block,
    at: `${at}.content[${index}]`,
  }));
  const results = blocks.filter(({ block }) => object(block)?.type === 'tool_result');
  if (results.length === 0)
    return [{ role: 'user', parts: decodeContent(content, `${at}.content`, reader), at, ...rest }];
  const others = blocks.filter((block) => !results.includes(block));
  const answer: Message = {
    role: 'tool',
    results: results.map((result) => decodeResult(object(result.block) ?? {}, result.at)),
    at,
  };
  if (others.length === 0) return [{ ...answer, ...rest }];
  return [answer, { role: 'user', parts: decodeBlocks(others, reader), at, ...rest }];
}

function decodeResult(block: JsonObject, at: string | undefined): ToolResult {
  const callId = text(block.tool_use_id);
  if (callId === undefined) throw bad(`"${at}.tool_use_id" must name the call that is answered.`, `${at}.tool_use_id`);
  return {
    callId,
    kind: 'function',
    content: decodeContent(block.content, `${at}.content`, reader),
    failed: block.is_error === true,
    ...place(at),
    ...cacheOf(block.cache_control),
    ...extrasOf(leftover(block, ['type', 'tool_use_id', 'content', 'is_error', 'cache_control'])),
  };
}

function decodeSampling(body: JsonObject): Sampling {
  const { stop_sequences: stops } = body;
  const stopSequences = list(stops).filter((stop) => typeof stop === 'string');
  const temperature = amount(body.temperature, 'temperature');
  const topP = amount(body.top_p, 'top_p');
  const topK = count(body.top_k, 'top_k');
  return {
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...(topK !== undefined && { topK }),
    ...(stopSequences.length > 0 && { stopSequences }),
  };
}

function amount(value: Json | undefined, field: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !Number.isFinite(value)) throw bad(`"${field}" must be a number.`, field);
  return value;
}

function count(value: Json | undefined, field: string): number | undefined {
  const given = amount(value, field);
  if (given !== undefined && (!Number.isInteger(given) || given < 0))
    throw bad(`"${field}" must be a whole number, not below 0.`, field);
  return given;
}

/** Z11, Z13: how much to think and how much of it to show are told apart. */
function decodeReasoning(body: JsonObject, report: Report): Reasoning | undefined {
  const thinking = object(body.thinking);
  const written = object(body.output_config)?.effort;
  const effort: Effort | undefined = isWireEffort(written) ? written : undefined;
  const show = lookUp(shows, text(thinking?.display));
  if (!thinking && effort === undefined) return undefined;
  const budgetTokens =
    thinking?.type === 'enabled' ? count(thinking.budget_tokens, 'thinking.budget_tokens') : undefined;
  const mode = lookUp(modes, text(thinking?.type));
  if (thinking && !mode && thinking.type !== 'enabled')
    report({
      type: 'dropped',
      field: 'thinking.type',
      detail: `${JSON.stringify(thinking.type ?? null)} is not known here.`,
    });
  return {
    ...(mode && { mode }),
    ...(effort !== undefined && { effort }),
    ...(budgetTokens !== undefined && { budgetTokens }),
    ...(show && { show }),
  };
}

const shows: Readonly<Record<string, Reasoning['show']>> = { summarized: 'summary', omitted: 'none' };
const modes: Readonly<Record<string, Reasoning['mode']>> = {
  adaptive: 'adaptive',
  disabled: 'disabled',
  between_tools: 'disabled',
};

/** O1: `output_format` is the form's name before it was generally available. */
function decodeOutput(body: JsonObject): OutputForm | undefined {
  const format = object(object(body.output_config)?.format) ?? object(body.output_format);
  const schema = object(format?.schema);
  return format?.type === 'json_schema' && schema ? { type: 'json-schema', schema } : undefined;
}

const hubMembers = [
  ...['model', 'messages', 'max_tokens', 'system', 'tools', 'tool_choice', 'temperature', 'top_p', 'top_k', 'stream'],
  ...['stop_sequences', 'thinking', 'output_config', 'output_format', 'metadata', 'service_tier', 'cache_control'],
  ...['thread', 'betas', 'anthropic_beta', 'anthropic_version'],
];

function requestExtras(
  body: JsonObject,
  context: DecodeRequestContext,
  billing: readonly Json[] | undefined,
): JsonObject | undefined {
  const thinking = object(body.thinking);
  const config = object(body.output_config);
  const thinkingRest = thinking && leftoverThinking(thinking);
  const configRest = config && leftoverConfig(config);
  const metadata = object(body.metadata) && leftover(object(body.metadata) ?? {}, ['user_id']);
  const betas = betasOf(body, context);
  const extras: Record<string, Json> = { ...leftover(body, hubMembers) };
  if (thinkingRest) extras.thinking = thinkingRest;
  if (configRest) extras.output_config = configRest;
  if (metadata) extras.metadata = metadata;
  if (billing) extras['@billing'] = billing;
  if (betas.length > 0) extras['@betas'] = betas;
  if (thinking?.type === 'between_tools') extras['@thinking'] = 'between_tools';
  else if (!thinking && isWireEffort(config?.effort)) extras['@thinking'] = 'unset';
  return leftover(extras, []);
}

function leftoverThinking(thinking: JsonObject): JsonObject | undefined {
  const known = text(thinking.display) === undefined || (thinking.display as string) in shows; // the left side says it is text
  return leftover(thinking, ['type', 'budget_tokens', ...(known ? ['display'] : [])]);
}

function leftoverConfig(config: JsonObject): JsonObject | undefined {
  return leftover(config, ['format', ...(isWireEffort(config.effort) ? ['effort'] : [])]);
}

/** The flags the caller asked for: in the header, or in the body as Bedrock and old SDKs write them. */
function betasOf(body: JsonObject, context: DecodeRequestContext): readonly string[] {
  const header = (context.headers['anthropic-beta'] ?? '').split(',').map((flag) => flag.trim());
  const inBody = [...list(body.betas), ...list(body.anthropic_beta)].filter((flag) => typeof flag === 'string');
  return usefulFlags(
    body,
    [...new Set([...header, ...inBody])].filter((flag) => flag !== ''),
  );
}
