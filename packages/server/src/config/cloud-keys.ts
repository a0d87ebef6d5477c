import type { Provider } from '@proxy/core';
import { set, type Environment } from './expand.ts';
import type { Files } from './files.ts';
import { listedKeys, listIn } from './legacy/reverse-proxy.ts';

/** Secrets that several variables make up together, that a file holds, or that stand in a list, as oai-reverse-proxy's (F7–F9, F11). @throws Error with what is wrong. */
const makers: Readonly<Record<string, (env: Environment, files: Files) => readonly string[]>> = {
  bedrock(env) {
    // As AWS's own tools read them.
    const [id, secret] = [set(env, 'AWS_ACCESS_KEY_ID'), set(env, 'AWS_SECRET_ACCESS_KEY')];
    if (id === undefined || secret === undefined) return listIn(env, 'AWS_CREDENTIALS');
    return [[id, secret, set(env, 'AWS_SESSION_TOKEN')].filter((part) => part !== undefined).join(':')];
  },
  azure(env) {
    // As @azure/identity reads them.
    const parts = ['AZURE_TENANT_ID', 'AZURE_CLIENT_ID', 'AZURE_CLIENT_SECRET'].map((name) => set(env, name));
    return parts.includes(undefined) ? listIn(env, 'AZURE_CREDENTIALS') : [['entra', ...parts].join(':')];
  },
  vertex(env, files) {
    // As every library of Google's reads it.
    const path = set(env, 'GOOGLE_APPLICATION_CREDENTIALS');
    return path === undefined ? listIn(env, 'GCP_CREDENTIALS') : [files.key(path)];
  },
};

/** How a person is told to say them, beside the provider's own variable. */
const spoken: Readonly<Record<string, string>> = {
  bedrock: 'AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY',
  azure: 'AZURE_TENANT_ID with AZURE_CLIENT_ID and AZURE_CLIENT_SECRET',
  vertex: 'GOOGLE_APPLICATION_CREDENTIALS',
};

/** The variables that would have given this provider a key, for a sentence. */
export function keyVariablesOf({ name, variables }: Provider): string {
  return [...(variables?.key ?? []), ...(spoken[name] ? [spoken[name]] : [])].join(' or ');
}

/** The secrets for a provider that the environment says in a way of its own. @throws Error when the file it names is unreadable. */
export function cloudKeysFrom(provider: string, env: Environment, files: Files): readonly string[] {
  return makers[provider]?.(env, files) ?? listedKeys(provider, env);
}
