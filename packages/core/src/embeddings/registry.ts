export { geminiEmbeddingCaller } from './gemini.ts';
export { openaiEmbeddingCaller } from './openai.ts';
