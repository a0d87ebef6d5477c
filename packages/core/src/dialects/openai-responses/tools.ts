import type { Conversation } from '../../conversation/conversation.ts';
import type { Report } from '../../conversation/notice.ts';
import type { CustomTool, FunctionTool, Tool, ToolNamespace, WebSearchTool } from '../../conversation/tool.ts';
import { boolean, isArray, isObject, list, object, text, type Json, type JsonObject } from '../../json.ts';
import type { ModelFacts } from '../../models/model-facts.ts';
import { malformed, needText } from './parts.ts';
import { dialectName, extraMembers, extraOf, otherMembers, ownExtras } from './vocabulary.ts';
import type { WireFunction } from './wire.ts';

/** @throws Failure naming the tool that is malformed. */
export function decodeTools(tools: Json | undefined, at: string): readonly Tool[] {
  if (tools === undefined || tools === null) return [];
  if (!isArray(tools)) throw malformed(at, 'it is a list of tools.');
  return tools.flatMap((tool, index) => decodeTool(tool, `${at}[${index}]`));
}

function decodeTool(tool: Json, at: string): readonly Tool[] {
  if (!isObject(tool)) throw malformed(at, 'a tool is an object with a "type".');
  switch (tool.type) {
    case 'function':
      return [decodeFunction(tool, at)];
    case 'custom':
      return [decodeCustom(tool, at)];
    case 'namespace':
      return decodeNamespace(tool, at);
    case 'web_search':
    case 'web_search_2025_08_26':
    case 'web_search_preview':
    case 'web_search_preview_2025_03_11':
      return [decodeWebSearchTool(tool, at)];
  }
  if (typeof tool.type !== 'string') throw malformed(`${at}.type`, 'a tool says its type, like "function".');
  return [nativeTool(tool, at)];
}

function nativeTool(tool: JsonObject, at: string): Tool {
  const name = text(tool.server_label) ?? text(tool.name) ?? text(tool.type);
  return { type: 'native', dialect: dialectName, ...(name !== undefined && { name }), value: tool, at };
}

const functionMembers = new Set(['type', 'name', 'description', 'parameters', 'strict']);
const customMembers = new Set(['type', 'name', 'description', 'format']);
const namespaceMembers = new Set(['type', 'name', 'description', 'tools']);

function decodeFunction(tool: JsonObject, at: string, namespace?: ToolNamespace): FunctionTool {
  const description = text(tool.description);
  const parameters = parametersOf(tool.parameters);
  const strict = boolean(tool.strict);
  return {
    type: 'function',
    name: needText(tool.name, `${at}.name`),
    ...(namespace && { namespace }),
    ...(description !== undefined && { description }),
    ...(parameters && { parameters }),
    ...(strict !== undefined && { strict }),
    at,
    // Left out, strict means "where the schema allows it" here and "no" in Chat: the null keeps the difference (J7).
    ...ownExtras({ ...otherMembers(tool, functionMembers), ...(strict === undefined && { strict: null }) }),
  };
}

/** Undefined for a tool without arguments, in each of its spellings (J4). */
function parametersOf(parameters: Json | undefined): JsonObject | undefined {
  if (!isObject(parameters)) return undefined;
  const names = Object.keys(parameters);
  const { properties } = parameters;
  const bare = names.every((name) => name === 'type' || name === 'properties');
  const empty = properties === undefined || (isObject(properties) && Object.keys(properties).length === 0);
  return bare && empty && (parameters.type === undefined || parameters.type === 'object') ? undefined : parameters;
}

function decodeCustom(tool: JsonObject, at: string, namespace?: ToolNamespace): CustomTool {
  const description = text(tool.description);
  const wire = object(tool.format);
  const syntax = text(wire?.syntax);
  const definition = text(wire?.definition);
  const grammar = wire?.type === 'grammar' && syntax !== undefined && definition !== undefined;
  const known = grammar || wire?.type === 'text';
  const members = { ...otherMembers(tool, customMembers), ...(wire && !known && { format: wire }) };
  return {
    type: 'custom',
    name: needText(tool.name, `${at}.name`),
    ...(namespace && { namespace }),
    ...(description !== undefined && { description }),
    ...(grammar && { format: { type: 'grammar', syntax, definition } }),
    ...(wire?.type === 'text' && { format: { type: 'text' } }),
    at,
    ...ownExtras(members),
  };
}

