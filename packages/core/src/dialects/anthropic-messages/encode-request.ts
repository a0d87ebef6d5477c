import type { Conversation, OutputForm } from '../../conversation/conversation.ts';
import type { Report } from '../../conversation/notice.ts';
import { isObject, list, object, text, type Json, type JsonObject } from '../../json.ts';
import type { ModelFacts } from '../../models/model-facts.ts';
import type { EncodedRequest, EncodeRequestContext } from '../dialect.ts';
import { reportForeignExtras } from '../foreign.ts';
import { headersFor } from './betas.ts';
import { limitMarks } from './cache-marks.ts';
import { cacheControl, contentOf } from './encode-blocks.ts';
import { encodeTools, type EncodedTools } from './encode-tools.ts';
import { outputMeans, outputTool } from './output-form.ts';
import { ownExtras } from './own-extras.ts';
import { encodeSampling } from './sampling.ts';
import { inputSchema, outputSchema } from '../claude-schema.ts';
import { planThinking, thinksOnRequest, type ThinkingPlan } from '../claude-thinking.ts';
import { encodeTurns, endsInServerTool, wireOf, type Turn } from './turns.ts';
import { dialect } from './vocabulary.ts';
import type { WireBlock, WireOutputConfig } from './wire.ts';

/**
 * A Conversation as a Messages request for a model with these facts. A request that came from this dialect comes back
 * the same but for its spelling: one plain text block is a string, results precede the user's words, `is_error: false`,
 * `caller: {type: "direct"}`, `type: "custom"` and nulls are left out, `output_format` is `output_config.format`.
 */
export function encodeRequest(conversation: Conversation, context: EncodeRequestContext): EncodedRequest {
  const { facts, signer, report } = context;
  reportForeignExtras(conversation, dialect, report);
  reportUnknown(conversation, report);
  const own = ownExtras(conversation.extras);
  const means = outputMeans(conversation, facts);
  const asked = means === 'tool' ? withOutputTool(conversation) : conversation;
  const { system, turns } = encodeTurns(conversation.messages, facts, { signer, report });
  const instruction = means === 'instruction' ? outputInstruction(conversation.output) : [];
  const { tools, ...chosen } = encodeTools(asked, facts, report);
  const settled = settle(conversation, { tools, ...chosen }, facts, report);
  const plan = continuable(settled.plan, turns, report);
  const systemBlocks = [...billingBlocks(conversation), ...system, ...instruction];
  const config = outputConfig(conversation.output, means === 'native', plan, own);
  const metadata = { ...object(own.metadata), ...endUser(conversation.endUser, report) };
  const body: JsonObject = {
    ...own,
    model: conversation.model,
    max_tokens: plan.maxTokens,
    ...(systemBlocks.length > 0 && { system: contentOf(systemBlocks) }),
    messages: framed(turns, facts, report).map(wireOf),
    ...(tools.length > 0 && { tools }),
    ...(settled.choice && { tool_choice: settled.choice }),
    ...encodeSampling(conversation.sampling, plan.thinking, facts, report),
    ...(plan.thinking && { thinking: { ...plan.thinking, ...thinkingExtras(plan, own) } }),
    ...(config && { output_config: config }),
    ...(Object.keys(metadata).length > 0 && { metadata }),
    ...serviceTier(conversation.serviceTier, report),
    ...(conversation.cache && { cache_control: cacheControl(conversation.cache) }),
    ...(conversation.streaming && { stream: true }),
  };
  const sent = limitMarks(withoutThinking(body, plan), facts, report);
  return { body: sent, headers: headersFor(sent, askedFlags(conversation)) };
}

/** A request that does not think may not speak of thinking in other members either. */
function withoutThinking(body: JsonObject, plan: ThinkingPlan): JsonObject {
  const { thinking, context_management: management, ...rest } = body;
  const edits = list(object(management)?.edits);
  const off = plan.thinking === undefined ? plan.dropped === true : plan.thinking.type === 'disabled';
  const kept = edits.filter((edit) => !off || !(text(object(edit)?.type) ?? '').startsWith('clear_thinking'));
  return {
    ...rest,
    ...(plan.thinking && thinking !== undefined && { thinking }),
    ...(management !== undefined &&
      (kept.length > 0 || edits.length === 0) && {
        context_management: kept.length === edits.length ? management : { ...object(management), edits: kept },
      }),
  };
}

