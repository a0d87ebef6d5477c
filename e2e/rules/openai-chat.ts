import { faults, isJsonObject, items, members, strictSchemaFaults, text, type Members } from './json.ts';

/** What Chat Completions refuses although its types allow it. */
export function chatRuleFaults(body: Members): readonly string[] {
  const messages = items(body['messages']);
  const tools = items(body['tools']);
  return [
    ...faults(
      [messages.length === 0, 'messages is empty'],
      [body['stream_options'] !== undefined && body['stream'] !== true, 'stream_options without stream'],
      [tools.length === 0 && 'tools' in body, 'tools is empty'],
      [tools.length === 0 && body['tool_choice'] !== undefined, 'tool_choice without tools'],
      [tools.length === 0 && body['parallel_tool_calls'] !== undefined, 'parallel_tool_calls without tools'],
      ['max_tokens' in body && 'max_completion_tokens' in body, 'both max_tokens and max_completion_tokens'],
      [Array.isArray(body['stop']) && body['stop'].length > 4, 'more than four stop sequences'],
    ),
    ...tools.flatMap(toolFaults),
    ...choiceFaults(body['tool_choice'], tools),
    ...messages.flatMap((message, index) => messageFaults(message, `messages[${index}]`)),
    ...pairingFaults(messages),
    ...formatFaults(members(members(body['response_format'])['json_schema'])),
  ];
}

export const openaiName = /^[a-zA-Z0-9_-]{1,64}$/;

function nameOf(tool: Members): string {
  return text(members(tool['function'] ?? tool['custom'])['name']) ?? '';
}

function toolFaults(tool: Members, index: number): readonly string[] {
  const { parameters, strict } = members(tool['function']);
  const at = `tools[${index}]`;
  return [
    ...faults(
      [!openaiName.test(nameOf(tool)), `${at}: the name ${JSON.stringify(nameOf(tool))} is not taken`],
      [parameters !== undefined && members(parameters)['type'] !== 'object', `${at}: parameters are no object schema`],
      [parameters !== undefined && !('properties' in members(parameters)), `${at}: object schema missing properties`],
    ),
    ...(strict === true ? strictSchemaFaults(parameters, at) : []),
  ];
}

function choiceFaults(choice: unknown, tools: readonly Members[]): readonly string[] {
  if (typeof choice !== 'object' || choice === null) return [];
  const value = members(choice);
  const named = value['type'] === 'allowed_tools' ? items(members(value['allowed_tools'])['tools']) : [value];
  return named
    .filter((tool) => !tools.some((known) => known['type'] === tool['type'] && nameOf(known) === nameOf(tool)))
    .map((tool) => `tool_choice means ${JSON.stringify(tool)}, which is not among the tools`);
}

function messageFaults(message: Members, at: string): readonly string[] {
  const { role, content, tool_calls: calls, refusal, name } = message;
  const parts = items(content);
  return [
    ...faults(
      [role === 'assistant' && (content ?? '') === '' && !calls && !refusal && !message['audio'], `${at} says nothing`],
      [Array.isArray(calls) && calls.length === 0, `${at}.tool_calls is empty`],
      [Array.isArray(content) && content.length === 0, `${at}.content is empty`],
      [role === 'user' && content === '', `${at}.content is empty`],
      [parts.some((part) => part['type'] === 'text' && part['text'] === ''), `${at} has an empty text part`],
      [name !== undefined && !openaiName.test(String(name)), `${at}.name is not taken`],
    ),
    ...parts.flatMap((part) => {
      const url = text(members(part['image_url'])['url']);
      return faults([
        url !== undefined && !/^(https?:|data:image\/\w+;base64,)/.test(url),
        `${at}: no image URL: ${url}`,
      ]);
    }),
    ...items(calls).flatMap((call) =>
      faults(
        [!call['id'], `${at}: a call without id`],
        [
          call['type'] === 'function' && !isJsonObject(members(call['function'])['arguments']),
          `${at}: arguments are no JSON object`,
        ],
        [!openaiName.test(nameOf(call)), `${at}: the called name is not taken`],
      ),
    ),
  ];
}

/** Each call is answered by a tool message directly after, and no tool message answers anything else. */
function pairingFaults(messages: readonly Members[]): readonly string[] {
  const wrong: string[] = [];
  let waiting = new Set<unknown>();
  for (const [index, message] of messages.entries()) {
    if (message['role'] === 'tool') {
      if (!waiting.delete(message['tool_call_id'])) wrong.push(`messages[${index}] answers no call directly before it`);
      continue;
    }
    if (waiting.size > 0) wrong.push(`messages[${index}]: tool_call_ids without response: ${[...waiting].join(', ')}`);
    waiting = new Set(items(message['tool_calls']).map((call) => call['id']));
  }
  if (waiting.size > 0) wrong.push(`the last calls are not answered: ${[...waiting].join(', ')}`);
  return wrong;
}

function formatFaults({ name, strict, schema }: Members): readonly string[] {
  return [
    ...faults([name !== undefined && !openaiName.test(String(name)), 'response_format: the name is not taken']),
    ...(strict === true ? strictSchemaFaults(schema, 'response_format') : []),
  ];
}
