/**
 * The numbers by which one-api and new-api know vendors, as our providers. They agree up to 33 but for 4 and a few that are gone.
 * Sources: songquanpeng/one-api relay/channeltype/define.go; QuantumNous/new-api constant/channel.go.
 */
const shared: Readonly<Record<number, string>> = {
  1: 'openai',
  3: 'azure',
  8: 'openai-compatible',
  14: 'anthropic',
  20: 'openrouter',
  24: 'gemini',
  25: 'moonshot',
  33: 'bedrock',
};

const oneApi: Readonly<Record<number, string>> = {
  16: 'zhipu',
  17: 'dashscope',
  27: 'minimax',
  28: 'mistral',
  29: 'groq',
  30: 'ollama',
  35: 'cohere',
  36: 'deepseek',
  39: 'together',
  42: 'vertex',
  44: 'siliconflow',
  45: 'xai',
  50: 'openai-compatible',
};

const newApi: Readonly<Record<number, string>> = {
  4: 'ollama',
  17: 'dashscope',
  26: 'zhipu',
  34: 'cohere',
  35: 'minimax',
  40: 'siliconflow',
  41: 'vertex',
  42: 'mistral',
  43: 'deepseek',
  48: 'xai',
};

/** Our provider for a channel's number; undefined where we know of none. */
export function providerOfChannel(type: number, flavour: 'one-api' | 'new-api'): string | undefined {
  return shared[type] ?? (flavour === 'one-api' ? oneApi : newApi)[type];
}