/** What a conversation may say and Messages has no word for. */
function reportUnknown(conversation: Conversation, report: Report): void {
  const drop = (field: string, detail: string) => report({ type: 'dropped', field, detail });
  const { sampling, verbosity, cacheKey, reasoning } = conversation;
  if (sampling.seed !== undefined) drop('sampling.seed', 'Claude takes no seed.');
  if (sampling.presencePenalty) drop('sampling.presencePenalty', 'Claude takes no penalties.');
  if (sampling.frequencyPenalty) drop('sampling.frequencyPenalty', 'Claude takes no penalties.');
  if (sampling.logprobs) drop('sampling.logprobs', 'Claude tells no probabilities.');
  if (sampling.topLogprobs) drop('sampling.topLogprobs', 'Claude tells no probabilities.');
  if (sampling.logitBias) drop('sampling.logitBias', 'Claude takes no bias.');
  if ((sampling.candidates ?? 1) > 1) drop('sampling.candidates', 'Claude gives one reply a request.');
  if (verbosity !== undefined && verbosity !== 'medium')
    drop('verbosity', 'Claude takes no verbosity; ask for it in words.');
  if (cacheKey !== undefined) drop('cacheKey', 'Claude finds cached prefixes by itself.');
  if (reasoning?.summaryDetail && reasoning.summaryDetail !== 'auto')
    drop('reasoning.summaryDetail', 'Claude’s summaries come in one length.');
}

function withOutputTool(conversation: Conversation): Conversation {
  const { output } = conversation;
  if (output?.type !== 'json-schema') return conversation;
  const description = output.description ?? 'Give the answer by calling this tool.';
  const { schema } = inputSchema(output.schema);
  return {
    ...conversation,
    tools: [{ type: 'function', name: outputTool, description, parameters: schema }],
    toolChoice: { type: 'tool', tool: { name: outputTool, kind: 'function' } },
  };
}

function outputInstruction(output: OutputForm | undefined): WireBlock[] {
  if (output?.type === 'json') return [{ type: 'text', text: 'Answer with one JSON object and nothing else.' }];
  if (output?.type !== 'json-schema') return [];
  const words = 'Answer with JSON that follows this schema, and with nothing else:';
  return [{ type: 'text', text: `${words}\n${JSON.stringify(output.schema)}` }];
}

/** C4: while thinking, old models refuse a forced choice. The choice is a contract, thinking a wish: the choice stays. */
function settle(conversation: Conversation, tools: EncodedTools, facts: ModelFacts, report: Report) {
  const { choice } = tools;
  const free = choice?.type !== 'any' && choice?.type !== 'tool';
  if (free || facts.forcedToolChoiceWhileThinking === true)
    return { choice, plan: planThinking(conversation, facts, report) };
  const calmed = facts.thinking?.includes('disabled') === true && thinksOnRequest(conversation);
  if (calmed)
    report({ type: 'dropped', field: 'reasoning', detail: 'This model cannot think and be forced to call a tool.' });
  const asked = calmed ? { ...conversation, reasoning: { mode: 'disabled' as const } } : conversation;
  const plan = planThinking(asked, facts, report);
  if (plan.thinking?.type !== 'enabled' && plan.thinking?.type !== 'adaptive') return { choice, plan };
  report({
    type: 'approximated',
    field: 'toolChoice',
    detail: 'This model cannot think and be forced to call a tool; "auto" was sent.',
  });
  return { choice: { type: 'auto' as const }, plan };
}

/**
 * With a thinking budget, a turn that called tools and now gets their results must begin with its thinking. Where that
 * was lost (another vendor's turn), the request goes on without thinking, as the API would refuse it (Z1).
 */
function continuable(plan: ThinkingPlan, turns: readonly Turn[], report: Report): ThinkingPlan {
  if (plan.thinking?.type !== 'enabled') return plan;
  const last = turns.findLast((turn) => turn.role !== 'system');
  const caller = turns.findLast((turn) => turn.role === 'assistant');
  const type = caller?.content[0]?.type;
  if (!last?.answers || !caller || type === 'thinking' || type === 'redacted_thinking') return plan;
  report({
    type: 'dropped',
    field: 'reasoning',
    detail: 'The turn that called the tools came without its thinking, so that this one cannot think.',
  });
  const { thinking: _, ...rest } = plan;
  return { ...rest, dropped: true };
}

