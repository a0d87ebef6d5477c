import type { Conversation, OutputForm, Sampling } from '../../conversation/conversation.ts';
import type { Report } from '../../conversation/notice.ts';
import { list, object, type Json, type JsonObject } from '../../json.ts';
import type { ModelFacts } from '../../models/model-facts.ts';
import { isRecursive, outputSchema } from '../claude-schema.ts';
import type { EncodedRequest, EncodeRequestContext } from '../dialect.ts';
import { reportForeignExtras } from '../foreign.ts';
import { limitPoints } from './cache-points.ts';
import { cachePoint } from './encode-blocks.ts';
import { planReasoning, type ReasoningPlan } from './reasoning.ts';
import { encodeTools } from './tools.ts';
import { encodeTurns } from './turns.ts';
import { dialect, ownExtras } from './vocabulary.ts';
import type {
  WireBlock,
  WireInferenceConfig,
  WireMessage,
  WireOutputConfig,
  WireRequest,
  WireServiceTier,
} from './wire.ts';

/** A Conversation as a Converse request. The model is not in it: it stands in the path. */
export function encodeRequest(conversation: Conversation, context: EncodeRequestContext): EncodedRequest {
  const { facts, signer, report } = context;
  reportForeignExtras(conversation, dialect, report);
  reportUnknown(conversation, report);
  const own = ownExtras(conversation.extras);
  const { system, turns, answers } = encodeTurns(conversation.messages, { signer, facts, report, names: new Set() });
  const toolConfig = encodeTools(conversation, facts, report);
  const plan = planReasoning(conversation, toolConfig, { turns, answers }, facts, report);
  const native = outputIsNative(conversation.output, facts);
  const systemBlocks = [...system, ...(native ? [] : outputInstruction(conversation.output, report))];
  const inferenceConfig = encodeLimits(conversation, plan, facts, report);
  const outputConfig = encodeOutput(native ? conversation.output : undefined, plan);
  const fields = additionalFields(conversation, plan, facts, report, object(own.additionalModelRequestFields));
  const paths = [
    ...(asksForStop(inferenceConfig, facts) ? ['/stop_sequence'] : []),
    ...list(own.additionalModelResponseFieldPaths),
  ];
  const body: WireRequest & JsonObject = {
    ...own,
    ...(systemBlocks.length > 0 && { system: systemBlocks }),
    messages: markedEnd(turns, conversation, facts),
    ...(Object.keys(inferenceConfig).length > 0 && { inferenceConfig }),
    ...(toolConfig && { toolConfig }),
    ...(outputConfig && { outputConfig }),
    ...serviceTier(conversation.serviceTier, report),
    ...(paths.length > 0 && { additionalModelResponseFieldPaths: paths as string[] }), // a caller's own, as it was
  };
  const { additionalModelRequestFields: _, ...rest } = body;
  const sent = Object.keys(fields).length > 0 ? { ...rest, additionalModelRequestFields: fields } : rest;
  if (facts.cacheBreakpoints !== true && wantsCache(conversation))
    report({ type: 'dropped', field: 'cache', detail: 'This model is not known to take cache points.' });
  return { body: limitPoints(sent, report) };
}

/** What a conversation may say and Converse has no word for. */
function reportUnknown(conversation: Conversation, report: Report): void {
  const drop = (field: string, detail: string) => report({ type: 'dropped', field, detail });
  const { sampling, verbosity, cacheKey, reasoning, endUser } = conversation;
  if (sampling.seed !== undefined) drop('sampling.seed', 'Converse takes no seed.');
  if (sampling.presencePenalty) drop('sampling.presencePenalty', 'Converse takes no penalties.');
  if (sampling.frequencyPenalty) drop('sampling.frequencyPenalty', 'Converse takes no penalties.');
  if (sampling.logprobs) drop('sampling.logprobs', 'Converse tells no probabilities.');
  if (sampling.topLogprobs) drop('sampling.topLogprobs', 'Converse tells no probabilities.');
  if (sampling.logitBias) drop('sampling.logitBias', 'Converse takes no bias.');
  if ((sampling.candidates ?? 1) > 1) drop('sampling.candidates', 'Converse gives one reply a request.');
  if (verbosity !== undefined && verbosity !== 'medium') drop('verbosity', 'Converse takes no verbosity.');
  if (cacheKey !== undefined) drop('cacheKey', 'Bedrock finds cached prefixes by itself.');
  if (endUser !== undefined) drop('endUser', 'Converse is not told who the end user is.');
  if (reasoning?.summaryDetail && reasoning.summaryDetail !== 'auto')
    drop('reasoning.summaryDetail', 'Summaries come in one length.');
}

function encodeLimits(
  { maxOutputTokens, sampling }: Conversation,
  plan: ReasoningPlan,
  facts: ModelFacts,
  report: Report,
): WireInferenceConfig {
  const out: WireInferenceConfig = {};
  const limit = plan.maxTokens ?? maxOutputTokens;
  if (limit !== undefined) out.maxTokens = Math.min(limit, facts.maxOutputTokens ?? limit);
  if (plan.maxTokens === undefined && limit !== undefined && out.maxTokens !== limit)
    report({
      type: 'approximated',
      field: 'maxOutputTokens',
      detail: `${limit} became ${out.maxTokens}, the model's own limit.`,
    });
  return { ...out, ...encodeSampling(sampling, plan, facts, report) };
}

