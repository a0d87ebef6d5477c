import type { Conversation } from '../../conversation/conversation.ts';
import type { Message } from '../../conversation/message.ts';
import type { Report } from '../../conversation/notice.ts';
import type { CustomTool, FunctionTool, ToolChoice, ToolReference } from '../../conversation/tool.ts';
import { isObject, tryParseJson, type JsonObject } from '../../json.ts';

/**
 * Free-text tools for a target that calls tools with JSON only: a function with one string, `input` (CX3). The grammar
 * goes into the description; nobody enforces it there, which is reported.
 */
export function wrapCustomTools(conversation: Conversation, report: Report): Conversation {
  return {
    ...conversation,
    tools: conversation.tools.map((tool) => (tool.type === 'custom' ? functionOf(tool, report) : tool)),
    messages: conversation.messages.map(wrapInMessage),
    ...(conversation.toolChoice && { toolChoice: wrapChoice(conversation.toolChoice) }),
  };
}

const inputSchema: JsonObject = {
  type: 'object',
  properties: { input: { type: 'string', description: 'The whole input of the tool, as plain text.' } },
  required: ['input'],
  additionalProperties: false,
};

function functionOf(tool: CustomTool, report: Report): FunctionTool {
  const { format, type: _, description, ...rest } = tool;
  if (format?.type === 'grammar') {
    report({
      type: 'approximated',
      field: tool.at ?? `tools.${tool.name}`,
      detail: `The ${format.syntax} grammar of "${tool.name}" is only described to the model: the target cannot enforce it.`,
    });
  }
  const about = [
    description,
    format?.type === 'grammar' && `"input" must match this ${format.syntax} grammar:\n${format.definition}`,
  ].filter((text): text is string => typeof text === 'string' && text !== '');
  return {
    ...rest,
    type: 'function',
    ...(about.length > 0 && { description: about.join('\n\n') }),
    parameters: inputSchema,
  };
}

function wrapInMessage(message: Message): Message {
  if (message.role === 'assistant') {
    return {
      ...message,
      parts: message.parts.map((part) =>
        part.type === 'tool-call' && part.kind === 'custom'
          ? { ...part, kind: 'function', arguments: JSON.stringify({ input: part.arguments }) }
          : part,
      ),
    };
  }
  if (message.role !== 'tool') return message;
  return { ...message, results: message.results.map((result) => ({ ...result, kind: 'function' })) };
}

function wrapChoice(choice: ToolChoice): ToolChoice {
  const wrap = (tool: ToolReference): ToolReference => (tool.kind === 'custom' ? { ...tool, kind: 'function' } : tool);
  if (choice.type === 'tool') return { ...choice, tool: wrap(choice.tool) };
  if (choice.type === 'allowed') return { ...choice, tools: choice.tools.map(wrap) };
  return choice;
}

/** The free text in `{"input": …}`; what is not of that form is taken as the text itself. */
export function unwrapInput(written: string): string {
  const value = tryParseJson(written);
  return isObject(value) && typeof value.input === 'string' ? value.input : written;
}

/** The same for arguments that arrive in pieces: gives out each piece of text as soon as it is certain. */
export interface InputUnwrapper {
  push(piece: string): string;
  /** What is left when the arguments are over. */
  end(): string;
}

export function inputUnwrapper(): InputUnwrapper {
  let written = '';
  /** Where the string's content goes on in `written`; -1 before it began. */
  let at = -1;
  let closed = false;

  function push(piece: string): string {
    written += piece;
    if (closed) return '';
    if (at < 0) {
      const opening = /^\s*\{\s*"input"\s*:\s*"/.exec(written);
      if (!opening) return '';
      at = opening[0].length;
    }
    return take();
  }

  function take(): string {
    const from = at;
    let to = from;
    while (to < written.length) {
      const char = written[to];
      if (char === '"') {
        closed = true;
        break;
      }
      const width = char === '\\' ? escapeWidth(to) : 1;
      if (to + width > written.length) break;
      to += width;
    }
    at = to;
    if (to === from) return '';
    const text = tryParseJson(`"${written.slice(from, to)}"`);
    return typeof text === 'string' ? text : '';
  }

  /** A surrogate pair written as two escapes is taken whole, or its halves would be torn apart between deltas. */
  function escapeWidth(from: number): number {
    if (written[from + 1] !== 'u') return 2;
    return /^\\u[dD][89abAB]/.test(written.slice(from, from + 4)) ? 12 : 6;
  }

  function end(): string {
    return at < 0 ? unwrapInput(written) : '';
  }

  return { push, end };
}
