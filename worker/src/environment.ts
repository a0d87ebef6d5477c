import { ConfigError, parseFile, type Environment } from '@proxy/server/portable';

/** What Cloudflare hands a Worker: variables and secrets as texts, variables of JSON as data, and things of its own. */
export type Bindings = Readonly<Record<string, unknown>>;

/** The variable that holds the whole configuration; in the server, it names the file. */
const configVariable = 'PROXY_CONFIG';

/** The variables and secrets that are texts, for what everybody else reads from the environment. */
export function environmentOf(bindings: Bindings): Environment {
  const texts = Object.entries(bindings).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return Object.fromEntries(texts.filter(([name]) => name !== configVariable));
}

/** The configuration as plain data, from JSON, YAML or a JSON variable; undefined when there is none. @throws ConfigError */
export function configurationOf(bindings: Bindings): unknown {
  const written = bindings[configVariable];
  if (written === undefined || written === null || written === '') return undefined;
  if (typeof written === 'object') return written;
  if (typeof written === 'string') return parseFile(configVariable, written);
  throw new ConfigError([`${configVariable}: must be a configuration in YAML or JSON.`]);
}
