import type { ModelFacts, ModelFactsRow } from './model-facts.ts';

/** What OpenAI's servers take whatever the model. */
const atOpenai: ModelFacts = {
  maxTokensField: 'max_completion_tokens',
  openaiMembers: true,
  contentLists: true,
  systemTurns: true,
  streamUsage: true,
  strictTools: true,
  parallelToolCallsSwitch: true,
  reasoningField: 'none',
  customTools: false,
  maxTemperature: 2,
};

/** Q2: no temperature other than 1, no top_p, logprobs, penalties or stop. */
const reasons: ModelFacts = {
  developerRole: true,
  sampling: false,
  penalties: false,
  stopSequences: false,
  reasoningEffort: true,
  jsonSchemaOutput: true,
};

/** What every compatible vendor has in common: members OpenAI added for itself are not among it (S5, B3). */
const elsewhere: ModelFacts = {
  developerRole: false,
  openaiMembers: false,
  maxTokensField: 'max_tokens',
  customTools: false,
};

/** OpenAI's models, and those of vendors that speak Chat Completions. Later rows win, so families come before members. */
export const openaiModels: readonly ModelFactsRow[] = [...openaiOwn(), ...vendors()];

function openaiOwn(): readonly ModelFactsRow[] {
  const types = 'openai 7.55 types: resources/chat/completions, resources/shared (ChatModel)';
  const pages = 'OpenAI model pages (developers.openai.com/api/docs/models)';
  const efforts =
    'Azure SDK ReasoningEffort: none from gpt-5.1 on, minimal in gpt-5, xhigh after gpt-5.1-codex-max, gpt-5-pro high only';
  return [
    ...['gpt-*', 'chatgpt-*', 'o1*', 'o3*', 'o4*', 'codex-mini*'].map((match) => ({
      match,
      facts: atOpenai,
      source: types,
    })),

    { match: 'gpt-3.5*', facts: { images: false, contextWindow: 16_385, maxOutputTokens: 4096 }, source: pages },
    { match: 'gpt-4', facts: { images: false, contextWindow: 8192 }, source: pages },
    { match: 'gpt-4-0*', facts: { images: false, contextWindow: 8192 }, source: pages },
    { match: 'gpt-4-turbo*', facts: { images: true, contextWindow: 128_000, maxOutputTokens: 4096 }, source: pages },
    {
      match: 'gpt-4o*',
      facts: { images: true, jsonSchemaOutput: true, contextWindow: 128_000, maxOutputTokens: 16_384 },
      source: pages,
    },
    { match: 'gpt-4o-2024-05-13', facts: { jsonSchemaOutput: false, maxOutputTokens: 4096 }, source: pages },
    { match: 'gpt-4o*search-preview*', facts: { webSearch: true, sampling: false, penalties: false }, source: pages },
    {
      match: 'gpt-4.1*',
      facts: {
        images: true,
        developerRole: true,
        jsonSchemaOutput: true,
        contextWindow: 1_047_576,
        maxOutputTokens: 32_768,
      },
      source: pages,
    },

    ...['o1*', 'o3*', 'o4*', 'codex-mini*'].map((match) => ({
      match,
      facts: {
        ...reasons,
        efforts: ['low', 'medium', 'high'],
        parallelToolCallsSwitch: false,
        contextWindow: 200_000,
        maxOutputTokens: 100_000,
      } as const,
      source: `catalogue Q2; ${efforts}`,
    })),
    { match: 'o3-mini*', facts: { images: false }, source: pages },
    {
      match: 'o1-mini*',
      facts: {
        developerRole: false,
        images: false,
        reasoningEffort: false,
        contextWindow: 128_000,
        maxOutputTokens: 65_536,
      },
      source: pages,
    },
    {
      match: 'o1-preview*',
      facts: {
        developerRole: false,
        images: false,
        reasoningEffort: false,
        contextWindow: 128_000,
        maxOutputTokens: 32_768,
      },
      source: pages,
    },

    {
      match: 'gpt-5*',
      facts: {
        ...reasons,
        efforts: ['minimal', 'low', 'medium', 'high'],
        customTools: true,
        images: true,
        contextWindow: 400_000,
        maxOutputTokens: 128_000,
      },
      source: `catalogue Q2; ${efforts}`,
    },
    { match: 'gpt-5-pro*', facts: { efforts: ['high'] }, source: efforts },
    {
      match: 'gpt-5-chat*',
      facts: {
        sampling: true,
        penalties: true,
        stopSequences: true,
        reasoningEffort: false,
        customTools: false,
        contextWindow: 128_000,
        maxOutputTokens: 16_384,
      },
      source: pages,
    },
    { match: 'gpt-5.*', facts: { efforts: ['none', 'low', 'medium', 'high', 'xhigh'] }, source: efforts },
    { match: 'gpt-5.1*', facts: { efforts: ['none', 'low', 'medium', 'high'] }, source: efforts },
    { match: 'gpt-5.1-codex-max*', facts: { efforts: ['none', 'low', 'medium', 'high', 'xhigh'] }, source: efforts },
    ...['gpt-5.1-chat*', 'gpt-5.2-chat*', 'gpt-5.3-chat*'].map((match) => ({
      match,
      facts: { efforts: ['medium'], contextWindow: 128_000, maxOutputTokens: 16_384 } as const,
      source: pages,
    })),
    ...['gpt-5.4*', 'gpt-5.5*'].map((match) => ({
      match,
      facts: { effortBesideTools: 'absent' } as const,
      source: 'openai/openai-openapi#541, pipecat-ai/pipecat#4043: refused for gpt-5.4 beside function tools',
    })),
    ...['gpt-5.6*', 'gpt-6*'].map((match) => ({
      match,
      facts: {
        ...reasons,
        efforts: ['none', 'low', 'medium', 'high', 'xhigh', 'max'],
        effortBesideTools: 'none',
        cacheBreakpoints: true,
        customTools: true,
        images: true,
        contextWindow: 1_050_000,
        maxOutputTokens: 128_000,
      } as const,
      source:
        'openai 7.55 prompt_cache_options (gpt-5.6 and later); BerriAI/litellm#34569; docs.litellm.ai/blog/gpt_6_sol_luna',
    })),

    {
      match: 'gpt-oss*',
      facts: {
        openaiMembers: false,
        contentLists: false,
        systemTurns: false,
        strictTools: false,
        developerRole: false,
        maxTokensField: 'max_tokens',
        sampling: true,
        penalties: true,
        stopSequences: true,
        customTools: false,
        images: false,
        reasoningEffort: true,
        efforts: ['low', 'medium', 'high'],
        contextWindow: 131_072,
      },
      source: 'gpt-oss model card: served by others (vLLM, Groq, Ollama), which take the members of old Chat',
    },
  ];
}

