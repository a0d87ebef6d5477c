import type { Conversation } from '../../conversation/conversation.ts';
import type { AssistantMessage, ToolCallKind, ToolCallPart, ToolMessage } from '../../conversation/message.ts';
import type { Tool, ToolChoice, ToolReference } from '../../conversation/tool.ts';
import type { DialectLimits } from '../../dialects/dialect.ts';
import { fit } from './hash.ts';

/** How the caller knows a tool. */
interface KnownTool {
  readonly name: string;
  readonly namespace?: string;
  readonly kind: ToolCallKind;
}

/** Tool names as the target takes them, and back. A name depends on itself alone, so a grown conversation keeps its prefix. */
export interface ToolNames {
  wireName(name: string, namespace: string | undefined): string;
  known(wireName: string, namespace: string | undefined): KnownTool | undefined;
  /** True when some name had to change, so that replies need mapping back. */
  readonly changed: boolean;
}

export function nameTools(tools: readonly Tool[], limits: DialectLimits): ToolNames {
  const wireNames = new Map<string, string>();
  const taken = new Set<string>();
  const known = new Map<string, KnownTool>();
  let changed = false;

  function wireName(name: string, namespace: string | undefined): string {
    const key = keyOf(name, namespace);
    const seen = wireNames.get(key);
    if (seen !== undefined) return seen;
    const flat = namespace === undefined || limits.namespaces ? name : `${namespace}__${name}`;
    let wire = fit(flat, limits.toolNames.pattern, limits.toolNames.maxLength);
    // Two tools may come to the same flat name: a namespace's `a__b` and a plain `a__b`.
    if (taken.has(keyOf(wire, limits.namespaces ? namespace : undefined)))
      wire = fit(`${wire} ${key}`, /^$/, limits.toolNames.maxLength);
    taken.add(keyOf(wire, limits.namespaces ? namespace : undefined));
    wireNames.set(key, wire);
    return wire;
  }

  for (const tool of tools) {
    if (tool.type !== 'function' && tool.type !== 'custom') continue;
    const namespace = tool.namespace?.name;
    const wire = wireName(tool.name, namespace);
    if (wire !== tool.name || (namespace !== undefined && !limits.namespaces)) changed = true;
    known.set(keyOf(wire, limits.namespaces ? namespace : undefined), {
      name: tool.name,
      ...(namespace !== undefined && { namespace }),
      kind: tool.type,
    });
  }
  return { wireName, known: (name, namespace) => known.get(keyOf(name, namespace)), changed };
}

/** The conversation with every tool, call, result and choice under its wire name. Results have been paired already. */
export function renameTools(conversation: Conversation, names: ToolNames, limits: DialectLimits): Conversation {
  const keepNamespace = limits.namespaces;
  let calls: readonly ToolCallPart[] = [];
  const messages = conversation.messages.map((message) => {
    if (message.role === 'tool') return nameResults(message, calls);
    if (message.role !== 'assistant') return message;
    const renamed = renameCalls(message, names, keepNamespace);
    const inTurn = renamed.parts.filter((part) => part.type === 'tool-call');
    if (inTurn.length > 0) calls = inTurn;
    return renamed;
  });
  return {
    ...conversation,
    tools: conversation.tools.map((tool) => renameTool(tool, names, keepNamespace)),
    messages,
    ...(conversation.toolChoice && { toolChoice: renameChoice(conversation.toolChoice, names, keepNamespace) }),
  };
}

function renameTool(tool: Tool, names: ToolNames, keepNamespace: boolean): Tool {
  if (tool.type !== 'function' && tool.type !== 'custom') return tool;
  const name = names.wireName(tool.name, tool.namespace?.name);
  if (keepNamespace || !tool.namespace) return name === tool.name ? tool : { ...tool, name };
  const { namespace, ...flat } = tool;
  const about = [namespace.description, tool.description].filter((text) => text !== undefined && text !== '');
  return { ...flat, name, ...(about.length > 0 && { description: about.join('\n\n') }) };
}

function renameCalls(message: AssistantMessage, names: ToolNames, keepNamespace: boolean): AssistantMessage {
  if (!message.parts.some((part) => part.type === 'tool-call')) return message;
  return {
    ...message,
    parts: message.parts.map((part) => {
      if (part.type !== 'tool-call') return part;
      const { namespace, ...call } = part;
      const name = names.wireName(part.name, namespace);
      return keepNamespace && namespace !== undefined ? { ...call, name, namespace } : { ...call, name };
    }),
  };
}

/** The n-th result answers the n-th call, and goes by its name. */
function nameResults(message: ToolMessage, calls: readonly ToolCallPart[]): ToolMessage {
  return {
    ...message,
    results: message.results.map((result, index) => {
      const name = calls[index]?.name ?? result.name;
      return name === undefined ? result : { ...result, name };
    }),
  };
}

function renameChoice(choice: ToolChoice, names: ToolNames, keepNamespace: boolean): ToolChoice {
  const rename = (tool: ToolReference): ToolReference => {
    if (tool.kind === undefined) return tool;
    const { namespace, ...rest } = tool;
    const name = names.wireName(tool.name, namespace);
    return keepNamespace && namespace !== undefined ? { ...rest, name, namespace } : { ...rest, name };
  };
  if (choice.type === 'tool') return { ...choice, tool: rename(choice.tool) };
  if (choice.type === 'allowed') return { ...choice, tools: choice.tools.map(rename) };
  return choice;
}

function keyOf(name: string, namespace: string | undefined): string {
  return namespace === undefined ? name : `${namespace}\u0000${name}`;
}
