import { openaiChat, type Provider } from '@proxy/core';

/** Requests to this scheme never leave the process: see transport.ts. */
export const demoScheme = 'demo:';

/** What the embedded demo upstream lists. */
export const demoModels = ['demo', 'demo-reasoner', 'demo-tools'] as const;

/** The place where the demo model lives: inside this process, speaking OpenAI Chat. */
export const demoProvider: Provider = {
  name: 'demo',
  speaks: [openaiChat],
  baseUrl: `${demoScheme}//local/v1`,
  endpoint: ({ baseUrl }) => `${baseUrl}/chat/completions`,
  keyless: true,
  authorize: ({ url, headers }) => ({ url, headers }),
  facts: {
    developerRole: true,
    customTools: true,
    jsonSchemaOutput: true,
    reasoningEffort: true,
    reasoningField: 'reasoning_content',
    streamUsage: true,
    images: true,
    contentLists: true,
    forcedToolChoice: true,
    stopSequences: true,
    maxTokensField: 'max_completion_tokens',
  },
};
