import type { ModelFactsRow } from './model-facts.ts';

const guide = 'https://docs.aws.amazon.com/bedrock/latest/userguide';

/** What matters of models at Bedrock only, where they are asked in Converse. Names carry a vendor and often a region. */
export const bedrockModels: readonly ModelFactsRow[] = [
  {
    match: '*claude*',
    facts: { toolResultStatus: true, converseTopK: 'top_k', converseReasoning: 'thinking' },
    source: `${guide}/model-parameters-claude.html; API_runtime_ToolResultBlock: status for Nova and Claude`,
  },
  {
    match: '*nova-*',
    facts: {
      sampling: true,
      maxTemperature: 1,
      forcedToolChoice: true,
      toolResultStatus: true,
      cacheBreakpoints: true,
      converseTopK: 'inferenceConfig',
      images: true,
      documents: true,
    },
    source: 'https://docs.aws.amazon.com/nova/latest/userguide: tool choice, prompt caching, inferenceConfig.topK',
  },
  {
    match: '*nova-micro*',
    facts: { images: false, documents: false },
    source: 'https://docs.aws.amazon.com/nova/latest/userguide/what-is-nova.html: text only',
  },
  {
    match: '*nova-2-*',
    facts: { converseReasoning: 'reasoningConfig', efforts: ['low', 'medium', 'high'] },
    source: 'https://docs.aws.amazon.com/nova/latest/nova2-userguide: reasoningConfig.maxReasoningEffort',
  },
  {
    match: '*gpt-oss*',
    facts: { converseReasoning: 'reasoning_effort', efforts: ['low', 'medium', 'high'] },
    source: `${guide}/model-parameters-openai.html: reasoning_effort low, medium, high`,
  },
];
