import type { Vendor } from './vendor.ts';

/** A row of ours also says where its address and quirks were read. */
interface VendorRow extends Vendor {
  readonly source: string;
}

/** Vendors that speak Chat Completions. What their models do differently is in models/openai.ts; here is what holds for the place. */
export const vendorTable: readonly VendorRow[] = [
  {
    name: 'deepseek',
    baseUrl: 'https://api.deepseek.com',
    models: ['deepseek-*'],
    source: 'api-docs.deepseek.com; catalogue B3',
  },
  {
    name: 'dashscope',
    baseUrl: 'https://dashscope.aliyuncs.com/compatible-mode/v1',
    models: ['qwen*', 'qwq*'],
    facts: { topK: true, thinkingSwitch: 'enable_thinking', thinksOnlyStreamed: true },
    source:
      'help.aliyun.com/zh/model-studio; langchain4j/langchain4j#3974: enable_thinking must be false unless streamed',
  },
  {
    name: 'moonshot',
    baseUrl: 'https://api.moonshot.ai/v1',
    models: ['kimi-*', 'moonshot-*'],
    source: 'platform.kimi.ai/docs/api; catalogue B3',
  },
  {
    name: 'zhipu',
    baseUrl: 'https://open.bigmodel.cn/api/paas/v4',
    models: ['glm-*'],
    keyVariables: ['ZHIPU_API_KEY', 'ZHIPUAI_API_KEY'],
    source: 'docs.bigmodel.cn; catalogue B3',
  },
  {
    name: 'zai',
    baseUrl: 'https://api.z.ai/api/paas/v4',
    models: ['glm-*'],
    source: 'docs.z.ai: the same models, outside of China',
  },
  {
    name: 'minimax',
    baseUrl: 'https://api.minimax.io/v1',
    models: ['MiniMax-*'],
    source: 'platform.minimax.io/docs/api-reference/text-openai-api',
  },
  {
    name: 'siliconflow',
    baseUrl: 'https://api.siliconflow.cn/v1',
    facts: { topK: true, thinkingSwitch: 'enable_thinking' },
    source: 'docs.siliconflow.cn, chat completions: enable_thinking, thinking_budget, top_k',
  },
  {
    name: 'openrouter',
    baseUrl: 'https://openrouter.ai/api/v1',
    facts: { reasoningField: 'reasoning', thinkingSwitch: 'reasoning', cacheWritesOutsidePrompt: true, topK: true },
    source: 'openrouter.ai/docs: parameters, reasoning tokens; catalogue Z9, B5',
  },
  {
    name: 'groq',
    baseUrl: 'https://api.groq.com/openai/v1',
    facts: {
      reasoningField: 'reasoning',
      logprobs: false,
      logitBias: false,
      candidates: false,
      messageNames: false,
    },
    source: 'console.groq.com/docs/openai, "currently unsupported": a 400 each; catalogue Z9, B6',
  },
  {
    name: 'together',
    baseUrl: 'https://api.together.xyz/v1',
    facts: { reasoningField: 'reasoning', topK: true, jsonSchemaOutput: true },
    source: 'docs.together.ai: chat completions, JSON mode, reasoning',
  },
  {
    name: 'fireworks',
    baseUrl: 'https://api.fireworks.ai/inference/v1',
    facts: { reasoningField: 'reasoning_content', topK: true, jsonSchemaOutput: true },
    source: 'docs.fireworks.ai: chat completions, structured outputs, reasoning',
  },
  {
    name: 'mistral',
    baseUrl: 'https://api.mistral.ai/v1',
    models: ['mistral-*', 'ministral-*', 'magistral-*', 'codestral-*', 'devstral-*', 'pixtral-*', 'open-mi*tral-*'],
    facts: {
      seedField: 'random_seed',
      callIdLength: 9,
      assistantAfterTools: true,
      strictTurns: true,
      logprobs: false,
      logitBias: false,
    },
    source:
      'docs.mistral.ai/api: random_seed; anomalyco/opencode#1680: ids; charmbracelet/crush#1590: unknown members are a 422; ' +
      'mistralai/mistral-common validator.py: order of turns',
  },
  { name: 'xai', baseUrl: 'https://api.x.ai/v1', models: ['grok-*'], source: 'docs.x.ai' },
  {
    name: 'cohere',
    baseUrl: 'https://api.cohere.ai/compatibility/v1',
    models: ['command-*', 'c4ai-*'],
    keyVariables: ['COHERE_API_KEY', 'CO_API_KEY'],
    facts: { parallelToolCallsSwitch: false, logitBias: false, candidates: false, jsonSchemaOutput: false },
    source: 'docs.cohere.com/docs/compatibility-api: supported and unsupported parameters',
  },
  {
    name: 'cerebras',
    baseUrl: 'https://api.cerebras.ai/v1',
    facts: { reasoningField: 'reasoning', penalties: false, logitBias: false, parallelToolCallsSwitch: false },
    source: 'inference-docs.cerebras.ai/resources/openai: a 400 for each',
  },
  {
    name: 'ollama',
    baseUrl: 'http://127.0.0.1:11434/v1',
    keyless: true,
    keyVariables: [],
    facts: { reasoningField: 'reasoning', jsonSchemaOutput: true, logitBias: false, candidates: false },
    source: 'docs.ollama.com/openai: supported fields; catalogue B4',
  },
  {
    name: 'vllm',
    baseUrl: 'http://127.0.0.1:8000/v1',
    keyless: true,
    keyVariables: ['VLLM_API_KEY'],
    facts: {
      reasoningField: 'reasoning',
      thinkingSwitch: 'chat_template_kwargs',
      topK: true,
      jsonSchemaOutput: true,
    },
    source: 'docs.vllm.ai, OpenAI-compatible server; qwen.readthedocs.io/en/latest/deployment/vllm.html; catalogue B4',
  },
  {
    name: 'lmstudio',
    baseUrl: 'http://127.0.0.1:1234/v1',
    keyless: true,
    keyVariables: [],
    facts: { topK: true, jsonSchemaOutput: true, jsonObjectOutput: false },
    source: 'lmstudio.ai/docs; lmstudio-ai/lmstudio-bug-tracker#189: json_object is a 400',
  },
  {
    name: 'llamacpp',
    baseUrl: 'http://127.0.0.1:8080/v1',
    keyless: true,
    keyVariables: [],
    facts: {
      reasoningField: 'reasoning_content',
      thinkingSwitch: 'chat_template_kwargs',
      topK: true,
      jsonSchemaOutput: true,
    },
    source: 'ggml-org/llama.cpp tools/server/README.md',
  },
];
