import type { Conversation } from '../../conversation/conversation.ts';
import type { FunctionTool, Tool, ToolChoice, ToolReference, WebSearchTool } from '../../conversation/tool.ts';
import { isObject, list, object, type JsonObject } from '../../json.ts';
import type { EncodeRequestContext } from '../dialect.ts';
import { name as dialect } from './vocabulary.ts';
import type { ChatRequest, ChatTool, ChatToolChoice, NamedTool, WebSearchOptions } from './wire.ts';

/** Tools and everything that is only allowed beside them (C3). */
export function encodeTools(
  conversation: Conversation,
  context: EncodeRequestContext,
): Pick<ChatRequest, 'tools' | 'tool_choice' | 'parallel_tool_calls' | 'web_search_options'> {
  const { toolChoice } = conversation;
  const search = conversation.tools.find((tool) => tool.type === 'web-search');
  const offered = filterAllowed(conversation.tools, toolChoice, context);
  const tools = offered.flatMap((tool) => encodeTool(tool, context));
  const searching = search ? encodeSearch(search, context) : {};
  if (tools.length === 0) return searching;
  const choice = toolChoice && encodeChoice(toolChoice, offered, canForce(conversation, context), context);
  const parallel = encodeParallel(conversation.parallelToolCalls, context);
  return { tools, ...(choice !== undefined && { tool_choice: choice }), ...parallel, ...searching };
}

/** C5: OpenAI takes a list of allowed tools; to others only those are offered. */
function filterAllowed(
  tools: readonly Tool[],
  choice: ToolChoice | undefined,
  { facts, report }: EncodeRequestContext,
): readonly Tool[] {
  if (choice?.type !== 'allowed' || facts.openaiMembers === true) return tools;
  return tools.filter((tool) => {
    const allowed = choice.tools.some(({ name }) => name === tool.name);
    if (!allowed)
      report({
        type: 'approximated',
        field: tool.at ?? 'tools',
        detail: 'The tool choice does not allow this tool, so it is not offered.',
      });
    return allowed;
  });
}

function encodeTool(tool: Tool, context: EncodeRequestContext): readonly ChatTool[] {
  const extras = tool.extras?.[dialect] ?? {};
  switch (tool.type) {
    case 'function':
      return [
        {
          type: 'function',
          function: {
            name: tool.name,
            ...(tool.description !== undefined && { description: tool.description }),
            parameters: objectSchema(tool),
            ...strictOf(tool, context),
          },
          ...extras,
        },
      ];
    case 'custom':
      return [
        {
          type: 'custom',
          custom: {
            name: tool.name,
            ...(tool.description !== undefined && { description: tool.description }),
            ...(tool.format?.type === 'text' && { format: { type: 'text' } }),
            ...(tool.format?.type === 'grammar' && {
              format: { type: 'grammar', grammar: { syntax: tool.format.syntax, definition: tool.format.definition } },
            }),
          },
          ...extras,
        } as ChatTool, // another syntax than lark and regex is the vendor's to refuse
      ];
    case 'native':
      // What a Chat client wrote itself is the truth about its own wire.
      if (tool.dialect === dialect) return [tool.value as ChatTool];
      context.report({
        type: 'dropped',
        field: tool.at ?? 'tools',
        detail: `Only ${tool.dialect} has this tool${tool.name === undefined ? '' : ` (${tool.name})`}.`,
      });
      return [];
    case 'web-search':
      return [];
  }
}

/** J4: an object schema without properties is refused by OpenAI and others. */
function objectSchema({ parameters: schema, strict }: FunctionTool): JsonObject {
  if (!schema) return { type: 'object', properties: {}, ...(strict === true && { additionalProperties: false }) };
  return schema.type === 'object' && schema.properties === undefined ? { ...schema, properties: {} } : schema;
}

/** J7: strict is a promise about the schema; where the schema breaks it OpenAI answers 400. */
function strictOf(tool: FunctionTool, { facts, report }: EncodeRequestContext): { readonly strict?: boolean } {
  if (tool.strict === undefined) return {};
  if (facts.strictTools === true && (!tool.strict || isStrictSchema(objectSchema(tool))))
    return { strict: tool.strict };
  if (tool.strict)
    report({
      type: 'approximated',
      field: `${tool.at ?? 'tools'}.strict`,
      detail:
        facts.strictTools === true
          ? 'The schema leaves properties optional or open, which strict mode refuses; the tool is sent without it.'
          : 'The target is not known to have strict tools; the tool is sent without it.',
    });
  return {};
}

