import type { Conversation, Effort, OutputForm, Reasoning, Sampling } from '../../conversation/conversation.ts';
import { efforts } from '../../conversation/conversation.ts';
import { Failure } from '../../conversation/failure.ts';
import type { Message, Part, ToolResult } from '../../conversation/message.ts';
import {
  boolean,
  isArray,
  isObject,
  list,
  number,
  object,
  text,
  tryParseJson,
  type Json,
  type JsonObject,
} from '../../json.ts';
import type { DecodeRequestContext } from '../dialect.ts';
import { cacheOf, decodeBlocks, placed, type BlockReader, type PlacedBlock } from './decode-blocks.ts';
import { decodeToolChoice, decodeTools } from './tools.ts';
import { extrasOf, leftover } from './vocabulary.ts';

/**
 * A Converse request as a Conversation. Nobody knocks here with one yet: it is the encoder's mirror, by which the laws hold
 * what we write to what it means.
 */
export function decodeRequest(body: JsonObject, { glance }: DecodeRequestContext): Conversation {
  if (!isArray(body.messages)) throw bad('"messages" must be a list of turns.', 'messages');
  const system = decodeBlocks(placed(body.system, 'system'), reader);
  const fields = object(body.additionalModelRequestFields) ?? {};
  const limits = object(body.inferenceConfig) ?? {};
  const tools = decodeTools(object(body.toolConfig), reader.fault);
  const serial = boolean(object(fields.tool_choice)?.disable_parallel_tool_use);
  const maxOutputTokens = number(limits.maxTokens);
  const reasoning = decodeReasoning(body, fields);
  const output = decodeOutput(body);
  const tier = text(object(body.serviceTier)?.type);
  return {
    model: glance.model,
    streaming: glance.streaming,
    messages: [
      ...(system.length > 0
        ? [
            {
              role: 'system' as const,
              authority: 'system' as const,
              placement: 'top' as const,
              parts: system,
              at: 'system',
            },
          ]
        : []),
      ...body.messages.flatMap((message, index) => decodeMessage(message, `messages[${index}]`)),
    ],
    tools,
    ...decodeToolChoice(object(body.toolConfig)),
    ...(serial !== undefined && { parallelToolCalls: !serial }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    sampling: decodeSampling(limits, fields),
    ...(reasoning && { reasoning }),
    ...(output && { output }),
    ...(tier !== undefined && { serviceTier: tier }),
    ...extrasOf(requestExtras(body, fields, list(limits.stopSequences).length > 0)),
  };
}

const reader: BlockReader = { fault: bad };

function bad(message: string, field: string): Failure {
  return new Failure('bad-request', message, { field });
}

function decodeMessage(message: Json, at: string): readonly Message[] {
  if (!isObject(message) || !isArray(message.content))
    throw bad(`"${at}" must be an object with a role and a list "content".`, at);
  const blocks = placed(message.content, `${at}.content`);
  switch (message.role) {
    case 'assistant':
      return [{ role: 'assistant', parts: decodeBlocks(blocks, reader), at }];
    case 'system':
      return [{ role: 'system', authority: 'system', placement: 'inline', parts: decodeBlocks(blocks, reader), at }];
    case 'user':
      return decodeUser(blocks, at);
    default:
      throw bad(`"${at}.role" must be "user" or "assistant".`, `${at}.role`);
  }
}

/** The results come first, as a turn of their own; a cache point right behind one marks it. */
function decodeUser(blocks: readonly PlacedBlock[], at: string): readonly Message[] {
  const results: ToolResult[] = [];
  const others: PlacedBlock[] = [];
  for (const { block, at: place } of blocks) {
    const mark = isObject(block) ? cacheOf(block) : undefined;
    const last = results.at(-1);
    if (isObject(block) && isObject(block.toolResult)) results.push(decodeResult(block.toolResult, place));
    else if (mark && last && others.length === 0) results[results.length - 1] = { ...last, cache: mark };
    else others.push({ block, at: place });
  }
  const parts: readonly Part[] = decodeBlocks(others, reader);
  const turn: Message = { role: 'user', parts, at };
  if (results.length === 0) return [turn];
  return [{ role: 'tool', results, at }, ...(parts.length > 0 ? [turn] : [])];
}

function decodeResult(result: JsonObject, at: string | undefined): ToolResult {
  const callId = text(result.toolUseId);
  if (callId === undefined) throw bad(`"${at}.toolResult.toolUseId" must name the call that is answered.`, `${at}`);
  const [only, ...more] = list(result.content);
  const structured = more.length === 0 ? object(object(only)?.json) : undefined;
  return {
    callId,
    kind: 'function',
    content: decodeBlocks(placed(result.content, `${at}.toolResult.content`), reader),
    ...(structured && { structured }),
    failed: result.status === 'error',
    ...(at !== undefined && { at }),
    ...extrasOf(leftover(result, ['toolUseId', 'content', 'status'])),
  };
}

function decodeSampling(limits: JsonObject, fields: JsonObject): Sampling {
  const temperature = number(limits.temperature);
  const topP = number(limits.topP);
  const topK = number(fields.top_k) ?? number(object(fields.inferenceConfig)?.topK);
  const stopSequences = list(limits.stopSequences).filter((stop) => typeof stop === 'string');
  return {
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...(topK !== undefined && { topK }),
    ...(stopSequences.length > 0 && { stopSequences }),
  };
}

function decodeReasoning(body: JsonObject, fields: JsonObject): Reasoning | undefined {
  const thinking = object(fields.thinking);
  const nova = object(fields.reasoningConfig);
  const written = object(body.outputConfig)?.effort ?? fields.reasoning_effort ?? nova?.maxReasoningEffort;
  const effort: Effort | undefined = efforts.find((known) => known === written);
  const type = text(thinking?.type) ?? text(nova?.type);
  const mode = type === 'adaptive' || type === 'disabled' ? type : type === 'between_tools' ? 'disabled' : undefined;
  const budgetTokens = thinking?.type === 'enabled' ? number(thinking.budget_tokens) : undefined;
  const show = thinking?.display === 'summarized' ? 'summary' : thinking?.display === 'omitted' ? 'none' : undefined;
  if (!mode && effort === undefined && budgetTokens === undefined && !show) return undefined;
  return {
    ...(mode && { mode }),
    ...(effort !== undefined && { effort }),
    ...(budgetTokens !== undefined && { budgetTokens }),
    ...(show && { show }),
  };
}

/** O1: the schema is a JSON text here. */
function decodeOutput(body: JsonObject): OutputForm | undefined {
  const format = object(object(body.outputConfig)?.textFormat);
  const definition = object(object(format?.structure)?.jsonSchema);
  const schema = tryParseJson(text(definition?.schema) ?? '');
  if (!isObject(schema)) return undefined;
  const name = text(definition?.name);
  const description = text(definition?.description);
  return {
    type: 'json-schema',
    schema,
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description }),
  };
}

const hubMembers = [
  ...['modelId', 'messages', 'system', 'inferenceConfig', 'toolConfig', 'additionalModelRequestFields', 'serviceTier'],
  ...['outputConfig'],
];
const hubFields = ['thinking', 'top_k', 'inferenceConfig', 'reasoning_effort', 'reasoningConfig', 'tool_choice'];

function requestExtras(body: JsonObject, fields: JsonObject, stops: boolean): JsonObject {
  const { additionalModelResponseFieldPaths: paths, ...rest } = leftover(body, hubMembers) ?? {};
  // Which stop sequence it was is asked for whenever there are any.
  const others = list(paths).filter((path) => !(stops && path === '/stop_sequence'));
  const more = leftover(fields, hubFields);
  return {
    ...rest,
    ...(others.length > 0 && { additionalModelResponseFieldPaths: others }),
    ...(more && { additionalModelRequestFields: more }),
  };
}
