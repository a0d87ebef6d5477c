export { anthropic } from './anthropic.ts';
export { azure } from './azure.ts';
export { bedrock } from './bedrock.ts';
export { gemini } from './gemini.ts';
export { openai } from './openai.ts';
export { openaiCompatible } from './openai-compatible.ts';
export { vertex } from './vertex.ts';
