import type { Conversation } from '../../conversation/conversation.ts';
import type { Report } from '../../conversation/notice.ts';
import type { FunctionTool, Tool, ToolChoice, ToolReference, WebSearchTool } from '../../conversation/tool.ts';
import { isObject, text, type Json, type JsonObject } from '../../json.ts';
import type { ModelFacts } from '../../models/model-facts.ts';
import { toJsonSchema } from './json-schema.ts';
import { extrasOf, geminiName, leftover, malformed, members, read, readList, readObject, readText } from './members.ts';
import { isEmptyObjectSchema, toOpenApiSchema } from './schema.ts';
import type { FunctionDeclaration, ToolConfig } from './wire.ts';

/** The name that a tool choice of another dialect may use for Google Search. */
const searchName = 'web_search';

/** `tools`: each entry may hold declarations and tools of Google's own side by side. @throws Failure for a nameless function. */
export function decodeTools(entries: readonly Json[]): readonly Tool[] {
  return entries.flatMap((entry, index) => {
    const at = `tools[${index}]`;
    if (!isObject(entry)) throw malformed(at, 'a tool is an object, such as {"functionDeclarations": […]}.');
    const functions = readList(entry, 'functionDeclarations').map((declaration, number) =>
      decodeDeclaration(declaration, `${at}.functionDeclarations[${number}]`),
    );
    const others = Object.keys(entry)
      .filter((name) => !declarationMembers.has(name) && entry[name] !== null)
      .map((name) => decodeOwnTool(name, entry[name], at));
    return [...functions, ...others];
  });
}

const declarationMembers = members('functionDeclarations');

function decodeDeclaration(declaration: Json, at: string): FunctionTool {
  if (!isObject(declaration)) throw malformed(at, 'a declaration is an object with a name.');
  const name = readText(declaration, 'name');
  if (!name) throw malformed(`${at}.name`, 'a function needs a name.');
  // G2: Gemini CLI, Vercel and LangChain write the first, older clients the second.
  const schema = read(declaration, 'parametersJsonSchema') ?? read(declaration, 'parameters');
  const description = readText(declaration, 'description');
  return {
    type: 'function',
    name,
    ...(description !== undefined && { description }),
    ...(isObject(schema) && { parameters: toJsonSchema(schema) }),
    at,
    ...extrasOf(leftover(declaration, functionMembers)),
  };
}

const functionMembers = members('name', 'description', 'parameters', 'parametersJsonSchema');

function decodeOwnTool(name: string, value: Json | undefined, at: string): Tool {
  const options = isObject(value) ? value : {};
  if (name === 'googleSearch' || name === 'google_search') {
    const blocked = readList(options, 'excludeDomains').filter((domain) => typeof domain === 'string');
    return {
      type: 'web-search',
      name: searchName,
      ...(blocked.length > 0 && { blockedDomains: blocked }),
      at,
      ...extrasOf(leftover(options, members('excludeDomains'))),
    };
  }
  return { type: 'native', dialect: geminiName, value: { [name]: value ?? {} }, at };
}

/** `tools` as the model takes them; undefined when there are none. */
export function encodeTools(
  conversation: Conversation,
  facts: ModelFacts,
  report: Report,
): readonly JsonObject[] | undefined {
  const declarations = conversation.tools.flatMap((tool) => encodeDeclaration(tool, facts, report) ?? []);
  const mayMix = declarations.length === 0 || mixesOwnTools(conversation, facts);
  const entries: JsonObject[] = [];
  let declared = false;
  for (const tool of conversation.tools) {
    if (tool.type === 'function' || tool.type === 'custom') {
      if (!declared) entries.push({ functionDeclarations: declarations });
      declared = true;
    } else if (tool.type === 'native' && tool.dialect !== geminiName) {
      report({ type: 'dropped', field: tool.at ?? 'tools', detail: `Only ${tool.dialect} has this tool.` });
    } else if (!mayMix) {
      const detail = 'The model takes no tools of its own beside functions.';
      report({ type: 'dropped', field: tool.at ?? 'tools', detail });
    } else entries.push(tool.type === 'native' ? tool.value : encodeSearch(tool, facts, report));
  }
  return entries.length > 0 ? entries : undefined;
}

