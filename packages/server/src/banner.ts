import type { Config } from './config/config.ts';
import { knownProviders } from './config/providers.ts';
import { isLoopback } from './config/safety.ts';
import { version } from './version.ts';

/** What a person sees after the start: where it listens, what is behind it, and commands to paste. */
export function banner(config: Config, port: number, env = process.env): string {
  const url = `http://${reachable(config.server.host)}:${port}`;
  const open = config.accessKeys.length === 0;
  // Clients insist on some key; with an open server any text will do. The real one is not printed.
  const key = open ? 'any' : '$PROXY_ACCESS_KEY';
  const model = exampleModel(config);
  return [
    '',
    `@proxy ${version} has started. 已启动。`,
    '',
    `  Address 地址        ${url}${listening(config)}`,
    ...(config.health.enabled ? [`  Health 健康检查     GET ${url}${config.health.path}`] : []),
    `  Endpoints 接口      POST ${url}/v1/messages`,
    `                      POST ${url}/v1/chat/completions`,
    `                      POST ${url}/v1/responses`,
    `                      POST ${url}/v1beta/models/{model}:generateContent`,
    `  Configuration 配置  ${config.file ?? 'environment only 仅环境变量 (to write a file: proxy init)'}`,
    '  Help 帮助           proxy --help (from a clone: npm start -- --help)',
    `  Mode 模式           ${env.NODE_ENV === 'development' ? 'development' : 'production'}`,
    `  Upstreams 上游      ${upstreamLines(config).join('\n                      ')}`,
    `  Access key 访问密钥 ${open ? 'none: this machine only. 未设置，仅限本机。' : 'required 需要 (export PROXY_ACCESS_KEY=… first 请先导出)'}`,
    ...config.notes.map((note) => `  Note 提示           ${note}`),
    '',
    ...clients(url, key, model),
    '',
  ].join('\n');
}

function listening({ server, accessKeys }: Config): string {
  if (!isLoopback(server.host)) return ` (listening on ${server.host})`;
  return accessKeys.length === 0 ? ' (loopback only; set PROXY_ACCESS_KEY to listen wider)' : ' (loopback only)';
}

function upstreamLines({ upstreams, vendors, health }: Config): readonly string[] {
  const providers = knownProviders(vendors);
  if (upstreams.length === 0) return ['none'];
  return upstreams.map(({ name, provider, baseUrl, apiKeys }, index) => {
    const address = baseUrl ?? providers.find(provider)?.baseUrl ?? '';
    const keys = apiKeys ? `, ${apiKeys.length} key${apiKeys.length === 1 ? '' : 's'}` : '';
    const others =
      index === 0 && health.upstreamCount > upstreams.length ? ` (1 of ${health.upstreamCount}, current 当前)` : '';
    return `${name} – ${address} (${provider}${keys})${others}`;
  });
}

/** Commands for a POSIX shell: they set what the client reads, for that one run. */
function clients(url: string, key: string, model: string): readonly string[] {
  return [
    'Paste one of these 复制一条即可使用:',
    '',
    '  # Claude Code',
    `  ANTHROPIC_BASE_URL=${url} ANTHROPIC_AUTH_TOKEN=${key} claude${model === 'demo' ? ' --model demo' : ''}`,
    '  # Codex CLI',
    `  PROXY_KEY=${key} codex -m ${model} -c model_provider=proxy -c model_providers.proxy.name=proxy \\`,
    `    -c model_providers.proxy.base_url=${url}/v1 -c model_providers.proxy.env_key=PROXY_KEY \\`,
    '    -c model_providers.proxy.wire_api=responses',
    '  # Gemini CLI',
    // Without stored settings Gemini CLI 0.61 refuses GOOGLE_GEMINI_BASE_URL ("Invalid auth method") but takes Vertex's
    // variables; with "Use Gemini API Key" stored it is the other way round.
    `  GOOGLE_GEMINI_BASE_URL=${url} GEMINI_API_KEY=${key} GOOGLE_GENAI_USE_VERTEXAI=true \\`,
    `    GOOGLE_VERTEX_BASE_URL=${url} GOOGLE_API_KEY=${key} gemini -m ${model}`,
    '  # OpenAI SDK, Anthropic SDK, Google GenAI SDK 各家 SDK',
    `  export OPENAI_BASE_URL=${url}/v1 OPENAI_API_KEY=${key}`,
    `  export ANTHROPIC_BASE_URL=${url} ANTHROPIC_API_KEY=${key}`,
    `  export GOOGLE_GEMINI_BASE_URL=${url} GEMINI_API_KEY=${key}`,
    '  # curl',
    `  curl ${url}/v1/chat/completions -H "Authorization: Bearer ${key}" -H 'content-type: application/json' \\`,
    `    -d '{"model":"${model}","stream":true,"messages":[{"role":"user","content":"Hello 你好"}]}'`,
  ];
}

/** A model that will answer, as far as can be told from the configuration. */
function exampleModel({ upstreams, routes }: Config): string {
  const listed = upstreams.flatMap(({ models = [] }) => (Array.isArray(models) ? models : Object.keys(models)));
  const name = [...routes.map(({ model }) => model), ...listed].find((model) => !model.includes('*'));
  if (name !== undefined) return name;
  const provider = upstreams[0]?.provider ?? 'demo';
  return examples[provider] ?? 'MODEL';
}

const examples: Readonly<Record<string, string>> = {
  openai: 'gpt-6.1-sol',
  anthropic: 'claude-sonnet-5-5',
  gemini: 'gemini-3.8-flash',
  deepseek: 'deepseek-chat',
  demo: 'demo',
};

function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}
