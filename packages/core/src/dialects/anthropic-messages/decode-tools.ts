import type { Conversation } from '../../conversation/conversation.ts';
import { Failure } from '../../conversation/failure.ts';
import type { Tool } from '../../conversation/tool.ts';
import { boolean, isArray, isObject, list, number, object, text, type Json, type JsonObject } from '../../json.ts';
import { cacheOf } from './decode-blocks.ts';
import { dialect, extrasOf, leftover } from './vocabulary.ts';

export function decodeTools(tools: Json | undefined): readonly Tool[] {
  if (tools === undefined || tools === null) return [];
  if (!isArray(tools)) throw new Failure('bad-request', '"tools" must be a list of tools.', { field: 'tools' });
  return tools.map((tool, index) => decodeTool(tool, `tools[${index}]`));
}

function decodeTool(tool: Json, at: string): Tool {
  if (!isObject(tool)) throw new Failure('bad-request', `"${at}" must be an object.`, { field: at });
  const { type } = tool;
  if (type === 'function' && isObject(tool.function)) return functionTool(fromChatShape(tool.function), at);
  if (type === undefined || type === null || type === 'custom') return functionTool(tool, at);
  if (typeof type === 'string' && type.startsWith('web_search_')) return webSearchTool(tool, type, at);
  return nativeTool(tool, at);
}

/** claude-proxy showed its users tools in Chat's shape within a Messages request (acceptance row D10). */
function fromChatShape({ parameters, ...tool }: JsonObject): JsonObject {
  return parameters === undefined ? tool : { ...tool, input_schema: parameters };
}

/** Claude Code's stand-in for tools it has not loaded: a tool to Anthropic, nothing to anyone else (W4). */
const placeholder = 'DeferredToolPlaceholder';

function functionTool(tool: JsonObject, at: string): Tool {
  const name = text(tool.name);
  if (name === undefined || name === '')
    throw new Failure('bad-request', `"${at}.name" must be the tool's name.`, { field: `${at}.name` });
  if (name === placeholder && tool.defer_loading === true) return nativeTool(tool, at);
  const description = text(tool.description);
  const parameters = object(tool.input_schema);
  const strict = boolean(tool.strict);
  const known = ['type', 'name', 'description', 'input_schema', 'strict', 'cache_control'];
  return {
    type: 'function',
    name,
    ...(description !== undefined && { description }),
    ...(parameters && { parameters }),
    ...(strict !== undefined && { strict }),
    at,
    ...cacheOf(tool.cache_control),
    ...extrasOf(leftover(tool, known)),
  };
}

const oldestSearch = 'web_search_20250305';

function webSearchTool(tool: JsonObject, type: string, at: string): Tool {
  const maxUses = number(tool.max_uses);
  const place = object(tool.user_location);
  const known = ['type', 'name', 'max_uses', 'allowed_domains', 'blocked_domains', 'user_location', 'cache_control'];
  const rest = { ...leftover(tool, known), ...(type !== oldestSearch && { '@type': type }) };
  return {
    type: 'web-search',
    name: text(tool.name) ?? 'web_search',
    ...(maxUses !== undefined && { maxUses }),
    ...domains('allowedDomains', tool.allowed_domains),
    ...domains('blockedDomains', tool.blocked_domains),
    ...(place && { userLocation: location(place) }),
    at,
    ...cacheOf(tool.cache_control),
    ...extrasOf(leftover(rest, [])),
  };
}

function domains(name: 'allowedDomains' | 'blockedDomains', value: Json | undefined) {
  const names = list(value).filter((domain) => typeof domain === 'string');
  return names.length === 0 ? {} : { [name]: names };
}

function location(place: JsonObject): Record<string, string> {
  const out: Record<string, string> = {};
  for (const key of ['city', 'region', 'country', 'timezone']) {
    const value = text(place[key]);
    if (value !== undefined) out[key] = value;
  }
  return out;
}

function nativeTool(tool: JsonObject, at: string): Tool {
  const { cache_control: control, ...value } = tool;
  const name = text(tool.name);
  return { type: 'native', dialect, ...(name !== undefined && { name }), value, at, ...cacheOf(control) };
}

/** Table a4. A choice may name a tool that the vendor runs: such a one has no kind (C6). */
export function decodeToolChoice(choice: JsonObject, tools: readonly Tool[]): Pick<Conversation, 'toolChoice'> {
  switch (choice.type) {
    case 'auto':
    case 'none':
      return { toolChoice: { type: choice.type } };
    case 'any':
      return { toolChoice: { type: 'required' } };
    case 'tool': {
      const name = text(choice.name);
      if (name === undefined)
        throw new Failure('bad-request', '"tool_choice.name" must name a tool.', { field: 'tool_choice.name' });
      const isFunction = tools.some((tool) => tool.type === 'function' && tool.name === name);
      return { toolChoice: { type: 'tool', tool: { name, ...(isFunction && { kind: 'function' }) } } };
    }
    default:
      throw new Failure('bad-request', '"tool_choice.type" must be "auto", "any", "tool" or "none".', {
        field: 'tool_choice.type',
      });
  }
}
