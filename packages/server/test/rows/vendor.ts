import type { IncomingHttpHeaders, RequestListener } from 'node:http';
import { recordingUpstream } from '../upstream.ts';

export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly body: string;
}

/** Any vendor: remembers every request to the byte, and answers with what fits its path, or as `answer` says. */
export async function vendor(answer: RequestListener = fitting) {
  const seen: Seen[] = [];
  const { url } = await recordingUpstream({
    listener(request, response) {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        const bytes = Buffer.concat(pieces);
        const { method = '', url: path = '', headers } = request;
        seen.push({ method, url: path, headers, bytes, body: bytes.toString() });
        void answer(request, response);
      });
    },
  });
  return { url, seen };
}

const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };

const fitting: RequestListener = (request, response) => {
  const found = replies.find(([part]) => request.url?.includes(part));
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(found?.[1] ?? { object: 'list', data: [] }));
};

const message = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-x',
  content: [{ type: 'text', text: 'hi' }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { input_tokens: 3, output_tokens: 2 },
};

const replies: readonly (readonly [string, object])[] = [
  ['/messages', message],
  ['/invoke', message],
  [':rawPredict', message],
  [
    '/converse',
    {
      output: { message: { role: 'assistant', content: [{ text: 'hi' }] } },
      stopReason: 'end_turn',
      usage: { inputTokens: 3, outputTokens: 2, totalTokens: 5 },
      metrics: { latencyMs: 1 },
    },
  ],
  [
    '/chat/completions',
    {
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1,
      model: 'gpt-x',
      choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
      usage,
    },
  ],
  ['/embeddings', { object: 'list', data: [{ object: 'embedding', index: 0, embedding: [0.5] }], model: 'e', usage }],
  [
    '/completions',
    { id: 'cmpl-1', object: 'text_completion', created: 1, model: 'i', choices: [{ text: 'hi' }], usage },
  ],
  [
    ':generateContent',
    {
      candidates: [{ content: { role: 'model', parts: [{ text: 'hi' }] }, finishReason: 'STOP', index: 0 }],
      usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 2, totalTokenCount: 5 },
    },
  ],
  ['/images/generations', { created: 1, data: [{ b64_json: 'AAAA' }] }],
];

const event = (data: { type: string }) => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
const begun = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'm',
  content: [],
  stop_reason: null,
  stop_sequence: null,
};
/** Claude saying "hello" in two pieces. */
export const claudeStream = [
  { type: 'message_start', message: { ...begun, usage: { input_tokens: 1, output_tokens: 0 } } },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'hel' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'lo' } },
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 2 } },
  { type: 'message_stop' },
]
  .map(event)
  .join('');
