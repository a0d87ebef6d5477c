import type { Conversation, Reasoning, Sampling } from '../../conversation/conversation.ts';
import type { Report } from '../../conversation/notice.ts';
import { isObject, type JsonObject } from '../../json.ts';
import type { ModelFacts } from '../../models/model-facts.ts';
import { toOpenApiSchema } from './schema.ts';
import { budgetOfEffort, effortOfBudget, levelOfEffort } from './vocabulary.ts';
import type { GenerationConfig, ThinkingConfig } from './wire.ts';

/** `generationConfig` as the model takes it; undefined when nothing was asked for. */
export function encodeConfig(
  conversation: Conversation,
  own: JsonObject | undefined,
  facts: ModelFacts,
  report: Report,
): GenerationConfig | undefined {
  const thinking = conversation.reasoning && encodeThinking(conversation.reasoning, facts, report);
  const ownThinking = own?.['thinkingConfig'];
  const thinkingConfig = { ...(isObject(ownThinking) && ownThinking), ...thinking };
  const config = {
    ...own,
    ...encodeSampling(conversation.sampling, facts, report),
    ...encodeLimit(conversation.maxOutputTokens, facts, report),
    ...encodeOutput(conversation, facts, report),
    ...(Object.keys(thinkingConfig).length > 0 && { thinkingConfig }),
  };
  return Object.keys(config).length > 0 ? config : undefined;
}

/** ≤ 5 [K]: Q4. */
const maxStopSequences = 5;

function encodeSampling(sampling: Sampling, facts: ModelFacts, report: Report): GenerationConfig {
  const drop = (field: string, detail: string) => report({ type: 'dropped', field: `sampling.${field}`, detail });
  const { temperature, topP, topK, seed, stopSequences, candidates, logprobs, topLogprobs, logitBias } = sampling;
  const maxTemperature = facts.maxTemperature ?? 2;
  if (temperature !== undefined && temperature > maxTemperature && facts.sampling !== false)
    report({
      type: 'approximated',
      field: 'sampling.temperature',
      detail: `The model takes at most ${maxTemperature}.`,
    });
  if (facts.sampling === false)
    for (const name of ['temperature', 'topP', 'topK'] as const)
      if (sampling[name] !== undefined) drop(name, 'The model chooses its own sampling.');
  if (logitBias) drop('logitBias', 'Gemini has no bias for single tokens.');
  const takesStops = facts.stopSequences !== false;
  if (stopSequences && !takesStops) drop('stopSequences', 'The model takes no stop sequences.');
  else if (stopSequences && stopSequences.length > maxStopSequences)
    report({
      type: 'approximated',
      field: 'sampling.stopSequences',
      detail: `Gemini takes at most ${maxStopSequences}; the first ones were sent.`,
    });
  return {
    ...(facts.sampling !== false && {
      ...(temperature !== undefined && { temperature: Math.min(temperature, maxTemperature) }),
      ...(topP !== undefined && { topP }),
      ...(topK !== undefined && { topK }),
    }),
    ...(seed !== undefined && { seed }),
    ...(stopSequences && takesStops && { stopSequences: stopSequences.slice(0, maxStopSequences) }),
    ...penalty('presencePenalty', sampling, facts, drop),
    ...penalty('frequencyPenalty', sampling, facts, drop),
    ...(candidates !== undefined && { candidateCount: candidates }),
    ...(logprobs !== undefined && { responseLogprobs: logprobs }),
    ...(topLogprobs !== undefined && { logprobs: topLogprobs }),
  };
}

/** Any other value than 0 is a 400 on most models: "Penalty is not enabled for this model" (google-gemini/cookbook#1290). */
function penalty(
  name: 'presencePenalty' | 'frequencyPenalty',
  sampling: Sampling,
  facts: ModelFacts,
  drop: (field: string, detail: string) => void,
): GenerationConfig {
  const value = sampling[name];
  if (value === undefined) return {};
  if (value === 0 || facts.penalties) return { [name]: value };
  drop(name, 'The model takes no penalties.');
  return {};
}

function encodeLimit(maximum: number | undefined, facts: ModelFacts, report: Report): GenerationConfig {
  if (maximum === undefined) return {};
  if (facts.maxOutputTokens === undefined || maximum <= facts.maxOutputTokens) return { maxOutputTokens: maximum };
  const detail = `The model writes at most ${facts.maxOutputTokens} tokens.`;
  report({ type: 'approximated', field: 'maxOutputTokens', detail });
  return { maxOutputTokens: facts.maxOutputTokens };
}