function decodeNamespace(tool: JsonObject, at: string): readonly Tool[] {
  const description = text(tool.description);
  const namespace: ToolNamespace = {
    name: needText(tool.name, `${at}.name`),
    ...(description !== undefined && { description }),
  };
  const children = list(tool.tools);
  if (children.length === 0) return [nativeTool(tool, at)];
  const others = otherMembers(tool, namespaceMembers);
  return children.map((child, index): Tool => {
    const place = `${at}.tools[${index}]`;
    if (!isObject(child)) throw malformed(place, 'a tool is an object with a "type".');
    if (child.type !== 'function' && child.type !== 'custom') return nativeTool({ ...tool, tools: [child] }, place);
    const decode = child.type === 'function' ? decodeFunction : decodeCustom;
    const decoded = decode(child, place, namespace);
    if (!others) return decoded;
    return { ...decoded, ...ownExtras({ ...decoded.extras?.[dialectName], '@namespace': others }) };
  });
}

const webSearchMembers = new Set(['type', 'filters', 'user_location', 'search_context_size', 'external_web_access']);
const locationNames = ['city', 'region', 'country', 'timezone'] as const;

function decodeWebSearchTool(tool: JsonObject, at: string): WebSearchTool {
  const filters = object(tool.filters);
  const allowed = list(filters?.allowed_domains).filter((domain) => typeof domain === 'string');
  const wire = object(tool.user_location);
  const location = Object.fromEntries(
    locationNames.flatMap((name) => (typeof wire?.[name] === 'string' ? [[name, wire[name]]] : [])),
  );
  const contextSize = text(tool.search_context_size);
  const members = {
    ...otherMembers(tool, webSearchMembers),
    ...(tool.type !== 'web_search' && { '@type': tool.type ?? null }),
    // True is the default, and what every other vendor's search does.
    ...(tool.external_web_access === false && { external_web_access: false }),
  };
  return {
    type: 'web-search',
    name: 'web_search',
    ...(allowed.length > 0 && { allowedDomains: allowed }),
    ...(Object.keys(location).length > 0 && { userLocation: location }),
    ...(contextSize !== undefined && { contextSize }),
    at,
    ...ownExtras(members),
  };
}

export interface EncodedTools {
  /** The `tools` member. */
  readonly tools: readonly JsonObject[];
  /** `additional_tools` items, each before which message it stands. */
  readonly items: readonly { readonly before: number; readonly item: JsonObject }[];
  /** The hub tools that were written: a choice may name no other. */
  readonly written: readonly Tool[];
}

export function encodeTools(conversation: Conversation, facts: ModelFacts, report: Report): EncodedTools {
  const written: Tool[] = [];
  const tools: JsonObject[] = [];
  const items = new Map<string, { before: number; item: JsonObject; tools: JsonObject[] }>();
  for (const tool of conversation.tools) {
    const wire = encodeTool(tool, facts, report);
    if (!wire) continue;
    written.push(tool);
    append(wire, tool, listFor(tool, tools, items));
  }
  return {
    tools,
    items: [...items.values()].map(({ before, item, tools }) => ({ before, item: { ...item, tools } })),
    written,
  };
}

/** Where a tool is written: the `tools` member, or the item it came in. */
function listFor(
  tool: Tool,
  tools: JsonObject[],
  items: Map<string, { before: number; item: JsonObject; tools: JsonObject[] }>,
): JsonObject[] {
  const place = object(extraOf(tool, '@item'));
  if (!place) return tools;
  const key = JSON.stringify(place);
  let found = items.get(key);
  if (!found) {
    const { before, ...rest } = place;
    found = {
      before: typeof before === 'number' ? before : 0,
      item: { type: 'additional_tools', ...rest },
      tools: [],
    };
    items.set(key, found);
  }
  return found.tools;
}

/** Tools of one namespace that follow one another share its object. */
function append(wire: JsonObject, tool: Tool, to: JsonObject[]): void {
  const namespace = tool.type === 'function' || tool.type === 'custom' ? tool.namespace : undefined;
  if (!namespace) {
    to.push(wire);
    return;
  }
  const last = to.at(-1);
  if (last?.type === 'namespace' && last.name === namespace.name)
    to[to.length - 1] = { ...last, tools: [...list(last.tools), wire] };
  else
    to.push({
      type: 'namespace',
      name: namespace.name,
      // The API wants a description on every namespace.
      description: namespace.description ?? '',
      ...object(extraOf(tool, '@namespace')),
      tools: [wire],
    });
}

