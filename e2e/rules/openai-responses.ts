import { faults, isJsonObject, items, members, strictSchemaFaults, text, type Members } from './json.ts';
import { openaiName } from './openai-chat.ts';

/** What Responses refuses although its types allow it. */
export function responsesRuleFaults(body: Members): readonly string[] {
  const input = items(body['input']);
  const tools = items(body['tools']);
  const format = members(members(body['text'])['format']);
  return [
    ...faults(
      [body['input'] === undefined || (Array.isArray(body['input']) && input.length === 0), 'input is empty'],
      [tools.length === 0 && typeof body['tool_choice'] === 'object', 'tool_choice without tools'],
      [
        format['type'] === 'json_schema' && !openaiName.test(String(format['name'])),
        'text.format: the name is not taken',
      ],
      [Number(body['max_output_tokens'] ?? 16) < 16, 'max_output_tokens is below 16'],
    ),
    ...(format['strict'] === true ? strictSchemaFaults(format['schema'], 'text.format') : []),
    ...tools.flatMap(toolFaults),
    ...choiceFaults(body['tool_choice'], tools),
    ...input.flatMap((item, index) => itemFaults(item, input[index + 1], body, `input[${index}]`)),
    ...pairingFaults(input),
  ];
}

function toolFaults(tool: Members, index: number): readonly string[] {
  if (tool['type'] !== 'function' && tool['type'] !== 'custom') return [];
  const at = `tools[${index}]`;
  const { parameters } = tool;
  return [
    ...faults(
      [!openaiName.test(text(tool['name']) ?? ''), `${at}: the name ${JSON.stringify(tool['name'])} is not taken`],
      [
        (parameters ?? null) !== null && members(parameters)['type'] !== 'object',
        `${at}: parameters are no object schema`,
      ],
      [
        (parameters ?? null) !== null && !('properties' in members(parameters)),
        `${at}: object schema missing properties`,
      ],
    ),
    ...(tool['strict'] === true ? strictSchemaFaults(parameters, at) : []),
  ];
}

function choiceFaults(choice: unknown, tools: readonly Members[]): readonly string[] {
  if (typeof choice !== 'object' || choice === null) return [];
  const value = members(choice);
  const named = value['type'] === 'allowed_tools' ? items(value['tools']) : [value];
  return named
    .filter((tool) => !tools.some((known) => known['type'] === tool['type'] && known['name'] === tool['name']))
    .map((tool) => `tool_choice means ${JSON.stringify(tool)}, which is not among the tools`);
}

const idPrefixes: Readonly<Record<string, string>> = {
  message: 'msg_',
  reasoning: 'rs_',
  function_call: 'fc_',
  custom_tool_call: 'ctc_',
};

function itemFaults(item: Members, next: Members | undefined, body: Members, at: string): readonly string[] {
  const type = text(item['type']) ?? 'message';
  const prefix = idPrefixes[type];
  const id = text(item['id']);
  const callId = text(item['call_id']);
  const content = items(item['content']);
  return faults(
    [
      id !== undefined && prefix !== undefined && !id.startsWith(prefix),
      `${at}: expected an id that begins with ${prefix}`,
    ],
    [callId !== undefined && !/^.{1,64}$/.test(callId), `${at}: call_id is longer than 64`],
    [
      type === 'reasoning' && body['store'] === false && !item['encrypted_content'],
      `${at}: items are not persisted when store is false`,
    ],
    [
      type === 'reasoning' && id !== undefined && !followsReasoning(next),
      `${at}: reasoning without its required following item`,
    ],
    [type === 'function_call' && !isJsonObject(item['arguments']), `${at}: arguments are no JSON object`],
    [type === 'function_call' && !openaiName.test(text(item['name']) ?? ''), `${at}: the called name is not taken`],
    [
      type === 'message' && (item['content'] === '' || (Array.isArray(item['content']) && content.length === 0)),
      `${at} says nothing`,
    ],
    [content.some((part) => part['text'] === ''), `${at} has an empty text part`],
  );
}

function followsReasoning(next: Members | undefined): boolean {
  const type = text(next?.['type']);
  return type === 'reasoning' || (type ?? '').endsWith('_call') || next?.['role'] === 'assistant';
}

function pairingFaults(input: readonly Members[]): readonly string[] {
  const wrong: string[] = [];
  const waiting = new Map<unknown, string>();
  for (const [index, item] of input.entries()) {
    const type = text(item['type']) ?? '';
    if (type === 'function_call' || type === 'custom_tool_call') {
      if (waiting.has(item['call_id'])) wrong.push(`input[${index}]: the call_id is used twice`);
      waiting.set(item['call_id'], `${type}_output`);
    } else if (type === 'function_call_output' || type === 'custom_tool_call_output') {
      if (waiting.get(item['call_id']) !== type) wrong.push(`input[${index}]: no tool call found for this output`);
      waiting.delete(item['call_id']);
    } else if (item['role'] === 'user' && waiting.size > 0) {
      wrong.push(`input[${index}]: no tool output found for ${[...waiting.keys()].join(', ')}`);
    }
  }
  if (waiting.size > 0) wrong.push(`no tool output found for ${[...waiting.keys()].join(', ')}`);
  return wrong;
}
