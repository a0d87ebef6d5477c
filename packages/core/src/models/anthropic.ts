import type { Effort } from '../conversation/conversation.ts';
import type { ModelFacts, ModelFactsRow } from './model-facts.ts';

const docs = 'https://platform.claude.com/docs/en';
/** The effort page, by way of a copy that names the models level by level. */
const effortPage = 'https://wwsun.github.io/clippings/effort-parameter (copy of docs/build-with-claude/effort)';
const fromLowToMax: readonly Effort[] = ['low', 'medium', 'high', 'xhigh', 'max'];

/** Everything up to Claude 4.5 shares these; what a model has beyond them stands in its own row. */
const old: ModelFacts = {
  sampling: true,
  maxTemperature: 1,
  forcedToolChoice: true,
  forcedToolChoiceWhileThinking: false,
  thinking: [],
  efforts: [],
  contextWindow: 200_000,
  prefill: true,
  systemTurns: false,
  structuredOutput: false,
  strictTools: false,
};

const four: ModelFacts = {
  ...old,
  oneOfTemperatureAndTopP: true,
  thinking: ['disabled', 'budget'],
  minThinkingBudget: 1024,
  maxOutputTokens: 64_000,
};

/**
 * Claude models, oldest first: later rows win, and a name may match several. Names carry prefixes and suffixes
 * (`us.anthropic.claude-opus-4-6-v1`, `claude-sonnet-4@20250514`), hence the stars.
 */