function encodeTool(tool: Tool, facts: ModelFacts, report: Report): JsonObject | undefined {
  switch (tool.type) {
    case 'function':
      return encodeFunction(tool, facts, report);
    case 'custom':
      return {
        type: 'custom',
        name: tool.name,
        ...(tool.description !== undefined && { description: tool.description }),
        ...(tool.format && { format: tool.format }),
        ...extraMembers(tool),
      };
    case 'web-search':
      return encodeWebSearch(tool, facts, report);
    case 'native':
  }
  if (tool.dialect === dialectName) return tool.value;
  report({
    type: 'dropped',
    field: tool.at ?? 'tools',
    detail: `The tool ${tool.name ?? tool.dialect} is run by another vendor; OpenAI has nothing like it.`,
  });
  return undefined;
}

function encodeFunction(tool: FunctionTool, facts: ModelFacts, report: Report): WireFunction {
  const parameters = objectSchema(tool.parameters);
  return {
    type: 'function',
    name: tool.name,
    ...(tool.description !== undefined && { description: tool.description }),
    parameters,
    strict: strictOf(tool, parameters, facts, report),
    ...extraMembersButStrict(tool),
  };
}

function extraMembersButStrict(tool: Tool): JsonObject {
  const { strict: _, ...members } = extraMembers(tool);
  return members;
}

/** Never left to the default: where Chat means no, Responses would try (J7). */
function strictOf(tool: FunctionTool, parameters: JsonObject, facts: ModelFacts, report: Report): boolean | null {
  if (tool.strict === undefined) return extraOf(tool, 'strict') === null ? null : false;
  if (!tool.strict) return false;
  if (facts.strictTools !== false && isStrictSchema(parameters)) return true;
  report({
    type: 'approximated',
    field: `${tool.at ?? 'tools'}.strict`,
    detail: 'Strict needs every property required and additionalProperties false; the schema is sent without strict.',
  });
  return false;
}

/** The root must be an object with properties (J4). */
function objectSchema(parameters: JsonObject | undefined): JsonObject {
  if (!parameters) return { type: 'object', properties: {} };
  if (parameters.type === 'object' && isObject(parameters.properties)) return parameters;
  if (parameters.type !== undefined && parameters.type !== 'object') return parameters;
  return { type: 'object', ...(!isObject(parameters.properties) && { properties: {} }), ...parameters };
}

/** Whether OpenAI's strict mode takes the schema: every object closed, every property required (J7). */
export function isStrictSchema(schema: Json | undefined, depth = 0): boolean {
  if (isArray(schema)) return schema.every((entry) => isStrictSchema(entry, depth + 1));
  if (!isObject(schema)) return true;
  if (depth > maxSchemaDepth) return false;
  const properties = object(schema.properties);
  if (schema.type === 'object' || properties) {
    if (schema.additionalProperties !== false) return false;
    const required = new Set(list(schema.required));
    if (!Object.keys(properties ?? {}).every((name) => required.has(name))) return false;
  }
  const children = [schema.items, schema.anyOf, ...Object.values(properties ?? {})];
  const definitions = [
    ...Object.values(object(schema.$defs) ?? {}),
    ...Object.values(object(schema.definitions) ?? {}),
  ];
  return [...children, ...definitions].every((child) => isStrictSchema(child, depth + 1));
}

/** A schema nested deeper than this is not checked further and counts as not strict. */
const maxSchemaDepth = 100;

function encodeWebSearch(tool: WebSearchTool, facts: ModelFacts, report: Report): JsonObject | undefined {
  const at = tool.at ?? 'tools';
  if (facts.webSearch === false) {
    report({ type: 'dropped', field: at, detail: 'The model has no web search.' });
    return undefined;
  }
  if (tool.maxUses !== undefined)
    report({ type: 'dropped', field: `${at}.max_uses`, detail: 'OpenAI does not limit how often a reply searches.' });
  if (tool.blockedDomains)
    report({ type: 'dropped', field: `${at}.blocked_domains`, detail: 'OpenAI has allowed domains only.' });
  return {
    type: text(extraOf(tool, '@type')) ?? 'web_search',
    ...(tool.allowedDomains && { filters: { allowed_domains: tool.allowedDomains } }),
    ...(tool.userLocation && { user_location: { type: 'approximate', ...tool.userLocation } }),
    ...(tool.contextSize !== undefined && { search_context_size: tool.contextSize }),
    ...extraMembers(tool),
  };
}
