import { at, textAt } from './shape.ts';
import type { Shape } from './shape.ts';

const id = 'chatcmpl-CxJ1vQ8Zk3mB7yT2nR5wL9pD4sF6h';
const usage =
  '{"prompt_tokens":24,"completion_tokens":9,"total_tokens":33,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},' +
  '"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}';

function chunk(delta: string, finish: string): string {
  return `data: {"id":"${id}","object":"chat.completion.chunk","created":1795000000,"model":"gpt-5.5-2026-04-23","service_tier":"default","system_fingerprint":"fp_8bb1a2c3d4","choices":[{"index":0,"delta":${delta},"finish_reason":${finish}}],"usage":null`;
}

export const chat: Shape = {
  name: 'chat',
  deltaLength: 40,
  finishMark: '[DONE]',
  path: () => '/v1/chat/completions',
  headers: (key) => ({ authorization: `Bearer ${key}` }),
  request(model, streaming, image) {
    const content =
      image === undefined
        ? 'Say hello, in a sentence or two.'
        : [
            { type: 'text', text: 'What is in this picture?' },
            { type: 'image_url', image_url: { url: `data:image/png;base64,${image}` } },
          ];
    return JSON.stringify({
      model,
      messages: [
        { role: 'system', content: 'You are a helpful assistant.' },
        { role: 'user', content },
      ],
      temperature: 0.7,
      ...(streaming && { stream: true, stream_options: { include_usage: true } }),
    });
  },

  reply: (text) =>
    `{"id":"${id}","object":"chat.completion","created":1795000000,"model":"gpt-5.5-2026-04-23","choices":[{"index":0,"message":{"role":"assistant","content":${JSON.stringify(text)},"refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],"usage":${usage},"service_tier":"default","system_fingerprint":"fp_8bb1a2c3d4"}`,
  opening: () => `${chunk('{"role":"assistant","content":"","refusal":null}', 'null')},"obfuscation":"kT3x"}\n\n`,
  delta: (text) => `${chunk(`{"content":${JSON.stringify(text)}}`, 'null')},"obfuscation":"qW8eR5tY"}\n\n`,
  closing: () =>
    `${chunk('{}', '"stop"')},"obfuscation":"zX"}\n\ndata: {"id":"${id}","object":"chat.completion.chunk","created":1795000000,"model":"gpt-5.5-2026-04-23","service_tier":"default","system_fingerprint":"fp_8bb1a2c3d4","choices":[],"usage":${usage}}\n\ndata: [DONE]\n\n`,

  textOfReply: (body) => textAt(body, 'choices', 0, 'message', 'content'),
  textOfEvent: (event) => textAt(at(event, 'choices', 0, 'delta'), 'content') ?? '',
};
