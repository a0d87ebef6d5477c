import { items, type Members } from '../rules/json.ts';
import { bearer, pieces, sse, textOf, type Piece, type Reply, type Vendor } from './vendor.ts';

export const anthropicMessages: Vendor = {
  dialect: 'anthropic-messages',
  path: /^\/v1\/messages(\?beta=true)?$/,
  model: 'claude-opus-5-5',
  contentType: 'text/event-stream',
  key: (headers) => (typeof headers['x-api-key'] === 'string' ? headers['x-api-key'] : bearer(headers)),
  read: (body) => ({
    pieces: [
      { type: 'text', text: textOf(body['system']) },
      ...items(body['messages']).flatMap(({ content }) =>
        typeof content === 'string' ? [{ type: 'text' as const, text: content }] : items(content).flatMap(piecesOf),
      ),
    ],
    tools: items(body['tools']).map((tool) => String(tool['name'])),
  }),
  stream: (reply, id) => sse(eventsOf(reply, id), true),
  refusal: (seconds) => ({
    status: 429,
    headers: { 'retry-after': String(seconds) },
    body: JSON.stringify({
      type: 'error',
      error: { type: 'rate_limit_error', message: 'This request would exceed your organization’s rate limit.' },
      request_id: 'req_e2e',
    }),
  }),
};

function piecesOf(block: Members): readonly Piece[] {
  switch (block['type']) {
    case 'text':
      return [{ type: 'text', text: String(block['text']) }];
    case 'tool_use':
      return [{ type: 'call', id: String(block['id']), name: String(block['name']) }];
    case 'tool_result':
      return [{ type: 'result', id: String(block['tool_use_id']), text: textOf(block['content']) }];
    case 'thinking':
      return [{ type: 'seal', seal: String(block['signature']) }];
    default:
      return [];
  }
}

function eventsOf({ thought, seal, text, calls }: Reply, id: string): readonly object[] {
  const usage = {
    input_tokens: 150,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    output_tokens_details: null,
    server_tool_use: null,
  };
  const placed = { cache_creation: null, inference_geo: null, service_tier: 'standard', speed: 'standard' };
  const ended = { container: null, stop_details: null, stop_sequence: null };
  const blocks = [
    {
      start: { type: 'thinking', thinking: '', signature: '' },
      deltas: [
        ...pieces(thought).map((thinking) => ({ type: 'thinking_delta', thinking })),
        { type: 'signature_delta', signature: seal },
      ],
    },
    ...(text === undefined
      ? []
      : [
          {
            start: { type: 'text', text: '', citations: null },
            deltas: pieces(text).map((piece) => ({ type: 'text_delta', text: piece })),
          },
        ]),
    ...calls.map((call) => ({
      start: { type: 'tool_use', id: call.id, name: call.name, input: {}, caller: { type: 'direct' } },
      deltas: pieces(JSON.stringify(call.args)).map((piece) => ({ type: 'input_json_delta', partial_json: piece })),
    })),
  ];
  return [
    {
      type: 'message_start',
      message: {
        id: `msg_${id}`,
        type: 'message',
        role: 'assistant',
        model: 'claude-opus-5-5',
        content: [],
        diagnostics: null,
        ...ended,
        stop_reason: null,
        usage: { ...usage, ...placed, output_tokens: 1 },
      },
    },
    ...blocks.flatMap(({ start, deltas }, index) => [
      { type: 'content_block_start', index, content_block: start },
      ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
      { type: 'content_block_stop', index },
    ]),
    {
      type: 'message_delta',
      delta: { ...ended, stop_reason: calls.length > 0 ? 'tool_use' : 'end_turn' },
      usage: { ...usage, output_tokens: 70 },
    },
    { type: 'message_stop' },
  ];
}
