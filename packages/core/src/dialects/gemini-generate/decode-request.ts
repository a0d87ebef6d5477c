import type { Conversation } from '../../conversation/conversation.ts';
import type { Message, Part } from '../../conversation/message.ts';
import { isArray, isObject, type Json, type JsonObject } from '../../json.ts';
import type { DecodeRequestContext } from '../dialect.ts';
import { requestCallIds } from './call-ids.ts';
import { decodeConfig } from './decode-config.ts';
import { type CallIds, decodeParts } from './decode-parts.ts';
import { joinTurns } from './join-turns.ts';
import { extrasOf, leftover, malformed, members, read, readList, readObject, readText } from './members.ts';
import { decodeToolConfig, decodeTools } from './tools.ts';

/** A generateContent body as a conversation. @throws Failure `bad-request` naming the field. */
export function decodeRequest(body: JsonObject, context: DecodeRequestContext): Conversation {
  const config = decodeConfig(objectIn(body, 'generationConfig'));
  const tools = decodeTools(listOf(read(body, 'tools')));
  const toolConfig = decodeToolConfig(objectIn(body, 'toolConfig'));
  const serviceTier = readText(body, 'serviceTier');
  const { sampling, maxOutputTokens, reasoning, output } = config;
  const own: JsonObject = {
    ...leftover(body, bodyMembers),
    ...(config.rest && { generationConfig: config.rest }),
    ...(toolConfig.rest && { toolConfig: toolConfig.rest }),
  };
  return {
    model: context.glance.model,
    streaming: context.glance.streaming,
    messages: decodeMessages(body),
    tools,
    sampling,
    ...(toolConfig.choice && { toolChoice: toolConfig.choice }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    ...(reasoning && { reasoning }),
    ...(output && { output }),
    ...(serviceTier !== undefined && { serviceTier }),
    ...extrasOf(Object.keys(own).length > 0 ? own : undefined),
  };
}

const bodyMembers = members(
  ...['contents', 'systemInstruction', 'generationConfig', 'tools', 'toolConfig', 'serviceTier', 'model'],
);

function decodeMessages(body: JsonObject): readonly Message[] {
  const contents = contentsOf(read(body, 'contents'));
  const ids = requestCallIds(givenIds(contents));
  const system = decodeSystem(read(body, 'systemInstruction'), ids);
  const turns = contents.flatMap((content, index) => decodeContent(content, `contents[${index}]`, index, ids));
  return [...system, ...joinTurns(turns)];
}

function objectIn(body: JsonObject, name: string): JsonObject {
  const value = read(body, name);
  if (value !== undefined && !isObject(value)) throw malformed(name, 'it is an object, or left out.');
  return value ?? {};
}

/** One object or string in place of a list is taken as its only element, as the vendor's servers and SDKs do. */
function listOf(value: Json | undefined): readonly Json[] {
  if (value === undefined) return [];
  return isArray(value) ? value : [value];
}

function contentsOf(value: Json | undefined): readonly JsonObject[] {
  return listOf(value).map((content, index) => {
    if (typeof content === 'string') return { role: 'user', parts: [{ text: content }] };
    if (!isObject(content)) throw malformed(`contents[${index}]`, 'a content is an object with "role" and "parts".');
    return read(content, 'parts') === undefined && read(content, 'text') !== undefined ? { parts: [content] } : content;
  });
}

/** Ids that the client gave, with which none that we make up may collide. */
function givenIds(contents: readonly JsonObject[]): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const content of contents)
    for (const part of readList(content, 'parts')) {
      const call = isObject(part) ? readObject(part, 'functionCall') : undefined;
      const id = call && readText(call, 'id');
      if (id) ids.add(id);
    }
  return ids;
}

/** S7: a string, a Content whose role means nothing, or a bare part. */
function decodeSystem(value: Json | undefined, ids: CallIds): readonly Message[] {
  if (value === undefined) return [];
  const content = isObject(value) && read(value, 'parts') !== undefined ? value : { parts: listOf(value) };
  const at = 'systemInstruction';
  const { parts } = decodeParts(listOf(read(content, 'parts')), at, -1, ids);
  if (parts.length === 0) return [];
  return [{ role: 'system', authority: 'system', placement: 'top', parts, at }];
}

function decodeContent(content: JsonObject, at: string, index: number, ids: CallIds): readonly Message[] {
  const values = listOf(read(content, 'parts'));
  const role = roleOf(content, values, at);
  const { parts, results } = decodeParts(values, at, index, ids);
  const extras = extrasOf(leftover(content, contentMembers));
  const messages: Message[] = [];
  const say = (spoken: readonly Part[]): void => {
    if (spoken.length === 0) return;
    if (role === 'system')
      messages.push({ role, authority: 'system', placement: 'inline', parts: spoken, at, ...extras });
    else messages.push({ role, parts: spoken, at, ...extras });
  };
  if (role === 'assistant') say(parts);
  // T4: results come first, whatever stood beside them: they belong right behind the calls.
  if (results.length > 0) messages.push({ role: 'tool', results, at });
  if (role !== 'assistant') say(parts);
  return messages;
}

const contentMembers = members('role', 'parts');

/** Table a3. A content that calls functions can only be the model's, whatever it says. */
function roleOf(content: JsonObject, values: readonly Json[], at: string): 'user' | 'assistant' | 'system' {
  const role = readText(content, 'role') ?? '';
  if (values.some((part) => isObject(part) && read(part, 'functionCall') !== undefined)) return 'assistant';
  switch (role) {
    case 'model':
    case 'assistant':
      return 'assistant';
    case 'user':
    case 'function':
    case 'tool':
    case '':
      return 'user';
    case 'system':
    case 'developer':
      return 'system';
    default:
      throw malformed(`${at}.role`, `"${role}" is not a role; use "user" or "model".`);
  }
}
