import { Failure } from '../../conversation/failure.ts';
import type {
  CustomTool,
  FunctionTool,
  Tool,
  ToolChoice,
  ToolReference,
  WebSearchTool,
} from '../../conversation/tool.ts';
import { boolean, isObject, list, object, text, type Json, type JsonObject } from '../../json.ts';
import { cacheOf } from './content.ts';
import { name as dialect } from './vocabulary.ts';

/** `tools`, the legacy `functions`, and `web_search_options`, which is a tool in every other dialect. */
export function decodeTools(body: JsonObject): readonly Tool[] {
  const tools = list(body.tools).map((tool, index) => decodeTool(tool, `tools[${index}]`));
  const functions = list(body.functions).map((tool, index) => decodeTool({ function: tool }, `functions[${index}]`));
  const search = object(body.web_search_options);
  return [...tools, ...(tools.length === 0 ? functions : []), ...(search ? [decodeSearch(search)] : [])];
}

function decodeTool(tool: Json, at: string): Tool {
  if (!isObject(tool)) throw new Failure('bad-request', `"${at}" must be an object.`, { field: at });
  const place = { at, ...cacheOf(tool) };
  const custom = object(tool.custom);
  if (tool.type === 'custom' && custom) return { ...decodeCustom(custom, at), ...place };
  // Some clients write functions flat, as Responses does.
  const isFunction = tool.type === 'function' || tool.type === undefined || tool.type === null;
  if (isFunction) return { ...decodeFunction(object(tool.function) ?? tool, at), ...place };
  const name = text(tool.name) ?? text(tool.type);
  return { type: 'native', dialect, value: tool, ...(name !== undefined && { name }), ...place };
}

function decodeFunction(tool: JsonObject, at: string): FunctionTool {
  const name = requiredName(tool, `${at}.function.name`);
  const description = text(tool.description);
  const strict = boolean(tool.strict);
  const parameters = object(tool.parameters);
  return {
    type: 'function',
    name,
    ...(description !== undefined && { description }),
    ...(parameters && !isEmptySchema(parameters) && { parameters }),
    ...(strict !== undefined && { strict }),
  };
}

/** J4: a tool without arguments is written in four ways, and all mean the same. */
function isEmptySchema(schema: JsonObject): boolean {
  return Object.entries(schema).every(
    ([key, value]) =>
      (key === 'type' && value === 'object') ||
      (key === 'properties' && isObject(value) && Object.keys(value).length === 0) ||
      (key === 'required' && list(value).length === 0) ||
      (key === 'additionalProperties' && value === false) ||
      key === '$schema',
  );
}

function decodeCustom(tool: JsonObject, at: string): CustomTool {
  const description = text(tool.description);
  const format = object(tool.format);
  const grammar = object(format?.grammar) ?? format;
  const syntax = text(grammar?.syntax);
  const definition = text(grammar?.definition);
  const isGrammar = format?.type === 'grammar' && syntax !== undefined && definition !== undefined;
  return {
    type: 'custom',
    name: requiredName(tool, `${at}.custom.name`),
    ...(description !== undefined && { description }),
    ...(isGrammar && { format: { type: 'grammar', syntax, definition } }),
    ...(format?.type === 'text' && { format: { type: 'text' } }),
  };
}

function requiredName(tool: JsonObject, field: string): string {
  const name = text(tool.name);
  if (name === undefined || name === '') throw new Failure('bad-request', `"${field}" must name the tool.`, { field });
  return name;
}

/** The name by which the hub knows `web_search_options`. */
const searchName = 'web_search';

function decodeSearch(options: JsonObject): WebSearchTool {
  const location = object(object(options.user_location)?.approximate);
  const contextSize = text(options.search_context_size);
  const where: Record<string, string> = {};
  for (const key of ['city', 'region', 'country', 'timezone'] as const) {
    const value = text(location?.[key]);
    if (value !== undefined) where[key] = value;
  }
  return {
    type: 'web-search',
    name: searchName,
    at: 'web_search_options',
    ...(contextSize !== undefined && { contextSize }),
    ...(location && { userLocation: where }),
  };
}

/** `tool_choice`, or the legacy `function_call`. Undefined for what nobody knows, which then stays in the extras. */
export function decodeToolChoice(body: JsonObject): ToolChoice | undefined {
  const choice = body.tool_choice ?? body.function_call;
  if (choice === 'auto' || choice === 'none' || choice === 'required') return { type: choice };
  // Mistral's word.
  if (choice === 'any') return { type: 'required' };
  if (!isObject(choice)) return undefined;
  if (choice.type === 'allowed_tools') {
    const allowed = object(choice.allowed_tools) ?? choice;
    const tools = list(allowed.tools).flatMap((tool) => reference(object(tool) ?? {}) ?? []);
    return { type: 'allowed', mode: allowed.mode === 'required' ? 'required' : 'auto', tools };
  }
  const tool = reference(choice);
  return tool && { type: 'tool', tool };
}

function reference(choice: JsonObject): ToolReference | undefined {
  const custom = object(choice.custom);
  const name = text(custom?.name) ?? text(object(choice.function)?.name) ?? text(choice.name);
  if (name !== undefined) return { name, kind: custom || choice.type === 'custom' ? 'custom' : 'function' };
  const type = text(choice.type);
  return type === undefined || type === 'function' || type === 'custom' ? undefined : { name: type };
}
