import type { AccessKey } from '../config.ts';
import { isOn, set, type Environment } from '../expand.ts';
import { unknownName } from '../problems.ts';

// oai-reverse-proxy (predecessors.md section 3): who may call, and the lists of keys. Its guards are in reverse-proxy-guards.ts.

/** What its variables say of who may call. */
export interface ReverseProxyAccess {
  readonly accessKeys: readonly AccessKey[];
  /** Its callers are users that are made while it runs (row C12). */
  readonly closed: boolean;
  /** Settings that contradict each other (acceptance row A6). */
  readonly problems: readonly string[];
}

const gatekeepers = ['none', 'proxy_key', 'user_token'] as const;
const promptLogs = ['file', 'storage'] as const;

export function reverseProxyAccess(env: Environment): ReverseProxyAccess {
  const gatekeeper = set(env, 'GATEKEEPER');
  const password = set(env, 'PROXY_KEY');
  return {
    // Only where it is asked for: Codex is told its key by a variable of the same name.
    accessKeys: gatekeeper === 'proxy_key' && password !== undefined ? [{ key: password, name: 'PROXY_KEY' }] : [],
    closed: gatekeeper === 'user_token',
    problems: [...accessProblems(env, gatekeeper, password), ...storeProblems(env), ...promptLogProblems(env)],
  };
}

function accessProblems(env: Environment, gatekeeper: string | undefined, password: string | undefined) {
  const problems: string[] = [];
  if (gatekeeper !== undefined && !gatekeepers.some((known) => known === gatekeeper))
    problems.push(`GATEKEEPER: ${unknownName(gatekeeper, 'a gatekeeper', gatekeepers)}`);
  if (gatekeeper === 'proxy_key' && password === undefined)
    problems.push('GATEKEEPER: is proxy_key, but PROXY_KEY is not set. Set it to the password of your callers.');
  if (gatekeeper === 'user_token' && set(env, 'ADMIN_KEY') === undefined)
    problems.push('GATEKEEPER: is user_token, but ADMIN_KEY is not set, so nobody could make a user. Set it.');
  if (set(env, 'CAPTCHA_MODE') === 'proof_of_work' && gatekeeper !== 'user_token')
    problems.push('CAPTCHA_MODE: proof_of_work makes user tokens, so it needs GATEKEEPER=user_token.');
  return problems;
}

function storeProblems(env: Environment): readonly string[] {
  if (set(env, 'GATEKEEPER_STORE') !== 'firebase_rtdb') return [];
  const credentials = ['FIREBASE_KEY', 'FIREBASE_RTDB_URL'].filter((name) => set(env, name) === undefined);
  const why = credentials.length > 0 ? `${credentials.join(' and ')} are not set, and ` : '';
  return [`GATEKEEPER_STORE: ${why}Firebase is not used here: users are kept in the database. Leave it out.`];
}

function promptLogProblems(env: Environment): readonly string[] {
  if (!isOn(env, 'PROMPT_LOGGING')) return [];
  const backend = set(env, 'PROMPT_LOGGING_BACKEND');
  if (backend === undefined)
    return ['PROMPT_LOGGING: is on, but PROMPT_LOGGING_BACKEND is not set. Write file or storage.'];
  if (promptLogs.some((known) => known === backend)) return [];
  return [`PROMPT_LOGGING_BACKEND: ${unknownName(backend, 'a place for prompts', promptLogs)}`];
}

/** Where its operators meant to serve models, and gave no key at all, they do not mean the demo. */
export function withoutAnyKey(env: Environment): string | undefined {
  if (set(env, 'GATEKEEPER') === undefined) return undefined;
  return `GATEKEEPER: is set, but there is no key of any upstream. Set one of ${Object.values(lists).join(', ')}.`;
}

/** Its variables with keys separated by commas, by our providers' names. Those of the clouds are in cloud-keys.ts. */
const lists: Readonly<Record<string, string>> = {
  openai: 'OPENAI_KEY',
  anthropic: 'ANTHROPIC_KEY',
  gemini: 'GOOGLE_AI_KEY',
  mistral: 'MISTRAL_AI_KEY',
};

/** The keys for a provider, each once (row F11). */
export function listedKeys(provider: string, env: Environment): readonly string[] {
  const name = Object.hasOwn(lists, provider) ? lists[provider] : undefined;
  return name === undefined ? [] : listIn(env, name);
}

/** The members of a list separated by commas, each once. */
export function listIn(env: Environment, name: string): readonly string[] {
  const parts = (set(env, name) ?? '').split(',').map((part) => part.trim());
  return [...new Set(parts)].filter((part) => part !== '');
}
