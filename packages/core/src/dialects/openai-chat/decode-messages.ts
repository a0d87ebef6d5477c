import { Failure } from '../../conversation/failure.ts';
import type {
  Extras,
  Message,
  Part,
  Seal,
  ToolCallKind,
  ToolCallPart,
  ToolResult,
} from '../../conversation/message.ts';
import { readSeal } from '../../conversation/seal.ts';
import { isObject, list, object, text, type Json, type JsonObject } from '../../json.ts';
import { cacheOf, decodeContent } from './content.ts';
import { decodeReasoning } from './reasoning.ts';
import { geminiSigner, name as dialect } from './vocabulary.ts';

/** The turns of a request. Neighbouring `tool` messages become one tool turn, as they answer one assistant turn. */
export function decodeMessages(value: Json | undefined): readonly Message[] {
  if (!Array.isArray(value))
    throw new Failure('bad-request', 'Missing "messages": give the turns of the conversation as a list.', {
      field: 'messages',
    });
  const calls = callBook();
  const messages: Message[] = [];
  list(value).forEach((entry, index) => {
    const at = `messages[${index}]`;
    if (!isObject(entry)) throw new Failure('bad-request', `"${at}" must be an object with a "role".`, { field: at });
    const message = decodeMessage(entry, at, index, calls);
    const last = messages.at(-1);
    if (message.role === 'tool' && last?.role === 'tool')
      messages[messages.length - 1] = { ...last, results: [...last.results, ...message.results] };
    else messages.push(message);
  });
  return messages;
}

function decodeMessage(entry: JsonObject, at: string, index: number, calls: CallBook): Message {
  const extras = extrasOf(entry);
  switch (entry.role) {
    case 'system':
    case 'developer':
      return {
        role: 'system',
        authority: entry.role,
        placement: 'inline',
        parts: marked(entry, decodeContent(entry.content, `${at}.content`)),
        at,
        // The hub keeps a name for users and assistants only.
        ...withName(extras, text(entry.name)),
      };
    case 'user':
      return {
        role: 'user',
        parts: marked(entry, decodeContent(entry.content, `${at}.content`)),
        ...nameOf(entry),
        at,
        ...extras,
      };
    case 'assistant':
    case 'model':
      return { role: 'assistant', parts: assistantParts(entry, at, index, calls), ...nameOf(entry), at, ...extras };
    case 'tool':
    case 'function':
      return { role: 'tool', results: [decodeResult(entry, at, calls)], at };
    default:
      throw new Failure(
        'bad-request',
        `Unknown role in "${at}.role": use system, developer, user, assistant or tool.`,
        { field: `${at}.role` },
      );
  }
}

function assistantParts(entry: JsonObject, at: string, index: number, calls: CallBook): readonly Part[] {
  const { parts: reasoning, textSeal } = decodeReasoning(entry, dialect, at);
  const content = marked(entry, decodeContent(entry.content, `${at}.content`));
  const refusal = text(entry.refusal);
  const audio = text(object(entry.audio)?.id);
  return [
    ...reasoning,
    ...(textSeal ? sealText(content, textSeal) : content),
    ...(refusal ? [{ type: 'refusal', text: refusal, at: `${at}.refusal` } as const] : []),
    ...(audio === undefined
      ? []
      : [{ type: 'native', dialect, value: { type: 'audio', id: audio }, at: `${at}.audio` } as const]),
    ...decodeCalls(entry, at, index, calls),
  ];
}

/** The seal goes to the last text, where there is one. */
function sealText(parts: readonly Part[], seal: Seal): readonly Part[] {
  const last = parts.findLastIndex((part) => part.type === 'text');
  if (last < 0) return [...parts, { type: 'text', text: '', seal }];
  return parts.map((part, index) => (index === last && part.type === 'text' ? { ...part, seal } : part));
}

function decodeCalls(entry: JsonObject, at: string, index: number, calls: CallBook): readonly Part[] {
  const parts = list(entry.tool_calls).map((value, number): Part => {
    const place = `${at}.tool_calls[${number}]`;
    const call = object(value);
    const decoded = call && decodeCall(call, `call_${index}_${number}`, place);
    if (decoded) return decoded;
    if (!call) throw new Failure('bad-request', `"${place}" must be an object.`, { field: place });
    return { type: 'native', dialect, value: call, at: place };
  });
  const legacy = object(entry.function_call);
  if (legacy && parts.length === 0) {
    // The old form has no ids; one made from the position is the same in every turn (T6, P4).
    const place = `${at}.function_call`;
    const decoded = decodeCall({ function: legacy }, `call_${index}_0`, place);
    if (decoded) parts.push(decoded);
  }
  for (const part of parts) if (part.type === 'tool-call') calls.add(part);
  return parts;
}