/** Whether OpenAI's strict mode takes the schema: every object closed and every property required. */
export function isStrictSchema(schema: JsonObject): boolean {
  const properties = object(schema.properties);
  const isObjectSchema = properties !== undefined || schema.type === 'object';
  if (isObjectSchema) {
    const required = new Set(list(schema.required));
    if (schema.additionalProperties !== false) return Object.keys(schema).length === 0;
    if (Object.keys(properties ?? {}).some((key) => !required.has(key))) return false;
  }
  return subschemas(schema).every(isStrictSchema);
}

function subschemas(schema: JsonObject): readonly JsonObject[] {
  const maps = [schema.properties, schema.$defs, schema.definitions].flatMap((map) => Object.values(object(map) ?? {}));
  const lists = [schema.anyOf, schema.items].flatMap((value) => (isObject(value) ? [value] : list(value)));
  return [...maps, ...lists].filter(isObject);
}

/** Kimi, Qwen and their like take a forced choice only while they do not think, and think unless told otherwise. */
function canForce({ reasoning }: Conversation, { facts }: EncodeRequestContext): boolean {
  if (facts.forcedToolChoice === false) return false;
  const off = facts.alwaysThinks !== true && (reasoning?.mode === 'disabled' || reasoning?.effort === 'none');
  return facts.forcedToolChoiceWhileThinking !== false || off;
}

function encodeChoice(
  choice: ToolChoice,
  tools: readonly Tool[],
  force: boolean,
  { facts, report }: EncodeRequestContext,
): ChatToolChoice | undefined {
  const downgrade = (): 'auto' => {
    report({
      type: 'approximated',
      field: 'toolChoice',
      detail: 'The model cannot be forced to call a tool; it may choose.',
    });
    return 'auto';
  };
  switch (choice.type) {
    case 'auto':
    case 'none':
      return choice.type;
    case 'required':
      return force ? 'required' : downgrade();
    case 'tool': {
      if (!force) return downgrade();
      const named = findTool(choice.tool, tools);
      if (named) return named;
      // C6: a tool that did not come along cannot be asked for.
      report({
        type: 'dropped',
        field: 'toolChoice',
        detail: `The tool "${choice.tool.name}" does not exist for the target.`,
      });
      return undefined;
    }
    case 'allowed': {
      const mode = choice.mode === 'required' && !force ? downgrade() : choice.mode;
      if (facts.openaiMembers !== true) return mode;
      const allowed = choice.tools.flatMap((tool) => findTool(tool, tools) ?? []);
      return { type: 'allowed_tools', allowed_tools: { mode, tools: allowed } };
    }
  }
}

function findTool(wanted: ToolReference, tools: readonly Tool[]): NamedTool | undefined {
  const tool = tools.find(
    (candidate) => (candidate.type === 'function' || candidate.type === 'custom') && candidate.name === wanted.name,
  );
  if (tool?.type === 'custom') return { type: 'custom', custom: { name: tool.name } };
  return tool?.type === 'function' ? { type: 'function', function: { name: tool.name } } : undefined;
}

/** True is every vendor's default, so only those that know the switch are told. */
function encodeParallel(
  parallel: boolean | undefined,
  { facts, report }: EncodeRequestContext,
): { readonly parallel_tool_calls?: boolean } {
  if (parallel === undefined) return {};
  if (facts.parallelToolCallsSwitch === true || (!parallel && facts.parallelToolCallsSwitch === undefined))
    return { parallel_tool_calls: parallel };
  if (!parallel)
    report({ type: 'dropped', field: 'parallelToolCalls', detail: 'The model has no switch for parallel calls.' });
  return {};
}

/** W1: only OpenAI's search models search in Chat Completions. */
function encodeSearch(
  tool: WebSearchTool,
  { facts, report }: EncodeRequestContext,
): Pick<ChatRequest, 'web_search_options'> {
  if (facts.webSearch !== true || facts.openaiMembers !== true) {
    report({
      type: 'dropped',
      field: tool.at ?? 'tools',
      detail: 'The model has no web search of its own in Chat Completions.',
    });
    return {};
  }
  for (const limit of ['maxUses', 'allowedDomains', 'blockedDomains'] as const)
    if (tool[limit] !== undefined)
      report({
        type: 'dropped',
        field: `${tool.at ?? 'tools'}.${limit}`,
        detail: 'Chat web search has no such limit.',
      });
  const { contextSize, userLocation } = tool;
  const options: WebSearchOptions = {
    ...((contextSize === 'low' || contextSize === 'medium' || contextSize === 'high') && {
      search_context_size: contextSize,
    }),
    ...(userLocation && { user_location: { type: 'approximate', approximate: userLocation } }),
  };
  return { web_search_options: options };
}
