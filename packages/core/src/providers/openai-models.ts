/** Names of OpenAI's models, those for other things than conversation included. Google has a text-embedding-004 of its own. */
export const openaiModels: readonly string[] = [
  'gpt-*',
  'chatgpt-*',
  'o1*',
  'o3*',
  'o4*',
  'codex-*',
  'text-embedding-3-*',
  'text-embedding-ada-*',
  'omni-moderation-*',
  'text-moderation-*',
  'dall-e-*',
  'tts-1*',
  'whisper-*',
  'davinci-*',
  'babbage-*',
];
