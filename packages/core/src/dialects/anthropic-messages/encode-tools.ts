import type { Conversation } from '../../conversation/conversation.ts';
import type { Report } from '../../conversation/notice.ts';
import type { FunctionTool, Tool, ToolReference, WebSearchTool } from '../../conversation/tool.ts';
import { text, type JsonObject } from '../../json.ts';
import type { ModelFacts } from '../../models/model-facts.ts';
import { cacheControl } from './encode-blocks.ts';
import { ownExtras } from './own-extras.ts';
import { complies, inputSchema } from '../claude-schema.ts';
import { dialect } from './vocabulary.ts';
import type { WireTool, WireToolChoice } from './wire.ts';

export interface EncodedTools {
  readonly tools: WireTool[];
  readonly choice?: WireToolChoice;
}

/** Tools and the choice among them; the choice is settled last, as it may name what became of a tool (C6). */
export function encodeTools(conversation: Conversation, facts: ModelFacts, report: Report): EncodedTools {
  const allowed = allowedNames(conversation);
  const offered = conversation.tools.filter((tool) => !allowed || allowed.includes(tool.name ?? ''));
  for (const tool of conversation.tools)
    if (!offered.includes(tool))
      report({
        type: 'approximated',
        field: tool.at ?? 'tools',
        detail: 'Not among the allowed tools, so that it was not offered.',
      });
  const tools = offered.flatMap((tool) => encodeTool(tool, facts, report));
  const choice = encodeChoice(conversation, tools, facts, report);
  return { tools, ...(choice && { choice }) };
}

/** C5: there is no list of allowed tools here, so that only those are offered. */
function allowedNames(conversation: Conversation): readonly string[] | undefined {
  const { toolChoice } = conversation;
  return toolChoice?.type === 'allowed' ? toolChoice.tools.map((tool) => tool.name) : undefined;
}

function encodeTool(tool: Tool, facts: ModelFacts, report: Report): WireTool[] {
  const mark = tool.cache && { cache_control: cacheControl(tool.cache) };
  switch (tool.type) {
    case 'function':
      return [{ ...functionTool(tool, facts, report), ...mark }];
    case 'custom':
      // Wrapped before it comes here; as a fallback, the same wrapping.
      return [{ name: tool.name, ...describe(tool.description), input_schema: customSchema, ...mark }];
    case 'web-search':
      if (facts.webSearch !== false) return [{ ...webSearchTool(tool, report), ...mark }];
      report({ type: 'dropped', field: tool.at ?? 'tools', detail: 'This model is offered no web search.' });
      return [];
    case 'native':
      if (tool.dialect === dialect) return [{ ...tool.value, ...mark }];
      report({ type: 'dropped', field: tool.at ?? 'tools', detail: `Only ${tool.dialect} runs this tool.` });
      return [];
  }
}

const customSchema = {
  type: 'object' as const,
  properties: { input: { type: 'string' } },
  required: ['input'],
};

function describe(description: string | undefined): { description?: string } {
  return description === undefined || description === '' ? {} : { description };
}

function functionTool(tool: FunctionTool, facts: ModelFacts, report: Report): WireTool {
  const { schema, changed } = inputSchema(tool.parameters);
  const field = tool.at ?? 'tools';
  if (changed)
    report({
      type: 'approximated',
      field,
      detail: 'Its schema has a combinator at the root; the branches were merged and the rule described.',
    });
  return {
    ...ownExtras(tool.extras),
    name: tool.name,
    ...describe(tool.description),
    input_schema: schema,
    ...strictness(tool.strict, schema, facts, (detail) =>
      report({ type: 'dropped', field: `${field}.strict`, detail }),
    ),
  };
}

/** J7: strict only where the model knows the word and the schema keeps within the subset. */
function strictness(
  strict: boolean | undefined,
  schema: JsonObject,
  facts: ModelFacts,
  drop: (detail: string) => void,
): { strict?: boolean } {
  if (strict === undefined) return {};
  if (facts.strictTools !== true) {
    if (strict) drop('This model does not enforce tool schemas.');
    return {};
  }
  if (!strict || complies(schema)) return { strict };
  drop('The schema goes beyond what Anthropic enforces, so that it is only advice.');
  return {};
}

const searchType = 'web_search_20250305';

function webSearchTool(tool: WebSearchTool, report: Report): WireTool {
  if (tool.contextSize !== undefined)
    report({
      type: 'dropped',
      field: `${tool.at ?? 'tools'}.search_context_size`,
      detail: 'Anthropic decides by itself how much it reads.',
    });
  if (tool.allowedDomains && tool.blockedDomains)
    report({
      type: 'dropped',
      field: `${tool.at ?? 'tools'}.blocked_domains`,
      detail: 'The API takes one of the two lists; the allowed domains were sent.',
    });
  const { allowedDomains: allowed, blockedDomains: blocked, userLocation, maxUses } = tool;
  return {
    ...ownExtras(tool.extras),
    type: text(tool.extras?.[dialect]?.['@type']) ?? searchType,
    name: 'web_search',
    ...(maxUses !== undefined && { max_uses: maxUses }),
    ...(allowed && { allowed_domains: [...allowed] }),
    ...(blocked && !allowed && { blocked_domains: [...blocked] }),
    ...(userLocation && { user_location: { type: 'approximate' as const, ...userLocation } }),
  };
}

/** Table a4. Flag and choice only make sense beside tools (C3). */
function encodeChoice(
  conversation: Conversation,
  tools: readonly WireTool[],
  facts: ModelFacts,
  report: Report,
): WireToolChoice | undefined {
  if (tools.length === 0) return undefined;
  const { toolChoice, parallelToolCalls } = conversation;
  const serial = parallelToolCalls === undefined ? {} : { disable_parallel_tool_use: !parallelToolCalls };
  if (!toolChoice) return parallelToolCalls === false ? { type: 'auto', ...serial } : undefined;
  switch (toolChoice.type) {
    case 'auto':
      return { type: 'auto', ...serial };
    case 'none':
      return { type: 'none' };
    case 'required':
      return forced({ type: 'any', ...serial }, facts, report);
    case 'allowed':
      return toolChoice.mode === 'auto'
        ? { type: 'auto', ...serial }
        : forced({ type: 'any', ...serial }, facts, report);
    case 'tool': {
      const name = nameOf(toolChoice.tool, conversation.tools);
      if (tools.some((tool) => tool.name === name)) return forced({ type: 'tool', name, ...serial }, facts, report);
      report({
        type: 'dropped',
        field: 'toolChoice',
        detail: `The tool ${JSON.stringify(name)} was not sent, so that it cannot be chosen.`,
      });
      return undefined;
    }
  }
}

/** The web search is called `web_search` here, whatever the caller's dialect calls it. */
function nameOf(reference: ToolReference, tools: readonly Tool[]): string {
  const isSearch = !reference.kind && tools.some((tool) => tool.type === 'web-search' && tool.name === reference.name);
  return isSearch ? 'web_search' : reference.name;
}

/** C4: the newest models refuse a forced choice, and so may unknown ones. */
function forced(choice: WireToolChoice, facts: ModelFacts, report: Report): WireToolChoice {
  if (facts.forcedToolChoice === true || choice.type === 'none') return choice;
  report({
    type: 'approximated',
    field: 'toolChoice',
    detail: 'This model chooses for itself whether to call a tool; "auto" was sent.',
  });
  const { disable_parallel_tool_use: serial } = choice;
  return { type: 'auto', ...(serial !== undefined && { disable_parallel_tool_use: serial }) };
}
