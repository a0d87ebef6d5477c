import { items, type Members } from '../rules/json.ts';
import { openaiChat } from './openai-chat.ts';
import { bearer, pieces, sse, textOf, type Piece, type Reply, type Vendor } from './vendor.ts';

export const openaiResponses: Vendor = {
  dialect: 'openai-responses',
  path: /^\/v1\/responses$/,
  model: 'gpt-5.5',
  contentType: 'text/event-stream',
  key: bearer,
  read: (body) => ({
    pieces: [
      ...(typeof body['instructions'] === 'string' ? [{ type: 'text' as const, text: body['instructions'] }] : []),
      ...items(body['input']).flatMap(piecesOf),
    ],
    tools: items(body['tools']).map((tool) => String(tool['name'] ?? tool['type'])),
  }),
  stream: (reply, id) => sse(eventsOf(reply, id), true),
  refusal: openaiChat.refusal,
};

function piecesOf(item: Members): readonly Piece[] {
  switch (item['type']) {
    case 'function_call':
    case 'custom_tool_call':
      return [{ type: 'call', id: String(item['call_id']), name: String(item['name']) }];
    case 'function_call_output':
    case 'custom_tool_call_output':
      return [{ type: 'result', id: String(item['call_id']), text: textOf(item['output']) }];
    case 'reasoning':
      return typeof item['encrypted_content'] === 'string' ? [{ type: 'seal', seal: item['encrypted_content'] }] : [];
    default:
      return [{ type: 'text', text: textOf(item['content']) }];
  }
}

interface Item {
  readonly begun: Members;
  readonly between: readonly Members[];
  readonly done: Members;
}

function eventsOf(reply: Reply, id: string): readonly object[] {
  const made = [
    reasoningItem(reply, id),
    ...messageItem(reply, id),
    ...reply.calls.map((_, at) => callItem(reply, id, at)),
  ];
  const response = {
    id: `resp_${id}`,
    object: 'response',
    created_at: 1795250000,
    access_programs: null,
    error: null,
    incomplete_details: null,
    instructions: null,
    metadata: {},
    model: 'gpt-5.5-2026-04-23',
    parallel_tool_calls: true,
    temperature: 1,
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
  };
  const usage = {
    input_tokens: 150,
    input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
    output_tokens: 70,
    output_tokens_details: { reasoning_tokens: 40 },
    total_tokens: 220,
  };
  const events: Members[] = [
    { type: 'response.created', response: { ...response, status: 'in_progress', output: [] } },
    ...made.flatMap(({ begun, between, done }, index) => [
      { type: 'response.output_item.added', output_index: index, item: begun },
      ...between.map((event) => ({ ...event, item_id: begun['id'], output_index: index })),
      { type: 'response.output_item.done', output_index: index, item: done },
    ]),
    {
      type: 'response.completed',
      response: { ...response, status: 'completed', output: made.map(({ done }) => done), usage },
    },
  ];
  return events.map((event, index) => ({ sequence_number: index, ...event }));
}

function reasoningItem({ thought, seal }: Reply, id: string): Item {
  const item = { id: `rs_${id}`, type: 'reasoning' };
  const part = (text: string) => ({ type: 'summary_text', text });
  return {
    begun: { ...item, summary: [] },
    between: [
      { type: 'response.reasoning_summary_part.added', summary_index: 0, part: part('') },
      ...pieces(thought).map((delta) => ({ type: 'response.reasoning_summary_text.delta', summary_index: 0, delta })),
      { type: 'response.reasoning_summary_text.done', summary_index: 0, text: thought },
      { type: 'response.reasoning_summary_part.done', summary_index: 0, part: part(thought) },
    ],
    done: { ...item, encrypted_content: seal, summary: [part(thought)] },
  };
}

function messageItem({ text }: Reply, id: string): readonly Item[] {
  if (text === undefined) return [];
  const item = { id: `msg_${id}`, type: 'message', role: 'assistant' };
  const part = (said: string) => ({ type: 'output_text', annotations: [], logprobs: [], text: said });
  const at = { content_index: 0 };
  return [
    {
      begun: { ...item, status: 'in_progress', content: [] },
      between: [
        { type: 'response.content_part.added', ...at, part: part('') },
        ...pieces(text).map((delta) => ({ type: 'response.output_text.delta', ...at, delta, logprobs: [] })),
        { type: 'response.output_text.done', ...at, text, logprobs: [] },
        { type: 'response.content_part.done', ...at, part: part(text) },
      ],
      done: { ...item, status: 'completed', content: [part(text)] },
    },
  ];
}

function callItem({ calls }: Reply, id: string, at: number): Item {
  const call = calls[at];
  const source = JSON.stringify(call?.args);
  const item = { id: `fc_${id}${at}`, type: 'function_call', call_id: call?.id, name: call?.name };
  return {
    begun: { ...item, status: 'in_progress', arguments: '' },
    between: [
      ...pieces(source).map((delta) => ({ type: 'response.function_call_arguments.delta', delta })),
      { type: 'response.function_call_arguments.done', arguments: source },
    ],
    done: { ...item, status: 'completed', arguments: source },
  };
}
