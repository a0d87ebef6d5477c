import { at, textAt } from './shape.ts';
import type { Shape } from './shape.ts';

const itemId = 'msg_68fa1b2c3d4e5f60718293a4b5c6d7e8';
const usage =
  '{"input_tokens":24,"input_tokens_details":{"cached_tokens":0},"output_tokens":9,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":33}';

function response(status: string, output: string, spent: string): string {
  return `{"id":"resp_68fa1b2c3d4e5f60718293a4b5c6d7e9","object":"response","created_at":1795000000,"status":"${status}","background":false,"error":null,"incomplete_details":null,"instructions":null,"max_output_tokens":null,"model":"gpt-5.5-2026-04-23","output":[${output}],"parallel_tool_calls":true,"previous_response_id":null,"reasoning":{"effort":"none","summary":null},"store":true,"temperature":1.0,"text":{"format":{"type":"text"},"verbosity":"medium"},"tool_choice":"auto","tools":[],"top_p":1.0,"truncation":"disabled","usage":${spent},"user":null,"metadata":{}}`;
}

function part(text: string): string {
  return `{"type":"output_text","annotations":[],"logprobs":[],"text":${JSON.stringify(text)}}`;
}

function item(status: string, content: string): string {
  return `{"id":"${itemId}","type":"message","status":"${status}","content":[${content}],"role":"assistant"}`;
}

function event(name: string, sequence: number, members: string): string {
  return `event: ${name}\ndata: {"type":"${name}","sequence_number":${sequence},${members}}\n\n`;
}

const place = `"item_id":"${itemId}","output_index":0,"content_index":0`;

export const responses: Shape = {
  name: 'responses',
  deltaLength: 60,
  finishMark: '"response.completed"',
  numbered: true,
  path: () => '/v1/responses',
  headers: (key) => ({ authorization: `Bearer ${key}` }),
  request(model, streaming, image) {
    const content = [
      {
        type: 'input_text',
        text: image === undefined ? 'Say hello, in a sentence or two.' : 'What is in this picture?',
      },
      ...(image === undefined
        ? []
        : [{ type: 'input_image', detail: 'auto', image_url: `data:image/png;base64,${image}` }]),
    ];
    return JSON.stringify({
      model,
      instructions: 'You are a helpful assistant.',
      input: [{ type: 'message', role: 'user', content }],
      ...(streaming && { stream: true }),
    });
  },

  reply: (text) => response('completed', item('completed', part(text)), usage),
  opening: () =>
    event('response.created', 0, `"response":${response('in_progress', '', 'null')}`) +
    event('response.in_progress', 1, `"response":${response('in_progress', '', 'null')}`) +
    event('response.output_item.added', 2, `"output_index":0,"item":${item('in_progress', '')}`) +
    event('response.content_part.added', 3, `${place},"part":${part('')}`),
  delta: (text, index) =>
    event(
      'response.output_text.delta',
      index + 4,
      `${place},"delta":${JSON.stringify(text)},"logprobs":[],"obfuscation":"aB3xY9"`,
    ),
  closing: (text, deltas) =>
    event('response.output_text.done', deltas + 4, `${place},"text":${JSON.stringify(text)},"logprobs":[]`) +
    event('response.content_part.done', deltas + 5, `${place},"part":${part(text)}`) +
    event('response.output_item.done', deltas + 6, `"output_index":0,"item":${item('completed', part(text))}`) +
    event(
      'response.completed',
      deltas + 7,
      `"response":${response('completed', item('completed', part(text)), usage)}`,
    ),

  textOfReply: (body) => textAt(body, 'output', 0, 'content', 0, 'text'),
  textOfEvent: (event) => (at(event, 'type') === 'response.output_text.delta' ? (textAt(event, 'delta') ?? '') : ''),
};