/** One entry of `tool_calls`; undefined when it names no tool. */
function decodeCall(call: JsonObject, fallbackId: string, at?: string): ToolCallPart | undefined {
  const custom = object(call.custom);
  const body = custom ?? object(call.function);
  const name = text(body?.name);
  if (!body || name === undefined || name === '') return undefined;
  const kind: ToolCallKind = custom ? 'custom' : 'function';
  const seal = callSeal(call);
  return {
    type: 'tool-call',
    id: text(call.id) || fallbackId,
    name,
    kind,
    arguments: custom ? (text(custom.input) ?? '') : argumentsOf(body.arguments),
    ...(seal && { seal }),
    ...(at !== undefined && { at }),
  };
}

/** Z6: Google signs calls in `extra_content`; foreign seals come back there in our envelope. */
export function callSeal(call: JsonObject): Seal | undefined {
  const field = text(object(object(call.extra_content)?.google)?.thought_signature);
  return field ? readSeal(field, geminiSigner).seal : undefined;
}

/** T9, D7: arguments are JSON text; missing, null and empty ones are an empty object, and Ollama sends the object itself. */
function argumentsOf(value: Json | undefined): string {
  if (typeof value === 'string') {
    const written = value.trim();
    return written === '' || written === 'null' ? '{}' : value;
  }
  return value === undefined || value === null ? '{}' : JSON.stringify(value);
}

function decodeResult(entry: JsonObject, at: string, calls: CallBook): ToolResult {
  const name = text(entry.name);
  const call = entry.role === 'function' ? calls.nextOf(name ?? '') : calls.get(text(entry.tool_call_id) ?? '');
  const callId = entry.role === 'function' ? (call?.id ?? '') : (text(entry.tool_call_id) ?? '');
  const content = decodeContent(entry.content, `${at}.content`);
  return {
    callId,
    // The call tells the name better, where there is one.
    ...(!call && name !== undefined && { name }),
    kind: call?.kind ?? 'function',
    content,
    failed: false,
    at,
    ...cacheOf(entry),
    ...extrasOf(entry),
  };
}

interface CallBook {
  add(call: ToolCallPart): void;
  get(id: string): ToolCallPart | undefined;
  /** The oldest unanswered call of a name: the legacy `function` role has no ids. */
  nextOf(name: string): ToolCallPart | undefined;
}

function callBook(): CallBook {
  const byId = new Map<string, ToolCallPart>();
  const waiting: ToolCallPart[] = [];
  return {
    add(call) {
      byId.set(call.id, call);
      waiting.push(call);
    },
    get: (id) => byId.get(id),
    nextOf(name) {
      const at = waiting.findIndex((call) => call.name === name);
      return at < 0 ? undefined : waiting.splice(at, 1)[0];
    },
  };
}

/** A cache mark on the message itself belongs to its last part. */
function marked(entry: JsonObject, parts: readonly Part[]): readonly Part[] {
  const mark = cacheOf(entry);
  return mark.cache ? parts.map((part, index) => (index === parts.length - 1 ? { ...part, ...mark } : part)) : parts;
}

function nameOf(entry: JsonObject): { readonly name?: string } {
  const name = text(entry.name);
  return name === undefined ? {} : { name };
}

/** Members that the hub reads, or that say nothing when a client sends a reply's message back. */
const knownMembers = new Set(
  [
    'role content name refusal audio tool_calls function_call tool_call_id reasoning_content reasoning reasoning_details',
    'prompt_cache_breakpoint cache_control',
  ]
    .join(' ')
    .split(' '),
);

function extrasOf(entry: JsonObject): { readonly extras?: Extras } {
  const rest: Record<string, Json> = {};
  for (const [key, value] of Object.entries(entry)) {
    const empty = value === null || (Array.isArray(value) && value.length === 0);
    if (!knownMembers.has(key) && !empty) rest[key] = value;
  }
  return Object.keys(rest).length > 0 ? { extras: { [dialect]: rest } } : {};
}

function withName(extras: { readonly extras?: Extras }, name: string | undefined): { readonly extras?: Extras } {
  return name === undefined ? extras : { extras: { [dialect]: { ...extras.extras?.[dialect], name } } };
}