function encodeOutput(conversation: Conversation, facts: ModelFacts, report: Report): GenerationConfig {
  const form = conversation.output;
  if (!form) return {};
  if (form.type === 'text') return { responseMimeType: 'text/plain' };
  if (!outputFormFits(conversation, facts)) {
    const detail =
      'The model takes no JSON output beside function tools; it was asked for in the instructions instead.';
    report({ type: 'approximated', field: 'output', detail });
    return {};
  }
  const json = { responseMimeType: 'application/json' };
  if (form.type === 'json') return json;
  if (form.description !== undefined)
    report({ type: 'dropped', field: 'output.description', detail: 'Gemini has no description beside the schema.' });
  return facts.jsonSchema
    ? { ...json, responseJsonSchema: form.schema }
    : { ...json, responseSchema: toOpenApiSchema(form.schema) };
}

/**
 * O4: before Gemini 3, "Function calling with a response mime type: 'application/json' is unsupported". Levels of thinking
 * came with the same generation, so they tell it.
 */
export function outputFormFits(conversation: Conversation, facts: ModelFacts): boolean {
  const callsFunctions = conversation.tools.some((tool) => tool.type === 'function' || tool.type === 'custom');
  return !callsFunctions || facts.thinkingControl === 'level';
}

/** Z12: a level or a budget, by model, never both; Z13: whether thoughts are shown is a matter of its own. */
function encodeThinking(reasoning: Reasoning, facts: ModelFacts, report: Report): ThinkingConfig | undefined {
  const { mode, effort, budgetTokens, show, summaryDetail } = reasoning;
  if (summaryDetail && summaryDetail !== 'auto')
    report({
      type: 'approximated',
      field: 'reasoning.summaryDetail',
      detail: 'Gemini chooses how detailed its summaries are.',
    });
  const off = mode === 'disabled' || effort === 'none';
  if (facts.thinkingControl === undefined || facts.thinkingControl === 'none') {
    const asked = effort !== undefined || budgetTokens !== undefined || mode === 'adaptive' || show === 'summary';
    if (asked && !off) report({ type: 'dropped', field: 'reasoning', detail: 'The model is not known to think.' });
    return undefined;
  }
  const amount =
    facts.thinkingControl === 'level' ? level(reasoning, off, facts, report) : budget(reasoning, off, facts, report);
  // Thoughts of a model that may not think are an INVALID_ARGUMENT.
  const include = amount.thinkingBudget === 0 ? undefined : show;
  return { ...(include && { includeThoughts: include === 'summary' }), ...amount };
}

function level({ effort, budgetTokens }: Reasoning, off: boolean, facts: ModelFacts, report: Report): ThinkingConfig {
  const wanted = off ? 'none' : (effort ?? (budgetTokens === undefined ? undefined : effortOfBudget(budgetTokens)));
  if (wanted === undefined) return {};
  const thinkingLevel = levelOfEffort(wanted, facts.efforts);
  if (thinkingLevel.toLowerCase() !== wanted)
    report({
      type: 'approximated',
      field: 'reasoning',
      detail: `The nearest thinking level of the model is ${thinkingLevel}.`,
    });
  return { thinkingLevel };
}

function budget(
  { mode, effort, budgetTokens }: Reasoning,
  off: boolean,
  facts: ModelFacts,
  report: Report,
): ThinkingConfig {
  const least = facts.minThinkingBudget ?? 0;
  const most = facts.maxThinkingBudget ?? 24_576;
  if (off) {
    if (!facts.alwaysThinks) return { thinkingBudget: 0 };
    report({ type: 'approximated', field: 'reasoning', detail: `The model thinks with at least ${least} tokens.` });
    return { thinkingBudget: least };
  }
  const wanted = budgetTokens ?? (effort === undefined ? undefined : Math.min(budgetOfEffort(effort), most));
  if (wanted === undefined) return mode === 'adaptive' ? { thinkingBudget: -1 } : {};
  const thinkingBudget = Math.min(Math.max(wanted, least), most);
  if (thinkingBudget !== wanted)
    report({ type: 'approximated', field: 'reasoning', detail: `The model thinks with ${least} to ${most} tokens.` });
  return { thinkingBudget };
}
