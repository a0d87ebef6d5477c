import {
  efforts,
  type Conversation,
  type Effort,
  type OutputForm,
  type Reasoning,
  type Sampling,
} from '../../conversation/conversation.ts';
import { Failure } from '../../conversation/failure.ts';
import type { SystemMessage } from '../../conversation/message.ts';
import type { Tool } from '../../conversation/tool.ts';
import { boolean, isObject, number, object, text, type Json, type JsonObject } from '../../json.ts';
import type { DecodeRequestContext } from '../dialect.ts';
import { decodeInput } from './decode-input.ts';
import { malformed } from './parts.ts';
import { decodeToolChoice } from './tool-choice.ts';
import { decodeTools } from './tools.ts';
import { encryptedReasoning, includes, otherMembers, outputLogprobs, ownExtras, searchSources } from './vocabulary.ts';

/** Reads the body of POST /v1/responses. @throws Failure `bad-request` naming the field that is malformed. */
export function decodeRequest(body: JsonObject, context: DecodeRequestContext): Conversation {
  refuseStored(body);
  const input = decodeInput(body.input);
  const choice = decodeToolChoice(body.tool_choice);
  const tools: readonly Tool[] = [...decodeTools(body.tools, 'tools'), ...input.tools];
  const instructions = decodeInstructions(body.instructions);
  const reasoning = decodeReasoning(body.reasoning);
  const output = decodeFormat(object(body.text)?.format);
  const verbosity = object(body.text)?.verbosity;
  const parallelToolCalls = needBoolean(body, 'parallel_tool_calls');
  const maxOutputTokens = needNumber(body, 'max_output_tokens');
  const endUser = text(body.safety_identifier) ?? text(body.user);
  const serviceTier = text(body.service_tier);
  const cacheKey = text(body.prompt_cache_key);
  return {
    model: context.glance.model,
    streaming: context.glance.streaming,
    messages: instructions ? [instructions, ...input.messages] : input.messages,
    tools,
    ...(choice && { toolChoice: choice.choice }),
    ...(parallelToolCalls !== undefined && { parallelToolCalls }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    sampling: decodeSampling(body),
    ...(reasoning && { reasoning }),
    ...(output && { output }),
    ...(isVerbosity(verbosity) && { verbosity }),
    ...(endUser !== undefined && { endUser }),
    ...(serviceTier !== undefined && { serviceTier }),
    ...(cacheKey !== undefined && { cacheKey }),
    ...ownExtras(extrasOf(body, choice?.exact)),
  };
}

/** What OpenAI keeps and we do not: ignoring it would make the model forget, so it is refused with the mend (R11). */
const stored = {
  previous_response_id:
    'send the whole conversation in "input" (with store: false and include: ["reasoning.encrypted_content"])',
  conversation: 'send the whole conversation in "input"',
  background: 'send the request without it and read the reply as a stream',
  prompt: 'send the text of the prompt in "instructions" and "input"',
} as const;

function refuseStored(body: JsonObject): void {
  for (const field of Object.keys(stored) as (keyof typeof stored)[]) {
    // the keys of the literal above
    const value = body[field];
    if (value === undefined || value === null || value === false) continue;
    throw new Failure(
      'bad-request',
      `"${field}" needs state that only OpenAI keeps, and this model is served by another API: ${stored[field]}.`,
      { field, code: 'unsupported_parameter' },
    );
  }
}

function decodeInstructions(instructions: Json | undefined): SystemMessage | undefined {
  if (instructions === undefined || instructions === null || instructions === '') return undefined;
  if (typeof instructions !== 'string') throw malformed('instructions', 'it is a string.');
  return {
    role: 'system',
    authority: 'system',
    placement: 'top',
    parts: [{ type: 'text', text: instructions, at: 'instructions' }],
    at: 'instructions',
  };
}

function decodeSampling(body: JsonObject): Sampling {
  const temperature = needNumber(body, 'temperature');
  const topP = needNumber(body, 'top_p');
  const topLogprobs = needNumber(body, 'top_logprobs');
  const logprobs = includes(body).includes(outputLogprobs);
  return {
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...(logprobs && { logprobs }),
    ...(topLogprobs !== undefined && { topLogprobs }),
  };
}

function decodeReasoning(wire: Json | undefined): Reasoning | undefined {
  if (!isObject(wire)) return undefined;
  const effort = efforts.find((known): known is Effort => known === wire.effort);
  // generate_summary is the older name.
  const summary = wire.summary ?? wire.generate_summary;
  const detail = summary === 'auto' || summary === 'concise' || summary === 'detailed' ? summary : undefined;
  const reasoning: Reasoning = {
    ...(effort && { effort }),
    ...(detail && { show: 'summary', summaryDetail: detail }),
  };
  return Object.keys(reasoning).length > 0 ? reasoning : undefined;
}

function decodeFormat(wire: Json | undefined): OutputForm | undefined {
  if (!isObject(wire)) return undefined;
  if (wire.type === 'text') return { type: 'text' };
  if (wire.type === 'json_object') return { type: 'json' };
  if (wire.type !== 'json_schema') return undefined;
  const schema = object(wire.schema);
  if (!schema) throw malformed('text.format.schema', 'it is a JSON Schema, as an object.');
  const name = text(wire.name);
  const description = text(wire.description);
  const strict = boolean(wire.strict);
  return {
    type: 'json-schema',
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description }),
    schema,
    ...(strict !== undefined && { strict }),
  };
}