/**
 * Google's own tools beside functions are a 400 unless includeServerSideToolInvocations is set, and then the reply holds
 * toolCall parts that must come back untouched: only a client of this dialect, who asked for it, can do that.
 */
function mixesOwnTools(conversation: Conversation, facts: ModelFacts): boolean {
  const config = conversation.extras?.[geminiName]?.['toolConfig'];
  return facts.webSearch === true || (isObject(config) && read(config, 'includeServerSideToolInvocations') === true);
}

function encodeDeclaration(tool: Tool, facts: ModelFacts, report: Report): FunctionDeclaration | undefined {
  if (tool.type !== 'function' && tool.type !== 'custom') return undefined;
  if (tool.type === 'function' && tool.strict && !facts.strictTools)
    report({
      type: 'approximated',
      field: `${tool.at ?? tool.name}.strict`,
      detail: 'Gemini does not promise to keep to the schema.',
    });
  const schema: JsonObject | undefined = tool.type === 'custom' ? customSchema : tool.parameters;
  return {
    ...tool.extras?.[geminiName],
    name: tool.name,
    ...(tool.description !== undefined && { description: tool.description }),
    ...(schema && parameters(schema, facts)),
  };
}

/** Free text for a model that knows functions only; the accommodation has usually done this before. */
const customSchema: JsonObject = { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] };

/** J1, J4: full JSON Schema where it is taken, else the subset, which has no form for an object without members. */
function parameters(schema: JsonObject, facts: ModelFacts): FunctionDeclaration {
  if (facts.jsonSchema) return Object.keys(schema).length === 0 ? {} : { parametersJsonSchema: schema };
  return isEmptyObjectSchema(schema) ? {} : { parameters: toOpenApiSchema({ type: 'object', ...schema }) };
}

function encodeSearch(tool: WebSearchTool, facts: ModelFacts, report: Report): JsonObject {
  const at = tool.at ?? 'tools';
  const drop = (name: string) =>
    report({ type: 'dropped', field: `${at}.${name}`, detail: 'Google Search has no such option.' });
  if (tool.maxUses !== undefined) drop('maxUses');
  if (tool.allowedDomains) drop('allowedDomains');
  if (tool.userLocation) drop('userLocation');
  if (tool.contextSize !== undefined) drop('contextSize');
  const excludes = facts.searchExclusions !== false;
  if (tool.blockedDomains && !excludes) drop('blockedDomains');
  return {
    googleSearch: {
      ...tool.extras?.[geminiName],
      ...(tool.blockedDomains && excludes && { excludeDomains: tool.blockedDomains }),
    },
  };
}

interface DecodedToolConfig {
  readonly choice?: ToolChoice;
  /** Members that only Gemini has. */
  readonly rest?: JsonObject;
}

/** Table a4, read from the right. VALIDATED is AUTO with a promise, which is kept aside. */
export function decodeToolConfig(config: JsonObject): DecodedToolConfig {
  const calling = readObject(config, 'functionCallingConfig') ?? {};
  const mode = (readText(calling, 'mode') ?? '').toUpperCase();
  const named = readList(calling, 'allowedFunctionNames').flatMap((name) => text(name) ?? []);
  const choice = choiceOf(mode, named);
  const promise = mode === 'VALIDATED' && named.length === 0 ? { mode } : {};
  const callingRest = { ...leftover(calling, callingMembers), ...promise };
  const rest = {
    ...leftover(config, toolConfigMembers),
    ...(Object.keys(callingRest).length > 0 && { functionCallingConfig: callingRest }),
  };
  return { ...(choice && { choice }), ...(Object.keys(rest).length > 0 && { rest }) };
}

