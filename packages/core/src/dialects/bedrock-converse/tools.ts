import type { Conversation } from '../../conversation/conversation.ts';
import type { Failure } from '../../conversation/failure.ts';
import type { Report } from '../../conversation/notice.ts';
import type { FunctionTool, Tool, ToolChoice } from '../../conversation/tool.ts';
import { boolean, isObject, list, object, text, type JsonObject } from '../../json.ts';
import type { ModelFacts } from '../../models/model-facts.ts';
import { complies, inputSchema } from '../claude-schema.ts';
import { cacheOf } from './decode-blocks.ts';
import { cachePoint } from './encode-blocks.ts';
import { dialect, extrasOf, leftover, ownExtras } from './vocabulary.ts';
import type { WireTool, WireToolChoice, WireToolConfig, WireToolSpec } from './wire.ts';

/** Tools and the choice among them. Absent where neither tools nor calls are spoken of. */
export function encodeTools(conversation: Conversation, facts: ModelFacts, report: Report): WireToolConfig | undefined {
  const { toolChoice } = conversation;
  const allowed = toolChoice?.type === 'allowed' ? toolChoice.tools.map(({ name }) => name) : undefined;
  const offered = conversation.tools.filter((tool) => !allowed || allowed.includes(tool.name ?? ''));
  for (const tool of conversation.tools)
    if (!offered.includes(tool))
      report({
        type: 'approximated',
        field: tool.at ?? 'tools',
        detail: 'Not among the allowed tools, so that it was not offered.',
      });
  const history = callNames(conversation);
  if (toolChoice?.type === 'none') return withoutChoice(conversation, history, facts, report);
  const tools = offered.flatMap((tool) => encodeTool(tool, facts, report));
  if (tools.length === 0) return recovered(history, report);
  const choice = encodeChoice(conversation, tools, facts, report);
  return { tools, ...(choice && { toolChoice: choice }) };
}

/** C2: Converse has no "none". Without tools none can be called, but a history of calls must have its tools declared. */
function withoutChoice(
  conversation: Conversation,
  history: readonly string[],
  facts: ModelFacts,
  report: Report,
): WireToolConfig | undefined {
  if (history.length === 0) {
    for (const tool of conversation.tools)
      report({
        type: 'approximated',
        field: tool.at ?? 'tools',
        detail: 'Bedrock cannot be told to call no tool; it was offered none.',
      });
    return undefined;
  }
  const detail = 'Bedrock cannot be told to call no tool while the conversation holds calls; the tools were offered.';
  report({ type: 'approximated', field: 'toolChoice', detail });
  const tools = conversation.tools.flatMap((tool) => encodeTool(tool, facts, report));
  return tools.length > 0 ? { tools } : recovered(history, report);
}

/** T14: calls in the history are refused unless tools are declared. */
function recovered(history: readonly string[], report: Report): WireToolConfig | undefined {
  if (history.length === 0) return undefined;
  report({
    type: 'defaulted',
    field: 'tools',
    detail: 'The conversation holds calls, so that Bedrock wants their tools declared; they were, without a schema.',
  });
  return {
    tools: history.map((name) => ({ toolSpec: { name, inputSchema: { json: { type: 'object', properties: {} } } } })),
  };
}

function callNames({ messages }: Conversation): readonly string[] {
  const names = messages.flatMap((message) => {
    if (message.role === 'tool') return message.results.flatMap(({ name }) => (name === undefined ? [] : [name]));
    return message.parts.flatMap((part) => (part.type === 'tool-call' ? [part.name] : []));
  });
  return [...new Set(names)];
}

function encodeTool(tool: Tool, facts: ModelFacts, report: Report): WireTool[] {
  const mark = tool.cache && facts.cacheBreakpoints === true ? [{ cachePoint: cachePoint(tool.cache) }] : [];
  switch (tool.type) {
    case 'function':
      return [{ toolSpec: toolSpec(tool, facts, report) }, ...mark];
    case 'custom':
      // Wrapped before it comes here; as a fallback, the same wrapping.
      return [
        { toolSpec: { name: tool.name, ...describe(tool.description), inputSchema: { json: freeText } } },
        ...mark,
      ];
    case 'native':
      if (tool.dialect === dialect) return [tool.value, ...mark];
      report({ type: 'dropped', field: tool.at ?? 'tools', detail: `Only ${tool.dialect} runs this tool.` });
      return [];
    case 'web-search':
      report({ type: 'dropped', field: tool.at ?? 'tools', detail: 'Bedrock runs no web search in Converse.' });
      return [];
  }
}

