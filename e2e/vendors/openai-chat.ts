import { items, members, type Members } from '../rules/json.ts';
import { bearer, pieces, sse, textOf, type Piece, type Reply, type Vendor } from './vendor.ts';

export const openaiChat: Vendor = {
  dialect: 'openai-chat',
  path: /^\/v1\/chat\/completions$/,
  model: 'gpt-5.5',
  contentType: 'text/event-stream',
  key: bearer,
  read: (body) => ({
    pieces: items(body['messages']).flatMap(piecesOf),
    tools: items(body['tools']).map((tool) => String(members(tool['function'])['name'])),
  }),
  stream: (reply, id) => [...sse(chunksOf(reply, id), false), Buffer.from('data: [DONE]\n\n')],
  refusal: (seconds) => ({
    status: 429,
    headers: { 'retry-after': String(seconds) },
    body: JSON.stringify({
      error: {
        message: `Rate limit reached for gpt-5.5. Please try again in ${seconds}s.`,
        type: 'tokens',
        param: null,
        code: 'rate_limit_exceeded',
      },
    }),
  }),
};

function piecesOf(message: Members): readonly Piece[] {
  if (message['role'] === 'tool')
    return [{ type: 'result', id: String(message['tool_call_id']), text: textOf(message['content']) }];
  const calls = items(message['tool_calls']).map((call) => ({
    type: 'call' as const,
    id: String(call['id']),
    name: String(members(call['function'])['name']),
  }));
  const text = textOf(message['content']);
  return [...(text === '' ? [] : [{ type: 'text' as const, text }]), ...calls];
}

function chunksOf({ text = '', calls }: Reply, id: string): readonly object[] {
  const base = {
    id: `chatcmpl-${id}`,
    object: 'chat.completion.chunk',
    created: 1795250000,
    model: 'gpt-5.5-2026-04-23',
  };
  const chunk = (delta: object, finish: string | null = null) => ({
    ...base,
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
    usage: null,
  });
  return [
    chunk({ role: 'assistant', content: '', refusal: null }),
    ...pieces(text).map((content) => chunk({ content })),
    ...calls.flatMap((call, index) => [
      chunk({ tool_calls: [{ index, id: call.id, type: 'function', function: { name: call.name, arguments: '' } }] }),
      ...pieces(JSON.stringify(call.args)).map((piece) =>
        chunk({ tool_calls: [{ index, function: { arguments: piece } }] }),
      ),
    ]),
    chunk({}, calls.length > 0 ? 'tool_calls' : 'stop'),
    { ...base, choices: [], usage: { prompt_tokens: 150, completion_tokens: 70, total_tokens: 220 } },
  ];
}