/** A request begins with the user, and ends with the user unless the model takes a prefill (T15). */
function framed(turns: readonly Turn[], facts: ModelFacts, report: Report): readonly Turn[] {
  const out = [...turns];
  if (out[0]?.role !== 'user') {
    out.unshift(spoken('Begin.'));
    report({
      type: 'approximated',
      field: 'messages',
      detail: 'Claude’s conversations begin with the user; a user turn was put first.',
    });
  }
  const last = out.at(-1);
  if (last?.role !== 'assistant' || endsInServerTool(last)) return out;
  if (facts.prefill === true) {
    out[out.length - 1] = { ...last, content: trimmedEnd(last.content) };
    return out;
  }
  report({
    type: 'approximated',
    field: 'messages',
    detail: 'This model does not go on with a turn of its own; it was asked to.',
  });
  return [...out, spoken('Go on exactly where you stopped.')];
}

function spoken(words: string): Turn {
  return { role: 'user', content: [{ type: 'text', text: words }], extras: {} };
}

/** The API refuses a prefill that ends in white space. */
function trimmedEnd(blocks: WireBlock[]): WireBlock[] {
  const last = blocks.at(-1);
  if (last?.type !== 'text' || typeof last.text !== 'string') return blocks;
  const trimmed = last.text.trimEnd();
  return trimmed === '' ? blocks.slice(0, -1) : [...blocks.slice(0, -1), { ...last, text: trimmed }];
}

function billingBlocks(conversation: Conversation): WireBlock[] {
  return list(conversation.extras?.[dialect]?.['@billing']).filter(isObject);
}

/** The beta flags a Messages caller sent along. */
export function askedFlags(conversation: Conversation): readonly string[] {
  return list(conversation.extras?.[dialect]?.['@betas']).filter((flag) => typeof flag === 'string');
}

function outputConfig(
  output: OutputForm | undefined,
  native: boolean,
  plan: ThinkingPlan,
  own: JsonObject,
): JsonObject | undefined {
  const config: WireOutputConfig = { ...(plan.effort && { effort: plan.effort }) };
  if (native && output?.type === 'json-schema')
    config.format = { type: 'json_schema', schema: described(outputSchema(output.schema), output.description) };
  const merged = { ...object(own.output_config), ...config };
  return Object.keys(merged).length > 0 ? merged : undefined;
}

function described(schema: JsonObject, description: string | undefined): JsonObject {
  return description === undefined || schema.description !== undefined ? schema : { ...schema, description };
}

function thinkingExtras(plan: ThinkingPlan, own: JsonObject): JsonObject {
  const thinks = plan.thinking?.type === 'enabled' || plan.thinking?.type === 'adaptive';
  return thinks ? (object(own.thinking) ?? {}) : {};
}

const maxUserId = 256;

/** Q7: an address or an overlong text is refused, and would tell more than it should; its fingerprint is not. */
function endUser(id: string | undefined, report: Report): { user_id?: string } {
  if (id === undefined || id === '') return {};
  const isAddress = /^[^\s@]+@[^\s@]+$/.test(id) || /^\+?[\d\s()-]{7,}$/.test(id);
  if (!isAddress && (id.length <= maxUserId || id.startsWith('{'))) return { user_id: id };
  report({
    type: 'approximated',
    field: 'endUser',
    detail: 'Anthropic wants an opaque id; a fingerprint of it was sent.',
  });
  return { user_id: fingerprint(id) };
}

/** FNV-1a over 64 bits, in hexadecimal. */
function fingerprint(id: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(id)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return `user_${hash.toString(16).padStart(16, '0')}`;
}

function serviceTier(tier: string | undefined, report: Report): { service_tier?: Json } {
  if (tier === undefined) return {};
  if (tier === 'auto') return { service_tier: 'auto' };
  if (tier === 'default' || tier === 'standard_only') return { service_tier: 'standard_only' };
  report({ type: 'dropped', field: 'serviceTier', detail: `Anthropic has no tier ${JSON.stringify(tier)}.` });
  return {};
}
