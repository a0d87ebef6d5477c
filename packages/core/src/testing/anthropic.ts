/** Pieces of conversations for the tests of anthropic-messages. */
import type { Conversation } from '../conversation/conversation.ts';
import type { Message, Part, ToolCallPart } from '../conversation/message.ts';
import type { Notice } from '../conversation/notice.ts';
import type { FunctionTool } from '../conversation/tool.ts';
import { list, object, type JsonObject } from '../json.ts';
import { factsOf } from '../models/facts.ts';
import type { ModelFacts } from '../models/model-facts.ts';
import { anthropicMessages } from '../dialects/anthropic-messages/index.ts';

export const user = (text: string): Message => ({ role: 'user', parts: [{ type: 'text', text }] });
export const assistant = (...parts: Part[]): Message => ({ role: 'assistant', parts });
export const said = (text: string): Part => ({ type: 'text', text });
export const system = (text: string, placement: 'top' | 'inline' = 'inline'): Message => ({
  role: 'system',
  authority: 'developer',
  placement,
  parts: [{ type: 'text', text }],
});
export const call = (id: string, name = 'look'): ToolCallPart => ({
  type: 'tool-call',
  id,
  name,
  kind: 'function',
  arguments: '{}',
});
export const result = (callId: string, text: string): Message => ({
  role: 'tool',
  results: [{ callId, kind: 'function', content: [said(text)], failed: false }],
});
export const look: FunctionTool = { type: 'function', name: 'look', parameters: { type: 'object', properties: {} } };

/** What the Anthropic encoder makes of a conversation of one user turn with `change`, and the notices it gave. */
export function encode(
  change: Partial<Conversation>,
  facts: ModelFacts = factsOf('claude-opus-5-5'),
  signer = 'anthropic-messages',
) {
  const notices: Notice[] = [];
  const conversation: Conversation = {
    model: 'm',
    streaming: false,
    messages: [user('Hi')],
    tools: [],
    sampling: {},
    maxOutputTokens: 8000,
    ...change,
  };
  const { body, headers } = anthropicMessages.encodeRequest(conversation, {
    facts,
    signer,
    report: (notice) => void notices.push(notice),
  });
  return { body, headers, notices, fields: notices.map(({ type, field }) => `${type} ${field}`) };
}

export const sonnet45 = factsOf('claude-sonnet-4-5');
export const opus46 = factsOf('claude-opus-4-6');
export const roles = (body: JsonObject) => list(body.messages).map((message) => object(message)?.role);