export const anthropicModels: readonly ModelFactsRow[] = [
  {
    // A Claude nobody has described yet is taken for a new one, which refuses what old ones merely tolerate.
    match: '*claude*',
    facts: {
      sampling: false,
      stopSequences: true,
      forcedToolChoice: false,
      parallelToolCallsSwitch: true,
      thinking: ['adaptive'],
      efforts: ['low', 'medium', 'high'],
      prefill: false,
      structuredOutput: true,
      strictTools: true,
      images: true,
      documents: true,
      cacheBreakpoints: true,
      webSearch: true,
    },
    source: 'What Opus 5.5, Sonnet 5.5, Haiku 5.5 and Fable 5.1 have in common, rows below',
  },
  {
    match: '*claude-3*',
    facts: { ...old, maxOutputTokens: 4096, webSearch: false },
    source: 'General knowledge of the models overview of 2024, not read again',
  },
  {
    match: '*claude-3-5-*',
    facts: { maxOutputTokens: 8192, webSearch: true },
    source:
      'Claude Code’s built-in catalogue (github.com/xsyetopz/claudetto wiki) for Haiku 3.5; Sonnet 3.5 had the same limit',
  },
  {
    match: '*claude-3-7-*',
    facts: { maxOutputTokens: 64_000, thinking: ['disabled', 'budget'], minThinkingBudget: 1024, webSearch: true },
    source:
      'https://docs.rs/mixtape-core (models/claude.rs): 64 000 output tokens; budgets: SDK type ThinkingConfigEnabled',
  },
  {
    match: '*claude-opus-4*',
    facts: { ...four, maxOutputTokens: 32_000 },
    source:
      'https://docs.rs/mixtape-core (models/claude.rs): 32 000 output tokens; catalogue Q1 for temperature or top_p',
  },
  {
    match: '*claude-sonnet-4*',
    facts: four,
    source: `${docs}/about-claude/models/overview: 64K output; catalogue Q1 for temperature or top_p`,
  },
  {
    match: '*claude-haiku-4*',
    facts: four,
    source: `${docs}/about-claude/models/overview: 64K output; catalogue Q1 for temperature or top_p`,
  },
  {
    match: '*claude-*-4-5*',
    facts: { maxOutputTokens: 64_000, structuredOutput: true, strictTools: true },
    source: `${docs}/build-with-claude/structured-outputs; Google Cloud: structured outputs for Claude 4.5 and higher`,
  },
  {
    match: '*claude-opus-4-5*',
    facts: { efforts: ['low', 'medium', 'high'] },
    source: `${docs}/about-claude/models/whats-new-claude-4-5: of the 4.5 models only Opus takes an effort`,
  },
  {
    match: '*claude-opus-4-6*',
    facts: {
      maxOutputTokens: 128_000,
      thinking: ['disabled', 'budget', 'adaptive'],
      efforts: ['low', 'medium', 'high', 'max'],
      prefill: false,
      structuredOutput: true,
      strictTools: true,
    },
    source: `${docs}/build-with-claude/adaptive-thinking; models overview: 128K output; prefill: catalogue T15`,
  },
  {
    match: '*claude-sonnet-4-6*',
    facts: {
      maxOutputTokens: 128_000,
      contextWindow: 1_000_000,
      thinking: ['disabled', 'budget', 'adaptive'],
      efforts: ['low', 'medium', 'high', 'max'],
      prefill: false,
      structuredOutput: true,
      strictTools: true,
    },
    source: `${docs}/claude/docs/models-overview: 1M window; Effect’s ai-anthropic 4.0.0-beta.106: 128 000 output; ${effortPage}`,
  },
  ...['*claude-opus-4-7*', '*claude-opus-4-8*'].map((match) => ({
    match,
    facts: {
      sampling: false,
      maxOutputTokens: 128_000,
      contextWindow: 1_000_000,
      thinking: ['disabled', 'adaptive'],
      efforts: fromLowToMax,
      prefill: false,
      structuredOutput: true,
      strictTools: true,
    } satisfies ModelFacts,
    source:
      'Catalogue Q1, Z11; AWS Bedrock user guide, adaptive thinking; Opus 5 page: “on Opus 4.8 … without thinking unless adaptive”',
  })),
  {
    match: '*claude-opus-4-8*',
    facts: { systemTurns: true },
    source: `${docs}/about-claude/models/whats-new-claude-4-8: accepts role "system" after a user turn, no beta header`,
  },
  {
    match: '*claude-mythos*',
    facts: {
      alwaysThinks: true,
      thinking: ['adaptive'],
      maxOutputTokens: 128_000,
      contextWindow: 1_000_000,
      efforts: ['low', 'medium', 'high', 'max'],
    },
    source: `AWS Bedrock user guide, adaptive thinking: enabled and disabled are both 400; ${effortPage}`,
  },
  {
    match: '*claude-mythos-5*',
    facts: { efforts: fromLowToMax, systemTurns: true },
    source: `${effortPage}; system turns as on all after Opus 4.8 (docs.rs gproxy-transform)`,
  },
  {
    match: '*claude-fable-5*',
    facts: {
      alwaysThinks: true,
      forcedToolChoice: false,
      thinking: ['adaptive'],
      maxOutputTokens: 128_000,
      contextWindow: 1_000_000,
      efforts: fromLowToMax,
      systemTurns: true,
    },
    source: `${docs}/models/fable-5-1/overview; models/opus-5-5/whats-new-opus-5-5: thinking and forced tools as on Opus 5.5`,
  },
  {
    match: '*claude-opus-5*',
    facts: {
      forcedToolChoice: true,
      forcedToolChoiceWhileThinking: false,
      thinking: ['disabled', 'adaptive'],
      maxOutputTokens: 128_000,
      contextWindow: 1_000_000,
      efforts: fromLowToMax,
      systemTurns: true,
    },
    source: `${docs}/about-claude/models/whats-new-opus-5: thinking on by default, disabled at effort high or below`,
  },
  {
    match: '*claude-sonnet-5*',
    facts: {
      forcedToolChoice: true,
      forcedToolChoiceWhileThinking: false,
      thinking: ['disabled', 'adaptive'],
      maxOutputTokens: 128_000,
      contextWindow: 1_000_000,
      efforts: fromLowToMax,
      systemTurns: false,
    },
    source: `${docs}/models/sonnet-5/overview; ${effortPage}; docs.rs gproxy-transform: no system turns`,
  },
  {
    match: '*claude-opus-5-5*',
    facts: { forcedToolChoice: false, thinking: ['adaptive'], alwaysThinks: true },
    source: `${docs}/models/opus-5-5/migration-guide: thinking.type disabled and enabled are 400, so is forced tool use`,
  },
  {
    match: '*claude-sonnet-5-5*',
    facts: { forcedToolChoice: false, thinking: ['adaptive', 'between-tools'], systemTurns: true },
    source: `${docs}/models/sonnet-5-5/whats-new-sonnet-5-5; system turns: sent by Claude Code (measured)`,
  },
  {
    match: '*claude-haiku-5-5*',
    facts: {
      forcedToolChoice: true,
      forcedToolChoiceWhileThinking: false,
      thinking: ['disabled', 'adaptive'],
      maxOutputTokens: 128_000,
      contextWindow: 1_000_000,
      efforts: ['low', 'medium', 'high'],
      systemTurns: true,
    },
    source: `${docs}/models/haiku-5-5/whats-new-haiku-5-5: no budgets, no sampling, no prefill; system turns: Claude Code (measured)`,
  },
];
