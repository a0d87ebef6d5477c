export { anthropicMessages } from './anthropic-messages/index.ts';
export { bedrockConverse } from './bedrock-converse/index.ts';
export { geminiGenerate } from './gemini-generate/index.ts';
export { openaiChat } from './openai-chat/index.ts';
export { openaiResponses } from './openai-responses/index.ts';
