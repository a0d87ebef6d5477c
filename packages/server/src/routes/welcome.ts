import type { HttpAnswer } from '@proxy/core';
import { version } from '../version.ts';

/** GET /: for whoever opens the address in a browser. */
export function welcome(healthPath: string | undefined): HttpAnswer {
  const lines = [
    `@proxy ${version}: one endpoint for every LLM API. 一个端点，接通所有大模型 API。`,
    '',
    'POST /v1/chat/completions                        OpenAI Chat Completions',
    'POST /v1/responses                               OpenAI Responses',
    'POST /v1/messages                                Anthropic Messages',
    'POST /v1beta/models/{model}:generateContent      Gemini (also :streamGenerateContent, and under /v1)',
    'GET  /v1/models                                  the models, in the shape of whoever asks',
    ...(healthPath === undefined ? [] : [`GET  ${healthPath.padEnd(44)}health`]),
    '',
  ];
  return { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: lines.join('\n') };
}
