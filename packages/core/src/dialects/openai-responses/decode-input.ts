import { Failure } from '../../conversation/failure.ts';
import type { AssistantMessage, Message, Part, ToolMessage, ToolResult } from '../../conversation/message.ts';
import { attachSeals, readSeal, type Attachment } from '../../conversation/seal.ts';
import type { Tool } from '../../conversation/tool.ts';
import { isArray, isObject, text, type Json, type JsonObject } from '../../json.ts';
import { decodeItem, nativeItem, type ItemContext } from './decode-item.ts';
import { decodeContent, malformed, needText } from './parts.ts';
import { decodeTools } from './tools.ts';
import { dialectName, otherMembers, ownExtras } from './vocabulary.ts';

interface DecodedInput {
  readonly messages: readonly Message[];
  /** Those that `additional_tools` items brought (CX2). */
  readonly tools: readonly Tool[];
}

/** Groups the flat list of items into turns (T16). @throws Failure naming the item that is malformed. */
export function decodeInput(input: Json | undefined): DecodedInput {
  const turns = new Turns();
  if (typeof input === 'string')
    turns.add({ role: 'user', parts: [{ type: 'text', text: input, at: 'input' }], at: 'input' });
  else if (isArray(input))
    input.forEach((item, index) => {
      if (!isObject(item)) throw malformed(`input[${index}]`, 'an input item is an object.');
      decodeInputItem(item, `input[${index}]`, turns);
    });
  else if (input !== undefined && input !== null) throw malformed('input', 'it is a string or a list of items.');
  return turns.done();
}

function decodeInputItem(item: JsonObject, at: string, turns: Turns): void {
  switch (item.type) {
    case undefined:
    case null:
    case 'message':
      return decodeMessage(item, at, turns);
    case 'function_call_output':
      return turns.result(decodeResult(item, 'function', at));
    case 'custom_tool_call_output':
      return turns.result(decodeResult(item, 'custom', at));
    case 'additional_tools':
      return turns.tools(item, at);
    case 'item_reference':
      // Nothing is stored here: leaving the item out would make the model forget what it said (R11).
      throw new Failure(
        'bad-request',
        `"${at}" refers to a stored item, and this gateway stores none for this model: send the item itself (store: false).`,
        { field: at },
      );
    case 'function_call':
    case 'custom_tool_call':
      needText(item.name, `${at}.name`);
      needText(item.call_id, `${at}.call_id`);
      break;
    default:
      if (typeof item.type !== 'string') throw malformed(`${at}.type`, 'the type of an item is a string.');
      if (item.type.startsWith('input_'))
        throw malformed(at, `a content part like "${item.type}" stands in the "content" of a message.`);
      if (isClientItem(item)) return turns.add({ role: 'user', parts: [nativeItem(item, at)], at });
  }
  turns.assistant(item, at);
}

const itemMembers = new Set(['type', 'id', 'status', 'role', 'content']);

function decodeMessage(item: JsonObject, at: string, turns: Turns): void {
  const { role } = item;
  if (role === 'assistant') return turns.assistant({ ...item, type: 'message' }, at);
  if (role !== 'user' && role !== 'system' && role !== 'developer')
    throw malformed(`${at}.role`, 'a message comes from "user", "assistant", "system" or "developer".');
  if (item.content === undefined) throw malformed(`${at}.content`, 'a message needs content.');
  const parts = decodeContent(item.content, `${at}.content`);
  const rest = { at, parts, ...ownExtras(otherMembers(item, itemMembers)) };
  if (role === 'user') turns.add({ role, ...rest });
  else turns.add({ role: 'system', authority: role, placement: 'inline', ...rest });
}

/** Items that the client writes in answer to a native one. Calls that the vendor runs are answered in the model's turn. */
function isClientItem(item: JsonObject): boolean {
  const type = text(item.type) ?? '';
  if (type === 'program_output' || item.execution === 'server') return false;
  return type.endsWith('_output') || clientItems.has(type);
}

const clientItems = new Set(['mcp_approval_response', 'compaction_trigger', 'configuration_update']);

const resultMembers = new Set(['type', 'id', 'status', 'call_id', 'output', 'name', 'created_by']);

function decodeResult(item: JsonObject, kind: 'function' | 'custom', at: string): ToolResult {
  const callId = needText(item.call_id, `${at}.call_id`);
  const name = text(item.name);
  return {
    callId,
    ...(name !== undefined && { name }),
    kind,
    content: decodeContent(item.output, `${at}.output`),
    failed: false,
    at,
    ...ownExtras(otherMembers(item, resultMembers)),
  };
}

type Slot = { type: 'turn'; message: Message } | AssistantSlot;

interface AssistantSlot {
  readonly type: 'assistant';
  readonly at: string;
  readonly parts: Part[];
  readonly carried: Map<Part, Attachment>;
  /** The tool turn that answers it: right behind it, wherever the outputs stood. */
  results: ToolResult[] | undefined;
}

class Turns {
  private readonly slots: Slot[] = [];
  private readonly found: Tool[] = [];
  /** Which assistant turn made a call. */
  private readonly calls = new Map<string, AssistantSlot>();

  add(message: Message): void {
    this.slots.push({ type: 'turn', message });
  }

  /** An item of the model's joins the turn that is open, which a user's message or an answer closes. */
  assistant(item: JsonObject, at: string): void {
    const context: ItemContext = { at, readSeal: (field) => readSeal(field, dialectName) };
    const { parts, attachment } = decodeItem(item, context);
    let slot = this.slots.at(-1);
    if (slot?.type !== 'assistant' || slot.results)
      this.slots.push((slot = { type: 'assistant', at, parts: [], carried: new Map(), results: undefined }));
    for (const part of parts) {
      slot.parts.push(part);
      if (attachment) slot.carried.set(part, attachment);
      if (part.type === 'tool-call') this.calls.set(part.id, slot);
    }
  }

  /** An output goes behind the turn that called, even when other messages stand between (T16). */
  result(result: ToolResult): void {
    const slot = this.calls.get(result.callId);
    if (slot) {
      (slot.results ??= []).push(result);
      return;
    }
    const last = this.slots.at(-1);
    if (last?.type === 'turn' && last.message.role === 'tool')
      last.message = { ...last.message, results: [...last.message.results, result] };
    else this.add({ role: 'tool', results: [result], ...(result.at !== undefined && { at: result.at }) });
  }

  /** Tools join the conversation's; a note tells where their item stood, so that it can be written again. */
  tools(item: JsonObject, at: string): void {
    if (!isArray(item.tools)) throw malformed(`${at}.tools`, 'it is a list of tools.');
    const { type: _, tools, ...rest } = item;
    const place = { '@item': { ...rest, before: this.count() } };
    for (const tool of decodeTools(tools, `${at}.tools`))
      this.found.push({ ...tool, ...ownExtras({ ...tool.extras?.[dialectName], ...place }) });
  }

  done(): DecodedInput {
    return { messages: this.slots.flatMap(messagesOf), tools: this.found };
  }

  private count(): number {
    return this.slots.reduce((sum, slot) => sum + (slot.type === 'assistant' && slot.results ? 2 : 1), 0);
  }
}

function messagesOf(slot: Slot): readonly Message[] {
  if (slot.type === 'turn') return [slot.message];
  const turn: AssistantMessage = { role: 'assistant', parts: attachSeals(slot.parts, slot.carried), at: slot.at };
  if (!slot.results) return [turn];
  const at = slot.results[0]?.at;
  const answer: ToolMessage = { role: 'tool', results: slot.results, ...(at !== undefined && { at }) };
  return [turn, answer];
}
