/** What becomes of a conversation in Converse, for the tests of bedrock-converse. */
import type { Conversation } from '../conversation/conversation.ts';
import type { Message } from '../conversation/message.ts';
import type { Notice } from '../conversation/notice.ts';
import { bedrockConverse } from '../dialects/bedrock-converse/index.ts';
import type { Json } from '../json.ts';
import { factsOf } from '../models/facts.ts';
import { accommodate } from '../translate/accommodate/accommodate.ts';

export const sonnet45 = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';

/** The request, fitted as the translation fits it, and the notices it gave. */
export function encode(change: Partial<Conversation>, model = sonnet45) {
  const notices: Notice[] = [];
  const report = (notice: Notice) => void notices.push(notice);
  const conversation: Conversation = {
    model,
    streaming: false,
    messages: [{ role: 'user', parts: [{ type: 'text', text: 'Hi' }] }],
    tools: [],
    sampling: {},
    ...change,
  };
  const facts = factsOf(model);
  const fitted = accommodate(conversation, bedrockConverse.limits, facts, report);
  const { body } = bedrockConverse.encodeRequest(fitted.conversation, { facts, signer: 'bedrock-converse', report });
  return { body, notices, fields: notices.map(({ type, field }) => `${type} ${field}`) };
}

/** The turns that these messages become. */
export function turns(...messages: readonly Message[]): Json {
  return encode({ messages }).body.messages ?? null;
}