/** Q1, Q4: Converse takes temperatures up to 1; new Claude models take none, nor may one steer a thinking one. */
function encodeSampling(
  sampling: Sampling,
  plan: ReasoningPlan,
  facts: ModelFacts,
  report: Report,
): WireInferenceConfig {
  const drop = (field: string, detail: string) => report({ type: 'dropped', field: `sampling.${field}`, detail });
  const out: WireInferenceConfig = {};
  const { temperature, topP, stopSequences = [] } = sampling;
  if (temperature !== undefined) {
    if (facts.sampling === false) drop('temperature', 'This model takes no sampling parameters.');
    else if (plan.thinks && temperature !== 1) drop('temperature', 'No temperature but 1 while thinking.');
    else out.temperature = Math.min(temperature, 1);
    if (out.temperature !== undefined && out.temperature !== temperature)
      report({
        type: 'approximated',
        field: 'sampling.temperature',
        detail: `${temperature} became 1, the highest here.`,
      });
  }
  if (topP !== undefined) {
    if (facts.sampling === false) drop('topP', 'This model takes no sampling parameters.');
    else if (plan.thinks && topP < 0.95) drop('topP', 'No top_p below 0.95 while thinking.');
    else if (out.temperature !== undefined && facts.oneOfTemperatureAndTopP === true)
      drop('topP', 'This model takes one of temperature and top_p.');
    else out.topP = topP;
  }
  const stops = facts.stopSequences === false ? [] : stopSequences.filter((stop) => stop.trim() !== '');
  if (stops.length < stopSequences.length) drop('stopSequences', 'No stop sequences of white space alone are taken.');
  return { ...out, ...(stops.length > 0 && { stopSequences: stops }) };
}

/** F7: Claude can tell at which sequence it stopped, when asked to. */
function asksForStop({ stopSequences }: WireInferenceConfig, facts: ModelFacts): boolean {
  return stopSequences !== undefined && facts.converseReasoning === 'thinking';
}

/** B2: what Converse has no member for goes to the model in fields of its own. */
function additionalFields(
  conversation: Conversation,
  plan: ReasoningPlan,
  facts: ModelFacts,
  report: Report,
  own: JsonObject | undefined,
): JsonObject {
  const { sampling, parallelToolCalls, tools } = conversation;
  const fields: Record<string, Json> = { ...own, ...plan.fields };
  if (sampling.topK !== undefined) {
    if (facts.converseTopK === undefined || facts.sampling === false || plan.thinks)
      report({ type: 'dropped', field: 'sampling.topK', detail: 'This model takes no top_k here.' });
    else if (facts.converseTopK === 'top_k') fields.top_k = sampling.topK;
    else fields.inferenceConfig = { topK: sampling.topK };
  }
  if (parallelToolCalls === false && tools.length > 0) {
    const claude = facts.converseReasoning === 'thinking';
    if (claude) fields.tool_choice = { type: 'auto', disable_parallel_tool_use: true };
    else report({ type: 'dropped', field: 'parallelToolCalls', detail: 'This model calls as many tools as it likes.' });
  }
  return fields;
}

/** O1, O2: by the API where the model is known to take it and the schema keeps within its subset, else in words. */
function outputIsNative(output: OutputForm | undefined, facts: ModelFacts): boolean {
  return output?.type === 'json-schema' && facts.structuredOutput === true && !isRecursive(output.schema);
}

function encodeOutput(output: OutputForm | undefined, plan: ReasoningPlan): WireOutputConfig | undefined {
  const config: WireOutputConfig = { ...(plan.effort !== undefined && { effort: plan.effort }) };
  if (output?.type === 'json-schema') {
    const { name, description, schema } = output;
    const jsonSchema = {
      schema: JSON.stringify(outputSchema(schema)),
      ...(name !== undefined && { name }),
      ...(description !== undefined && { description }),
    };
    config.textFormat = { type: 'json_schema', structure: { jsonSchema } };
  }
  return Object.keys(config).length > 0 ? config : undefined;
}

function outputInstruction(output: OutputForm | undefined, report: Report): WireBlock[] {
  if (!output || output.type === 'text') return [];
  report({
    type: 'approximated',
    field: 'output',
    detail: 'This model was asked in words for the form of its answer.',
  });
  if (output.type === 'json') return [{ text: 'Answer with one JSON object and nothing else.' }];
  return [
    { text: `Answer with JSON that follows this schema, and with nothing else:\n${JSON.stringify(output.schema)}` },
  ];
}

function serviceTier(tier: string | undefined, report: Report): { serviceTier?: { type: WireServiceTier } } {
  if (tier === undefined || tier === 'auto') return {};
  if (tier === 'default' || tier === 'flex' || tier === 'priority' || tier === 'reserved')
    return { serviceTier: { type: tier } };
  report({ type: 'dropped', field: 'serviceTier', detail: `Bedrock has no tier ${JSON.stringify(tier)}.` });
  return {};
}

/** Anthropic's automatic breakpoint is a cache point behind the last turn. */
function markedEnd(turns: WireMessage[], { cache }: Conversation, facts: ModelFacts): WireMessage[] {
  const last = turns.at(-1);
  if (!cache || !last || facts.cacheBreakpoints !== true || isPoint(last.content.at(-1))) return turns;
  return [...turns.slice(0, -1), { ...last, content: [...last.content, { cachePoint: cachePoint(cache) }] }];
}

function isPoint(block: WireBlock | undefined): boolean {
  return block !== undefined && 'cachePoint' in block;
}

function wantsCache({ cache, tools, messages }: Conversation): boolean {
  if (cache !== undefined || tools.some((tool) => tool.cache)) return true;
  return messages.some((message) =>
    message.role === 'tool' ? message.results.some((result) => result.cache) : message.parts.some((part) => part.cache),
  );
}
