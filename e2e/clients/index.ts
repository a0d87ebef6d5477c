import type { DialectName } from '../dialects.ts';
import { anthropicMessages } from './anthropic-messages.ts';
import type { Client } from './client.ts';
import { geminiGenerate } from './gemini-generate.ts';
import { openaiChat } from './openai-chat.ts';
import { openaiResponses } from './openai-responses.ts';

export const clients: Readonly<Record<DialectName, Client>> = {
  'openai-chat': openaiChat,
  'openai-responses': openaiResponses,
  'anthropic-messages': anthropicMessages,
  'gemini-generate': geminiGenerate,
};