const freeText = { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] };

function describe(description: string | undefined): { description?: string } {
  return description === undefined || description === '' ? {} : { description };
}

function toolSpec(tool: FunctionTool, facts: ModelFacts, report: Report): WireToolSpec {
  const { schema, changed } = inputSchema(tool.parameters);
  const field = tool.at ?? 'tools';
  if (changed)
    report({
      type: 'approximated',
      field,
      detail: 'Its schema has a combinator at the root; the branches were merged and the rule described.',
    });
  // J7: some models at Bedrock refuse the very word.
  const strict = tool.strict === true && facts.strictTools === true && complies(schema);
  if (tool.strict === true && !strict)
    report({ type: 'dropped', field: `${field}.strict`, detail: 'This model does not enforce this schema.' });
  return {
    ...ownExtras(tool.extras),
    name: tool.name,
    ...describe(tool.description),
    inputSchema: { json: schema },
    ...(strict && { strict }),
  };
}

/** Table a4. */
function encodeChoice(
  { toolChoice }: Conversation,
  tools: readonly WireTool[],
  facts: ModelFacts,
  report: Report,
): WireToolChoice | undefined {
  switch (toolChoice?.type) {
    case 'auto':
      return { auto: {} };
    case 'required':
      return forced({ any: {} }, facts, report);
    case 'allowed':
      return toolChoice.mode === 'auto' ? { auto: {} } : forced({ any: {} }, facts, report);
    case 'tool': {
      const { name } = toolChoice.tool;
      if (tools.some((tool) => 'toolSpec' in tool && object(tool.toolSpec)?.name === name))
        return forced({ tool: { name } }, facts, report);
      report({
        type: 'dropped',
        field: 'toolChoice',
        detail: `The tool ${JSON.stringify(name)} was not sent, so that it cannot be chosen.`,
      });
      return undefined;
    }
    default:
      return undefined;
  }
}

/** C4: only some models take a choice that forces them. */
function forced(choice: WireToolChoice, facts: ModelFacts, report: Report): WireToolChoice {
  if (facts.forcedToolChoice === true) return choice;
  report({
    type: 'approximated',
    field: 'toolChoice',
    detail: 'This model chooses for itself whether to call a tool; "auto" was sent.',
  });
  return { auto: {} };
}

export function decodeTools(
  config: JsonObject | undefined,
  fault: (message: string, field: string) => Failure,
): readonly Tool[] {
  const tools: Tool[] = [];
  list(config?.tools).forEach((tool, index) => {
    const at = `toolConfig.tools[${index}]`;
    if (!isObject(tool)) throw fault(`"${at}" must be an object.`, at);
    const mark = cacheOf(tool);
    const last = tools.at(-1);
    if (mark && last) tools[tools.length - 1] = { ...last, cache: mark };
    else if (isObject(tool.toolSpec)) tools.push(decodeSpec(tool.toolSpec, at, fault));
    else if (!mark) tools.push({ type: 'native', dialect, value: tool, at });
  });
  return tools;
}

function decodeSpec(spec: JsonObject, at: string, fault: (message: string, field: string) => Failure): FunctionTool {
  if (typeof spec.name !== 'string') throw fault(`"${at}.toolSpec.name" must be a string.`, `${at}.toolSpec.name`);
  const description = text(spec.description);
  const parameters = object(object(spec.inputSchema)?.json);
  const strict = boolean(spec.strict);
  return {
    type: 'function',
    name: spec.name,
    ...(description !== undefined && { description }),
    ...(parameters && { parameters }),
    ...(strict !== undefined && { strict }),
    at,
    ...extrasOf(leftover(spec, ['name', 'description', 'inputSchema', 'strict'])),
  };
}

export function decodeToolChoice(config: JsonObject | undefined): { readonly toolChoice?: ToolChoice } {
  const choice = object(config?.toolChoice);
  const name = text(object(choice?.tool)?.name);
  if (name !== undefined) return { toolChoice: { type: 'tool', tool: { name, kind: 'function' } } };
  if (choice?.any) return { toolChoice: { type: 'required' } };
  return choice?.auto ? { toolChoice: { type: 'auto' } } : {};
}
