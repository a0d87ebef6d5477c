import { parseEnv } from 'node:util';
import { composeConfig } from '../config/compose.ts';
import type { Environment } from '../config/expand.ts';
import { nodeFiles } from '../config/node-files.ts';
import { ConfigError } from '../config/problems.ts';
import { ImportError, type DraftUpstream, type Imported } from './imported.ts';

/** A .env of any predecessor: its upstreams and access keys, as references where one variable holds one key. */
export function importDotenv(text: string): Imported {
  const variables = parseEnv(text) as Readonly<Record<string, string>>; // every value in such a file is a text
  const asked = new Set<string>();
  const { upstreams, accessKeys } = understood(watched(variables, asked));
  const written = (key: string) => {
    const name = Object.keys(variables).find((one) => variables[one]?.trim() === key);
    return name === undefined ? key : `\${${name}}`;
  };
  const unknown = Object.keys(variables).filter((name) => !asked.has(name));
  return {
    source: '.env',
    draft: {
      accessKeys: accessKeys.map(({ key, ...rest }) => ({ key: written(key), ...rest })),
      upstreams: upstreams
        .filter(({ provider }) => provider !== 'demo')
        .map(({ apiKeys = [], ...rest }): DraftUpstream => ({
          ...rest,
          apiKeys: apiKeys.map(({ key }) => written(key)),
        })),
    },
    left: unknown.map((name) => `${name} means nothing here.`),
    notes: ['Keep the .env: the references lead to it, and all settings but upstreams and access keys are read there.'],
  };
}

function understood(env: Environment) {
  try {
    return composeConfig({ env, flags: {}, files: nodeFiles });
  } catch (error) {
    if (error instanceof ConfigError) throw new ImportError(error.problems.join('\n'), { cause: error });
    throw error;
  }
}

/** The same variables, and which of them were asked for. */
function watched(variables: Environment, asked: Set<string>): Environment {
  return new Proxy(variables, {
    get(all, name) {
      asked.add(String(name));
      return all[String(name)];
    },
  });
}
