import { countMembers, faults, items, members, number, text, type Members } from './json.ts';

/** What Messages refuses although its types allow it. */
export function messagesRuleFaults(body: Members): readonly string[] {
  const messages = items(body['messages']);
  const tools = items(body['tools']);
  return [
    ...faults(
      [messages.length === 0, 'messages is empty'],
      [messages[0]?.['role'] !== 'user', 'the first message is not a user turn'],
      [(number(body['max_tokens']) ?? 0) < 1, 'max_tokens is missing'],
      [tools.length === 0 && body['tool_choice'] !== undefined, 'tool_choice without tools'],
      [cacheMarks(body) > 4, `${cacheMarks(body)} cache_control marks, at most 4 are allowed`],
      [
        items(body['system']).some(isEmptyText) || body['system'] === '',
        'system: text content blocks must be non-empty',
      ],
      [new Set(tools.map((tool) => tool['name'])).size < tools.length, 'tool names must be unique'],
    ),
    ...tools.flatMap(toolFaults),
    ...choiceFaults(members(body['tool_choice']), tools),
    ...thinkingFaults(body),
    ...messages.flatMap((message, index) => messageFaults(message, index, messages)),
    ...pairingFaults(messages),
    ...outputFaults(members(members(body['output_config'])['format'])),
  ];
}

/** Claude 5.x: no forced choice, no thinking budget, no prefill, no sampling (catalogue C4, Z11, T15, H2). */
const isNewest = (model: unknown) => /^claude-(opus|sonnet|fable)-5/.test(String(model));

function cacheMarks(body: Members): number {
  const of = (list: unknown) => items(list).reduce((sum, tool) => sum + (tool['cache_control'] ? 1 : 0), 0);
  const inMessages = items(body['messages']).reduce(
    (sum, message) => sum + countMembers(message['content'], 'cache_control'),
    0,
  );
  return of(body['tools']) + of(body['system']) + inMessages + (body['cache_control'] ? 1 : 0);
}

function isEmptyText(block: Members): boolean {
  return block['type'] === 'text' && (text(block['text']) ?? '').trim() === '';
}

function toolFaults(tool: Members, index: number): readonly string[] {
  const schema = members(tool['input_schema']);
  const combined = ['oneOf', 'anyOf', 'allOf'].find((word) => word in schema);
  return faults(
    [!/^[a-zA-Z0-9_-]{1,128}$/.test(String(tool['name'])), `tools[${index}]: the name is not taken`],
    [combined !== undefined, `tools[${index}]: input_schema does not support ${combined} at the top level`],
  );
}

function choiceFaults(choice: Members, tools: readonly Members[]): readonly string[] {
  return faults([
    choice['type'] === 'tool' && !tools.some((tool) => tool['name'] === choice['name']),
    `Tool '${String(choice['name'])}' not found in provided tools`,
  ]);
}

function thinkingFaults(body: Members): readonly string[] {
  const { type, budget_tokens: budget } = members(body['thinking']);
  const forced = ['any', 'tool'].includes(String(members(body['tool_choice'])['type']));
  const newest = isNewest(body['model']);
  const last = items(body['messages']).at(-1);
  return faults(
    [type === 'enabled' && Number(budget) < 1024, 'thinking.budget_tokens is below 1024'],
    [
      type === 'enabled' && Number(budget) >= Number(body['max_tokens']),
      'max_tokens must be greater than thinking.budget_tokens',
    ],
    [
      type !== undefined && type !== 'disabled' && forced,
      'Thinking may not be enabled when tool_choice forces tool use.',
    ],
    [newest && type === 'enabled', 'thinking.type "enabled" is not supported for this model'],
    [
      newest && type === 'disabled' && /opus/.test(String(body['model'])),
      'thinking.type "disabled" is not supported for this model',
    ],
    [newest && forced, 'tool_choice: type "tool" and "any" are not supported for this model.'],
    [newest && last?.['role'] === 'assistant', 'This model does not support assistant message prefill.'],
    [
      newest && ['temperature', 'top_p', 'top_k'].some((name) => name in body),
      'sampling: Extra inputs are not permitted',
    ],
  );
}

function messageFaults(message: Members, index: number, messages: readonly Members[]): readonly string[] {
  const at = `messages[${index}]`;
  const content = items(message['content']);
  const before = messages[index - 1];
  const after = messages[index + 1];
  const misplaced =
    message['role'] === 'system' &&
    (before?.['role'] !== 'user' || (after !== undefined && after['role'] !== 'assistant'));
  return [
    ...faults(
      [
        message['content'] === '' || (Array.isArray(message['content']) && content.length === 0),
        `${at}: all messages must have non-empty content`,
      ],
      [content.some(isEmptyText), `${at}: text content blocks must be non-empty`],
      [misplaced, `${at}: a system turn must follow a user turn and be last or before an assistant turn`],
    ),
    ...content.flatMap((block) =>
      faults(
        [
          block['type'] === 'tool_use' && !/^[a-zA-Z0-9_-]+$/.test(String(block['id'])),
          `${at}: tool_use.id has a wrong pattern`,
        ],
        [
          block['type'] === 'tool_use' && (typeof block['input'] !== 'object' || Array.isArray(block['input'])),
          `${at}: tool_use.input should be an object`,
        ],
        [block['type'] === 'thinking' && !block['signature'], `${at}: Invalid signature in thinking block`],
      ),
    ),
  ];
}

/** Results stand first in the turn right after the calls, one for each. */
function pairingFaults(messages: readonly Members[]): readonly string[] {
  const wrong: string[] = [];
  for (const [index, message] of messages.entries()) {
    const called = idsOf(message, 'tool_use', 'id');
    const next = messages[index + 1];
    const answered = next ? idsOf(next, 'tool_result', 'tool_use_id') : [];
    const missing = called.filter((id) => !answered.includes(id));
    if (missing.length > 0)
      wrong.push(`messages[${index}]: tool_use ids without tool_result right after: ${missing.join(', ')}`);
    if (new Set(called).size < called.length) wrong.push(`messages[${index}]: tool_use ids must be unique`);
    const before = messages[index - 1];
    const known = before ? idsOf(before, 'tool_use', 'id') : [];
    const orphans = idsOf(message, 'tool_result', 'tool_use_id').filter((id) => !known.includes(id));
    if (orphans.length > 0)
      wrong.push(`messages[${index}]: unexpected tool_use_id in tool_result: ${orphans.join(', ')}`);
    const types = items(message['content']).map((block) => block['type'] === 'tool_result');
    if (types.lastIndexOf(true) > types.indexOf(false) && types.includes(false))
      wrong.push(`messages[${index}]: tool_result blocks must come first`);
  }
  return wrong;
}

function idsOf(message: Members, type: string, member: string): readonly unknown[] {
  return items(message['content'])
    .filter((block) => block['type'] === type)
    .map((block) => block[member]);
}

/** O2: the subset of JSON Schema that structured output takes. */
function outputFaults(format: Members): readonly string[] {
  if (format['type'] !== 'json_schema') return [];
  const refused = ['minimum', 'maximum', 'minLength', 'maxLength', 'multipleOf'].filter(
    (word) => countMembers(format['schema'], word) > 0,
  );
  const open = members(format['schema'])['additionalProperties'] !== false;
  return faults(
    [refused.length > 0, `output_config.format: not supported: ${refused.join(', ')}`],
    [open, "output_config.format: For 'object' type, 'additionalProperties' must be false"],
  );
}
