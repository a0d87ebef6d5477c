import { at, textAt } from './shape.ts';
import type { Shape } from './shape.ts';

const head =
  '"id":"msg_01XFDUDYJgAACzvnptvVoYEL","type":"message","role":"assistant","model":"claude-sonnet-5-20260801"';
const usage = (output: number) =>
  `{"input_tokens":24,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":0},"output_tokens":${output},"service_tier":"standard"}`;

function event(name: string, members: string): string {
  return `event: ${name}\ndata: {"type":"${name}"${members}}\n\n`;
}

export const messages: Shape = {
  name: 'messages',
  deltaLength: 160,
  finishMark: '"message_stop"',
  path: () => '/v1/messages',
  headers: (key) => ({ 'x-api-key': key, 'anthropic-version': '2023-06-01' }),
  request(model, streaming, image) {
    const content =
      image === undefined
        ? 'Say hello, in a sentence or two.'
        : [
            { type: 'text', text: 'What is in this picture?' },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: image } },
          ];
    return JSON.stringify({
      model,
      max_tokens: 4096,
      system: 'You are a helpful assistant.',
      messages: [{ role: 'user', content }],
      ...(streaming && { stream: true }),
    });
  },

  reply: (text) =>
    `{${head},"content":[{"type":"text","text":${JSON.stringify(text)}}],"stop_reason":"end_turn","stop_sequence":null,"usage":${usage(9)}}`,
  opening: () =>
    event(
      'message_start',
      `,"message":{${head},"content":[],"stop_reason":null,"stop_sequence":null,"usage":${usage(1)}}`,
    ) +
    event('content_block_start', ',"index":0,"content_block":{"type":"text","text":""}') +
    event('ping', ''),
  delta: (text) =>
    event('content_block_delta', `,"index":0,"delta":{"type":"text_delta","text":${JSON.stringify(text)}}`),
  closing: (_text, deltas) =>
    event('content_block_stop', ',"index":0') +
    event(
      'message_delta',
      `,"delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":${deltas}}`,
    ) +
    event('message_stop', ''),

  textOfReply: (body) => textAt(body, 'content', 0, 'text'),
  textOfEvent: (event) => textAt(at(event, 'delta'), 'text') ?? '',
};
