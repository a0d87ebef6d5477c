import { addressOf } from './config/address.ts';
import { agents, modelFor } from './agents.ts';
import type { Config } from './config/config.ts';
import { exampleModel } from './config/example-model.ts';
import { knownProviders } from './config/providers.ts';
import { isLoopback } from './config/safety.ts';
import { version } from './version.ts';

/** What a person sees after the start: where it listens, what is behind it, and commands to paste. `open`: no key is needed. */
export function banner(
  config: Config,
  port: number,
  env = process.env,
  open: boolean = config.accessKeys.length === 0,
): string {
  const url = addressOf(config.server.host, port);
  // Clients insist on some key; with an open server any text will do. The real one is not printed.
  const key = open ? 'any' : '$PROXY_ACCESS_KEY';
  return [
    '',
    `@proxy ${version} has started. 已启动。`,
    '',
    `  Address 地址        ${url}${listening(config, open)}`,
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
    ...clients(url, key, config),
    '',
  ].join('\n');
}

function listening({ server, accessKeys }: Config, open: boolean): string {
  if (!isLoopback(server.host)) return ` (listening on ${server.host})`;
  if (open) return ' (loopback only; set PROXY_ACCESS_KEY to listen wider)';
  // With keys that are stored the default stays as it is.
  return accessKeys.length === 0 ? ' (loopback only; set server.host or HOST to listen wider)' : ' (loopback only)';
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
function clients(url: string, key: string, config: Config): readonly string[] {
  const model = exampleModel(config) ?? 'MODEL';
  return [
    'Paste one of these 复制一条即可使用:',
    '',
    ...agentLines(url, key, config),
    '  # OpenAI SDK, Anthropic SDK, Google GenAI SDK 各家 SDK',
    `  export OPENAI_BASE_URL=${url}/v1 OPENAI_API_KEY=${key}`,
    `  export ANTHROPIC_BASE_URL=${url} ANTHROPIC_API_KEY=${key}`,
    `  export GOOGLE_GEMINI_BASE_URL=${url} GEMINI_API_KEY=${key}`,
    '  # curl',
    `  curl ${url}/v1/chat/completions -H "Authorization: Bearer ${key}" -H 'content-type: application/json' \\`,
    `    -d '{"model":"${model}","stream":true,"messages":[{"role":"user","content":"Hello 你好"}]}'`,
  ];
}

/** The same that `proxy run` starts them with. */
function agentLines(url: string, key: string, config: Config): readonly string[] {
  return Object.values(agents).flatMap((agent) => {
    const model = modelFor(agent, config);
    const { env, args } = agent.launch({ url, key, ...(model !== undefined && { model }) });
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    return [`  # ${agent.title}`, ...pasteable([...variables, agent.command, ...options(args)])];
  });
}

/** An option and its value stay together. */
function options(args: readonly string[]): readonly string[] {
  return args.flatMap((arg, index) =>
    arg === '-c' ? `${arg} ${args[index + 1] ?? ''}` : args[index - 1] === '-c' ? [] : arg,
  );
}

const lineWidth = 110;

/** Wrapped between words, as a POSIX shell reads it. */
function pasteable(words: readonly string[]): readonly string[] {
  const lines: string[] = [];
  let line = ' ';
  for (const word of words) {
    if (line.length + word.length > lineWidth && line.trim() !== '') {
      lines.push(`${line} \\`);
      line = '   ';
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}
