import type { ModelFacts } from '@proxy/core';
import { z } from 'zod';
import { flag, oneOf, section, wholeNumber } from './schema-parts.ts';

const amount = wholeNumber(0).exactOptional();
const yes = flag().exactOptional();

/** What is known of a model, as the core's ModelFacts: the compiler refuses a fact that one of the two lacks. */
export const factsSchema = section({
  sampling: yes,
  maxTemperature: z.number().exactOptional(),
  oneOfTemperatureAndTopP: yes,
  stopSequences: yes,
  penalties: yes,
  forcedToolChoice: yes,
  forcedToolChoiceWhileThinking: yes,
  parallelToolCallsSwitch: yes,
  thinking: z.array(oneOf('a form of thinking', ['disabled', 'budget', 'adaptive', 'between-tools'])).exactOptional(),
  efforts: z.array(oneOf('an effort', ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'])).exactOptional(),
  thinkingControl: oneOf('a control', ['level', 'budget', 'none']).exactOptional(),
  minThinkingBudget: amount,
  maxThinkingBudget: amount,
  alwaysThinks: yes,
  maxOutputTokens: amount,
  contextWindow: amount,
  prefill: yes,
  systemTurns: yes,
  structuredOutput: yes,
  strictTools: yes,
  images: yes,
  documents: yes,
  cacheBreakpoints: yes,
  webSearch: yes,
  callIds: yes,
  jsonSchema: yes,
  mediaInToolResults: yes,
  thoughtSignatures: yes,
  developerRole: yes,
  maxTokensField: oneOf('a field', ['max_tokens', 'max_completion_tokens']).exactOptional(),
  reasoningField: oneOf('a field', ['reasoning_content', 'reasoning', 'none']).exactOptional(),
  reasoningReplay: yes,
  reasoningEffort: yes,
  customTools: yes,
  effortBesideTools: oneOf('a word', ['none', 'absent']).exactOptional(),
  streamUsage: yes,
  jsonSchemaOutput: yes,
  openaiMembers: yes,
  contentLists: yes,
  topK: yes,
  thinkingSwitch: oneOf('a switch', ['thinking', 'enable_thinking']).exactOptional(),
  cacheWritesOutsidePrompt: yes,
  inlineThinkTags: yes,
} satisfies Record<keyof ModelFacts, z.ZodType>);
