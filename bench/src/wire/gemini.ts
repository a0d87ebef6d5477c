import { textAt } from './shape.ts';
import type { Shape } from './shape.ts';

function chunk(text: string, finish: string): string {
  return `{"candidates":[{"content":{"parts":[{"text":${JSON.stringify(text)}}],"role":"model"}${finish},"index":0}],"usageMetadata":{"promptTokenCount":24,"candidatesTokenCount":9,"totalTokenCount":33,"promptTokensDetails":[{"modality":"TEXT","tokenCount":24}]},"modelVersion":"gemini-3.5-flash","responseId":"c8QgaY_eBZ"}`;
}

export const gemini: Shape = {
  name: 'gemini',
  deltaLength: 50,
  finishMark: '"finishReason":"STOP"',
  path: (model, streaming) =>
    `/v1beta/models/${model}:${streaming ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
  headers: (key) => ({ 'x-goog-api-key': key }),
  request(_model, _streaming, image) {
    const parts = [
      { text: image === undefined ? 'Say hello, in a sentence or two.' : 'What is in this picture?' },
      ...(image === undefined ? [] : [{ inlineData: { mimeType: 'image/png', data: image } }]),
    ];
    return JSON.stringify({
      systemInstruction: { parts: [{ text: 'You are a helpful assistant.' }] },
      contents: [{ role: 'user', parts }],
      generationConfig: { temperature: 0.7, maxOutputTokens: 4096 },
    });
  },

  reply: (text) => chunk(text, ',"finishReason":"STOP"'),
  opening: () => '',
  delta: (text) => `data: ${chunk(text, '')}\r\n\r\n`,
  closing: () => `data: ${chunk('', ',"finishReason":"STOP"')}\r\n\r\n`,

  textOfReply: (body) => textAt(body, 'candidates', 0, 'content', 'parts', 0, 'text'),
  textOfEvent: (event) => textAt(event, 'candidates', 0, 'content', 'parts', 0, 'text') ?? '',
};
