/** How each coding agent is pointed at a server: by its environment and its command line alone, never by its files. */
import { exampleModel, modelNames, vendorsModel } from './config/example-model.ts';
import type { Config } from './config/config.ts';

/** What starts an agent against one server. */
interface Launch {
  readonly env: Readonly<Record<string, string>>;
  /** In front of the person's own arguments. */
  readonly args: readonly string[];
}

interface LaunchTarget {
  /** Without a path. */
  readonly url: string;
  readonly key: string;
  /** Absent: the agent asks for its own default. */
  readonly model?: string;
}

export interface Agent {
  /** What people call it, and its program's name. */
  readonly title: string;
  readonly command: string;
  /** Where it comes from at npm. */
  readonly npm: string;
  /** Models with this beginning are its own vendor's. */
  readonly family: string;
  launch(target: LaunchTarget): Launch;
}

export type AgentName = 'claude' | 'codex' | 'gemini';

export const agents: Readonly<Record<AgentName, Agent>> = {
  claude: {
    title: 'Claude Code',
    command: 'claude',
    npm: '@anthropic-ai/claude-code',
    family: 'claude',
    launch: ({ url, key, model }) => ({
      env: {
        ANTHROPIC_BASE_URL: url,
        ANTHROPIC_AUTH_TOKEN: key,
        // It asks a small model for titles and summaries, which an upstream with other models does not have.
        ...(model !== undefined && { ANTHROPIC_MODEL: model, ANTHROPIC_DEFAULT_HAIKU_MODEL: model }),
      },
      args: [],
    }),
  },
  codex: {
    title: 'Codex CLI',
    command: 'codex',
    npm: '@openai/codex',
    family: 'gpt',
    launch: ({ url, key, model }) => ({
      env: { PROXY_KEY: key },
      args: settings({
        ...(model !== undefined && { model }),
        model_provider: 'proxy',
        'model_providers.proxy.name': 'proxy',
        'model_providers.proxy.base_url': `${url}/v1`,
        'model_providers.proxy.env_key': 'PROXY_KEY',
        'model_providers.proxy.wire_api': 'responses',
      }),
    }),
  },
  gemini: {
    title: 'Gemini CLI',
    command: 'gemini',
    npm: '@google/gemini-cli',
    family: 'gemini',
    launch: ({ url, key, model }) => ({
      // Without stored settings Gemini CLI 0.61 refuses GOOGLE_GEMINI_BASE_URL ("Invalid auth method") but takes Vertex's
      // variables; with "Use Gemini API Key" stored it is the other way round.
      env: {
        GOOGLE_GEMINI_BASE_URL: url,
        GEMINI_API_KEY: key,
        GOOGLE_GENAI_USE_VERTEXAI: 'true',
        GOOGLE_VERTEX_BASE_URL: url,
        GOOGLE_API_KEY: key,
        ...(model !== undefined && { GEMINI_MODEL: model }),
      },
      args: [],
    }),
  },
};

/** A model to ask for where the agent's own default would not be found; absent when that is taken, whatever it is called. */
export function modelFor({ family }: Agent, config: Config): string | undefined {
  const takesAll = modelNames(config).some((name) => name.startsWith(family) && name.endsWith('*'));
  const model = exampleModel(config);
  return takesAll || (model?.startsWith(family) && model === vendorsModel(config)) ? undefined : model;
}

function settings(values: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