function vendors(): readonly ModelFactsRow[] {
  const deepseek = 'api-docs.deepseek.com/guides/thinking_mode; catalogue Z10, B3';
  const kimi =
    'platform.kimi.ai/docs/api; java.agentscope.io Kimi notes; charmbracelet/crush#2696; bestruirui/octopus#251';
  const glm = 'docs.z.ai/guides/capabilities/thinking-mode; java.agentscope.io GLM notes';
  const minimax = 'platform.minimax.io/docs/api-reference/text-openai-api; java.agentscope.io MiniMax notes';
  const qwen = 'docs.instructorphp.com llm_qwen; catalogue B3; ggml-org/llama.cpp#27367: system turns only in front';
  const grok =
    'docs.x.ai/docs/guides/reasoning: penalties and stop are refused by reasoning models; lidge-jun/opencodex#5280';
  const mistral =
    'editor-code-assistant/eca#231, charmbracelet/crush#1590: unknown members are answered with 422; BerriAI/litellm#17761: order of roles; langchain-ai/langchain#24668: ids of nine letters and digits';
  return [
    {
      match: 'deepseek*',
      facts: {
        ...elsewhere,
        images: false,
        reasoningField: 'reasoning_content',
        thinkingSwitch: 'thinking',
        reasoningReplay: true,
        reasoningEffort: true,
        efforts: ['low', 'high', 'max'],
        jsonSchemaOutput: false,
        streamUsage: true,
      },
      source: deepseek,
    },
    {
      // The first R1 endpoint answered 400 to its own reasoning; the name now points at a newer model that ignores or wants it.
      match: 'deepseek-r1*',
      facts: { reasoningReplay: false, reasoningField: 'none', reasoningEffort: false, alwaysThinks: true },
      source: 'api-docs.deepseek.com, reasoning model guide: reasoning_content in the input is an error for R1',
    },
    ...['kimi*', 'k2p*'].map((match) => ({
      match,
      facts: {
        ...elsewhere,
        sampling: false,
        penalties: false,
        strictTools: false,
        reasoningField: 'reasoning_content',
        thinkingSwitch: 'thinking',
        reasoningReplay: true,
        forcedToolChoiceWhileThinking: false,
        contextWindow: 262_144,
      } as const,
      source: kimi,
    })),
    { match: 'kimi-k2.7-code*', facts: { alwaysThinks: true }, source: kimi },
    {
      match: 'kimi-k3*',
      facts: { alwaysThinks: true, reasoningEffort: true, efforts: ['low', 'high', 'max'] },
      source: kimi,
    },
    { match: 'moonshot-v1*', facts: { ...elsewhere, maxTemperature: 1 }, source: kimi },
    {
      match: 'glm-*',
      facts: {
        ...elsewhere,
        maxTemperature: 1,
        penalties: false,
        strictTools: false,
        forcedToolChoice: false,
        jsonSchemaOutput: false,
        reasoningField: 'reasoning_content',
        thinkingSwitch: 'thinking',
        images: false,
      },
      source: glm,
    },
    ...['glm-*v', 'glm-*v-*'].map((match) => ({ match, facts: { images: true }, source: glm })),
    {
      match: 'glm-5.3*',
      facts: {
        alwaysThinks: true,
        reasoningEffort: true,
        efforts: ['low', 'high', 'max'],
        contextWindow: 1_048_576,
        maxOutputTokens: 131_072,
      },
      source: 'AIHubMix GLM-5.3 guide, measured 14 August 2026',
    },
    {
      match: 'minimax-m*',
      facts: {
        ...elsewhere,
        maxTemperature: 1,
        penalties: false,
        strictTools: false,
        forcedToolChoice: false,
        parallelToolCallsSwitch: false,
        reasoningEffort: false,
        jsonSchemaOutput: false,
        inlineThinkTags: true,
        reasoningReplay: true,
      },
      source: minimax,
    },
    { match: 'minimax-m2*', facts: { alwaysThinks: true }, source: minimax },
    {
      match: 'qwen*',
      facts: {
        ...elsewhere,
        topK: true,
        systemTurns: false,
        reasoningField: 'none',
        thinkingSwitch: 'enable_thinking',
        forcedToolChoiceWhileThinking: false,
        jsonSchemaOutput: false,
      },
      source: qwen,
    },
    { match: 'qwq*', facts: { ...elsewhere, alwaysThinks: true, topK: true }, source: qwen },
    {
      match: 'grok-*',
      facts: { ...elsewhere, penalties: false, stopSequences: false, jsonSchemaOutput: true, contentLists: true },
      source: grok,
    },
    { match: 'grok-*non-reasoning*', facts: { stopSequences: true }, source: grok },
    {
      match: 'grok-4.3*',
      facts: { reasoningEffort: true, efforts: ['none', 'low', 'medium', 'high'] },
      source: '@ai-sdk/xai 4.0.0-canary.61 changelog',
    },
    ...[
      'mistral-*',
      'magistral-*',
      'ministral-*',
      'codestral*',
      'devstral*',
      'labs-devstral*',
      'pixtral*',
      'open-mi*tral*',
    ].map((match) => ({
      match,
      facts: {
        ...elsewhere,
        reasoningField: 'none',
        // Usage comes in the last chunk without being asked for; asking is answered with 422 (avante-corp/avante.nvim#2347).
        streamUsage: false,
        assistantAfterTools: true,
        strictTurns: true,
        callIdLength: 9,
        jsonSchemaOutput: true,
        parallelToolCallsSwitch: true,
      } as const,
      source: mistral,
    })),
    ...['llama*', 'meta-llama*', 'gemma*', 'phi-*'].map((match) => ({
      match,
      facts: elsewhere,
      source: 'catalogue S5, B4: served by vLLM, Ollama and hosts of open models',
    })),
  ];
}