function isVerbosity(value: Json | undefined): value is 'low' | 'medium' | 'high' {
  return value === 'low' || value === 'medium' || value === 'high';
}

const known = new Set([
  'model',
  'input',
  'instructions',
  'stream',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'max_output_tokens',
  'temperature',
  'top_p',
  'top_logprobs',
  'reasoning',
  'text',
  'safety_identifier',
  'service_tier',
  'prompt_cache_key',
  'include',
  'stream_options',
  'store',
  ...Object.keys(stored),
]);

/** What only this dialect has. Nested members are named by their path; `@` marks what asks for nothing elsewhere. */
function extrasOf(body: JsonObject, exactChoice: JsonObject | undefined): JsonObject {
  const { user, truncation, metadata, ...others } = otherMembers(body, known) ?? {};
  const reasoning = object(body.reasoning);
  const form = object(body.text);
  // Some are asked for whenever they matter, whoever asked.
  const include = includes(body).filter((word) => !askedAnyway.has(word));
  return {
    ...others,
    // Both are the default.
    ...(truncation !== undefined && truncation !== 'disabled' && { truncation }),
    ...(isObject(metadata) && Object.keys(metadata).length > 0 && { metadata }),
    ...(user !== undefined && body.safety_identifier !== undefined && { user }),
    ...(body.store === true && { store: true }),
    ...prefixed('reasoning', otherMembers(reasoning ?? {}, reasoningMembers)),
    ...(unknownEffort(reasoning?.effort) && { 'reasoning.effort': reasoning?.effort ?? null }),
    ...prefixed('text', otherMembers(form ?? {}, textMembers)),
    ...(isObject(form?.format) && !decodeFormat(form.format) && { 'text.format': form.format }),
    ...(form?.verbosity && !isVerbosity(form.verbosity) && { 'text.verbosity': form.verbosity }),
    ...(include.length > 0 && { '@include': include }),
    ...(isObject(body.stream_options) && { '@stream_options': body.stream_options }),
    ...(exactChoice && { '@tool_choice': exactChoice }),
  };
}

const reasoningMembers = new Set(['effort', 'summary', 'generate_summary']);
const textMembers = new Set(['format', 'verbosity']);

const askedAnyway: ReadonlySet<string> = new Set([outputLogprobs, encryptedReasoning, searchSources]);

function prefixed(path: string, members: JsonObject | undefined): JsonObject {
  return Object.fromEntries(Object.entries(members ?? {}).map(([name, value]) => [`${path}.${name}`, value]));
}

function unknownEffort(effort: Json | undefined): boolean {
  return typeof effort === 'string' && !efforts.some((word) => word === effort);
}

function needNumber(body: JsonObject, field: string): number | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  const found = number(value);
  if (found === undefined) throw malformed(field, 'it is a number.');
  return found;
}

function needBoolean(body: JsonObject, field: string): boolean | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  const found = boolean(value);
  if (found === undefined) throw malformed(field, 'it is true or false.');
  return found;
}
