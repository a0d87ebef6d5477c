/** Every pair of dialects by way of the public translators, for tests of facts that concern more than one dialect. */
import { anthropicMessages } from '../dialects/anthropic-messages/index.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { geminiGenerate } from '../dialects/gemini-generate/index.ts';
import { openaiChat } from '../dialects/openai-chat/index.ts';
import { openaiResponses } from '../dialects/openai-responses/index.ts';
import type { JsonObject } from '../json.ts';
import { translateReply, translateRequest, translateStream } from '../translators.ts';

export const names = ['chat', 'messages', 'responses', 'gemini'] as const;
export type Name = (typeof names)[number];

export const dialects: Readonly<Record<Name, Dialect>> = {
  chat: openaiChat,
  messages: anthropicMessages,
  responses: openaiResponses,
  gemini: geminiGenerate,
};

/** The smallest request of each. */
export const requests: Readonly<Record<Name, JsonObject>> = {
  chat: { model: 'm', messages: [{ role: 'user', content: 'Hi' }] },
  messages: { model: 'm', max_tokens: 100, messages: [{ role: 'user', content: 'Hi' }] },
  responses: { model: 'm', input: 'Hi' },
  gemini: { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] },
};

/** A model of each that takes nearly everything: old enough to be forced (C4), new enough for the rest. */
export const models: Readonly<Record<Name, string>> = {
  chat: 'gpt-5.5',
  responses: 'gpt-5.5',
  messages: 'claude-opus-4-6',
  gemini: 'gemini-3.1-pro-preview',
};

/** The smallest request of `from` with these members, as a request of `to`. */
export function sent(from: Name, to: Name, members: JsonObject, model = models[to]) {
  return translateRequest({ ...requests[from], ...members }, { from: dialects[from], to: dialects[to], model });
}

/** What `client` reads when an upstream of the dialect `upstream` gives this reply. */
export function read(client: Name, upstream: Name, reply: JsonObject): JsonObject {
  return translateReply(reply, requests[client], { from: dialects[client], to: dialects[upstream], model: 'm' }).body;
}

/** A machine for a streamed reply of `upstream` to `client`. */
export function streamOf(client: Name, upstream: Name) {
  const request = { ...requests[client], ...(client !== 'gemini' && { stream: true }) };
  return translateStream(request, { from: dialects[client], to: dialects[upstream], model: 'm' });
}