const callingMembers = members('mode', 'allowedFunctionNames');
const toolConfigMembers = members('functionCallingConfig');

function choiceOf(mode: string, named: readonly string[]): ToolChoice | undefined {
  const tools: readonly ToolReference[] = named.map((name) => ({ name, kind: 'function' }));
  const [only] = tools;
  if (mode === 'NONE') return { type: 'none' };
  if (mode === 'ANY') {
    if (!only) return { type: 'required' };
    return tools.length === 1 ? { type: 'tool', tool: only } : { type: 'allowed', mode: 'required', tools };
  }
  if (only) return { type: 'allowed', mode: 'auto', tools };
  return mode === 'AUTO' || mode === 'VALIDATED' ? { type: 'auto' } : undefined;
}

/** `toolConfig`. A choice without functions to choose from is left out (C3, C6). */
export function encodeToolConfig(
  conversation: Conversation,
  facts: ModelFacts,
  report: Report,
): ToolConfig | undefined {
  const own = conversation.extras?.[geminiName]?.['toolConfig'];
  const { functionCallingConfig: ownCalling, ...ownRest } = isObject(own) ? own : {};
  const names = conversation.tools.flatMap((tool) =>
    tool.type === 'function' || tool.type === 'custom' ? tool.name : [],
  );
  const { toolChoice: choice } = conversation;
  if (choice && names.length === 0 && forces(choice))
    report({ type: 'approximated', field: 'toolChoice', detail: 'Gemini can only be made to call functions.' });
  const calling = {
    ...(choice && names.length > 0 && encodeChoice(choice, conversation.tools, names, facts, report)),
    ...(isObject(ownCalling) && ownCalling),
  };
  const config = { ...ownRest, ...(Object.keys(calling).length > 0 && { functionCallingConfig: calling }) };
  return Object.keys(config).length > 0 ? config : undefined;
}

type Calling = NonNullable<ToolConfig['functionCallingConfig']>;

function encodeChoice(
  choice: ToolChoice,
  tools: readonly Tool[],
  names: readonly string[],
  facts: ModelFacts,
  report: Report,
): Calling {
  const strict = facts.strictTools && tools.some((tool) => tool.type === 'function' && tool.strict);
  const auto: Calling = { mode: strict ? 'VALIDATED' : 'AUTO' };
  if (forces(choice) && facts.forcedToolChoice === false) {
    report({ type: 'approximated', field: 'toolChoice', detail: 'The model cannot be made to call a tool.' });
    return auto;
  }
  switch (choice.type) {
    case 'auto':
      return auto;
    case 'none':
      return { mode: 'NONE' };
    case 'required':
      return { mode: 'ANY' };
    case 'tool':
      if (names.includes(choice.tool.name)) return { mode: 'ANY', allowedFunctionNames: [choice.tool.name] };
      report({
        type: 'approximated',
        field: 'toolChoice',
        detail: `"${choice.tool.name}" is not a function, and only those can be forced.`,
      });
      return auto;
    case 'allowed': {
      const allowed = choice.tools.map((tool) => tool.name).filter((name) => names.includes(name));
      if (allowed.length === 0) return choice.mode === 'required' ? { mode: 'ANY' } : { mode: 'NONE' };
      return { mode: choice.mode === 'required' ? 'ANY' : 'VALIDATED', allowedFunctionNames: allowed };
    }
  }
}

function forces(choice: ToolChoice): boolean {
  return (
    choice.type === 'required' || choice.type === 'tool' || (choice.type === 'allowed' && choice.mode === 'required')
  );
}

/** What Gemini has no word for, told once a request. */
export function reportToolLosses(conversation: Conversation, report: Report): void {
  if (conversation.parallelToolCalls === false)
    report({
      type: 'dropped',
      field: 'parallelToolCalls',
      detail: 'Gemini decides itself how many calls it makes at once.',
    });
}
