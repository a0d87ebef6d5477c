import type { Conversation } from '../../conversation/conversation.ts';
import type { Report } from '../../conversation/notice.ts';
import type { Tool, ToolChoice, ToolReference } from '../../conversation/tool.ts';
import { isObject, list, text, type Json, type JsonObject } from '../../json.ts';
import type { ModelFacts } from '../../models/model-facts.ts';
import { malformed, needText } from './parts.ts';
import { dialectName, extraOf } from './vocabulary.ts';

interface DecodedChoice {
  readonly choice: ToolChoice;
  /** A form that the hub says less exactly, to be written again as it was. */
  readonly exact?: JsonObject;
}

/** Catalogue a4. @throws Failure when the choice is malformed. */
export function decodeToolChoice(wire: Json | undefined): DecodedChoice | undefined {
  if (wire === undefined || wire === null) return undefined;
  if (wire === 'auto' || wire === 'none' || wire === 'required') return { choice: { type: wire } };
  if (!isObject(wire)) throw malformed('tool_choice', 'it is "auto", "none", "required" or an object with a "type".');
  if (wire.type === 'function' || wire.type === 'custom') {
    needText(wire.name, 'tool_choice.name');
    return { choice: { type: 'tool', tool: referenceOf(wire) } };
  }
  if (wire.type === 'allowed_tools') {
    const tools = list(wire.tools).filter(isObject);
    const choice: ToolChoice = {
      type: 'allowed',
      mode: wire.mode === 'required' ? 'required' : 'auto',
      tools: tools.map(referenceOf),
    };
    return tools.every(isPlain) ? { choice } : { choice, exact: wire };
  }
  needText(wire.type, 'tool_choice.type');
  const choice: ToolChoice = { type: 'tool', tool: referenceOf(wire) };
  return { choice, exact: wire };
}

function isPlain(reference: JsonObject): boolean {
  return reference.type === 'function' || reference.type === 'custom' || isWebSearch(reference);
}

/** `web_search` and its dated and preview variants. */
function isWebSearch(wire: JsonObject): boolean {
  return text(wire.type)?.startsWith('web_search') === true;
}

function referenceOf(wire: JsonObject): ToolReference {
  const namespace = text(wire.namespace);
  const kind = wire.type === 'function' || wire.type === 'custom' ? wire.type : undefined;
  const hosted = isWebSearch(wire) ? 'web_search' : text(wire.type);
  const name = kind ? text(wire.name) : (text(wire.server_label) ?? hosted);
  return { name: name ?? '', ...(namespace !== undefined && { namespace }), ...(kind && { kind }) };
}

/** `written` are the tools that the request holds: a choice of any other would be refused (C6). */
export function encodeToolChoice(
  conversation: Conversation,
  written: readonly Tool[],
  facts: ModelFacts,
  report: Report,
): Json | undefined {
  const { toolChoice } = conversation;
  if (!toolChoice || written.length === 0) return undefined;
  if (toolChoice.type === 'auto' || toolChoice.type === 'none') return toolChoice.type;
  const forced = toolChoice.type !== 'allowed' || toolChoice.mode === 'required';
  if (forced && facts.forcedToolChoice === false) return lessened(report, 'The model cannot be forced to call a tool.');
  if (!('tool' in toolChoice || 'tools' in toolChoice)) return 'required';
  const exact = extraOf(conversation, '@tool_choice');
  if (exact !== undefined) return exact;
  if ('tool' in toolChoice) {
    const tool = encodeReference(toolChoice.tool, written);
    if (!tool) return lessened(report, `The tool "${toolChoice.tool.name}" is not among those that could be sent.`);
    if (tool.type === 'function' || tool.type === 'custom') return tool;
    // Hosted tools of the newest kinds are in no type of a single choice; these forms say the same.
    return written.length === 1 ? 'required' : { type: 'allowed_tools', mode: 'required', tools: [tool] };
  }
  const tools = toolChoice.tools.map((tool) => encodeReference(tool, written)).filter((tool) => tool !== undefined);
  if (tools.length === 0) return lessened(report, 'None of the allowed tools could be sent.');
  return { type: 'allowed_tools', mode: toolChoice.mode, tools };
}

function lessened(report: Report, why: string): 'auto' {
  report({ type: 'approximated', field: 'toolChoice', detail: `${why} The model chooses by itself.` });
  return 'auto';
}

function encodeReference(reference: ToolReference, written: readonly Tool[]): JsonObject | undefined {
  const tool = written.find((candidate) => candidate.name === reference.name && fits(candidate, reference));
  if (!tool) return undefined;
  switch (tool.type) {
    case 'function':
    case 'custom':
      return {
        type: tool.type,
        name: tool.name,
        ...(reference.namespace !== undefined && { namespace: reference.namespace }),
      };
    case 'web-search':
      return { type: text(extraOf(tool, '@type')) ?? 'web_search' };
    case 'native':
      return tool.dialect === dialectName ? nativeReference(tool.value) : undefined;
  }
}

function fits(tool: Tool, reference: ToolReference): boolean {
  if (reference.kind !== undefined && reference.kind !== tool.type) return false;
  if (reference.namespace === undefined || (tool.type !== 'function' && tool.type !== 'custom')) return true;
  return tool.namespace?.name === reference.namespace;
}

function nativeReference(tool: JsonObject): JsonObject {
  const label = text(tool.server_label);
  return { type: tool.type ?? null, ...(label !== undefined && { server_label: label }) };
}
