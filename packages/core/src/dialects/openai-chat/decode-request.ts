import {
  efforts,
  type Conversation,
  type Effort,
  type OutputForm,
  type Reasoning,
  type Sampling,
} from '../../conversation/conversation.ts';
import { Failure } from '../../conversation/failure.ts';
import { boolean, compact, list, number, object, text, type Json, type JsonObject } from '../../json.ts';
import type { DecodeRequestContext } from '../dialect.ts';
import { decodeMessages } from './decode-messages.ts';
import { decodeToolChoice, decodeTools } from './decode-tools.ts';
import { name as dialect } from './vocabulary.ts';

/** A Chat Completions request as a conversation. Members nobody else knows go to its extras. */
export function decodeRequest(body: JsonObject, context: DecodeRequestContext): Conversation {
  const toolChoice = decodeToolChoice(body);
  const reasoning = decodeReasoningControls(body);
  const output = decodeOutput(body.response_format);
  // A legacy reply has room for one call only.
  const legacy = list(body.functions).length > 0 && list(body.tools).length === 0;
  const extras = extrasOf(body, { toolChoice, output, reasoning });
  return {
    model: context.glance.model,
    streaming: context.glance.streaming,
    messages: decodeMessages(body.messages),
    tools: decodeTools(body),
    ...compact({
      toolChoice,
      parallelToolCalls: legacy ? false : boolean(body.parallel_tool_calls),
      // Q3: the newer member wins.
      maxOutputTokens: count(body, 'max_completion_tokens') ?? count(body, 'max_tokens'),
    }),
    sampling: decodeSampling(body),
    ...compact({
      reasoning,
      output,
      verbosity: verbosityOf(body.verbosity),
      endUser: text(body.safety_identifier) ?? text(body.user),
      serviceTier: text(body.service_tier),
      cacheKey: text(body.prompt_cache_key),
    }),
    ...(extras && { extras }),
  };
}

function decodeSampling(body: JsonObject): Sampling {
  return compact({
    temperature: measure(body, 'temperature'),
    topP: measure(body, 'top_p'),
    topK: measure(body, 'top_k'),
    seed: measure(body, 'seed'),
    stopSequences: decodeStop(body.stop),
    presencePenalty: measure(body, 'presence_penalty'),
    frequencyPenalty: measure(body, 'frequency_penalty'),
    candidates: count(body, 'n'),
    logprobs: boolean(body.logprobs),
    topLogprobs: measure(body, 'top_logprobs'),
    logitBias: object(body.logit_bias),
  });
}

/** Q4: a string or a list. */
function decodeStop(stop: Json | undefined): readonly string[] | undefined {
  if (stop === undefined || stop === null) return undefined;
  if (typeof stop === 'string') return [stop];
  const sequences = list(stop).filter((sequence) => typeof sequence === 'string');
  if (!Array.isArray(stop) || sequences.length !== stop.length)
    throw new Failure('bad-request', '"stop" must be a string or a list of strings.', { field: 'stop' });
  return sequences;
}

function measure(body: JsonObject, field: string): number | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (number(value) === undefined) throw new Failure('bad-request', `"${field}" must be a number.`, { field });
  return number(value);
}

function count(body: JsonObject, field: string): number | undefined {
  const value = measure(body, field);
  if (value !== undefined && (!Number.isInteger(value) || value < 1))
    throw new Failure('bad-request', `"${field}" must be a whole number of at least 1.`, { field });
  return value;
}

/** OpenAI's effort, OpenRouter's `reasoning`, and the switches of B3: one wish in four spellings. */
function decodeReasoningControls(body: JsonObject): Reasoning | undefined {
  const openrouter = object(body.reasoning);
  const thinking = object(body.thinking);
  const wanted = boolean(openrouter?.enabled) ?? boolean(body.enable_thinking) ?? switchOf(thinking?.type);
  const effort = effortOf(body.reasoning_effort) ?? effortOf(openrouter?.effort);
  const budgetTokens =
    number(openrouter?.max_tokens) ?? number(body.thinking_budget) ?? number(thinking?.budget_tokens);
  const plain = effort === undefined && budgetTokens === undefined;
  const reasoning: Reasoning = compact({
    mode: wanted === false ? ('disabled' as const) : wanted === true && plain ? ('adaptive' as const) : undefined,
    effort,
    budgetTokens,
    show: openrouter?.exclude === true ? ('none' as const) : undefined,
  });
  return Object.keys(reasoning).length > 0 ? reasoning : undefined;
}

function switchOf(type: Json | undefined): boolean | undefined {
  if (type === 'disabled') return false;
  return type === 'enabled' || type === 'adaptive' || type === 'auto' ? true : undefined;
}

function effortOf(value: Json | undefined): Effort | undefined {
  return efforts.find((effort) => effort === value);
}

function verbosityOf(value: Json | undefined): Conversation['verbosity'] {
  return value === 'low' || value === 'medium' || value === 'high' ? value : undefined;
}

function decodeOutput(format: Json | undefined): OutputForm | undefined {
  const form = object(format);
  if (form?.type === 'text') return { type: 'text' };
  if (form?.type === 'json_object') return { type: 'json' };
  if (form?.type !== 'json_schema') return undefined;
  const described = object(form.json_schema) ?? form;
  const schema = object(described.schema);
  if (!schema)
    throw new Failure('bad-request', '"response_format.json_schema.schema" must be a JSON Schema.', {
      field: 'response_format.json_schema.schema',
    });
  return {
    type: 'json-schema',
    ...compact({ name: text(described.name), description: text(described.description) }),
    schema,
    ...compact({ strict: boolean(described.strict) }),
  };
}

/** Members that the hub has a place for, and those that concern only how a reply travels. */
const hubMembers = new Set(
  [
    'model stream messages tools functions parallel_tool_calls max_completion_tokens max_tokens temperature top_p top_k seed',
    'stop presence_penalty frequency_penalty n logprobs top_logprobs logit_bias web_search_options prompt_cache_key',
    'safety_identifier user stream_options',
  ]
    .join(' ')
    .split(' '),
);

/** Everything else is kept for a way home, also a known member with a value that nobody knows. */
function extrasOf(
  body: JsonObject,
  read: { readonly toolChoice?: unknown; readonly output?: unknown; readonly reasoning?: Reasoning | undefined },
): Conversation['extras'] {
  const understood = new Set<string>();
  if (read.toolChoice) understood.add('tool_choice').add('function_call');
  if (read.output) understood.add('response_format');
  if (typeof body.service_tier === 'string') understood.add('service_tier');
  if (verbosityOf(body.verbosity)) understood.add('verbosity');
  if (effortOf(body.reasoning_effort)) understood.add('reasoning_effort');
  if (read.reasoning)
    for (const member of ['reasoning', 'thinking', 'enable_thinking', 'thinking_budget']) understood.add(member);
  // `store: false` is what every other dialect does anyway.
  if (body.store === false) understood.add('store');
  const rest: Record<string, Json> = {};
  for (const [key, value] of Object.entries(body))
    if (!hubMembers.has(key) && !understood.has(key) && value !== null) rest[key] = value;
  // Both may be given, for abuse checks and for caching; the hub has one.
  if (typeof body.safety_identifier === 'string' && typeof body.user === 'string') rest.user = body.user;
  const obfuscation = object(body.stream_options)?.include_obfuscation;
  if (typeof obfuscation === 'boolean') rest.stream_options = { include_obfuscation: obfuscation };
  return Object.keys(rest).length > 0 ? { [dialect]: rest } : undefined;
}
