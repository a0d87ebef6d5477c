import { fetchTransport, memoryCounters, systemClock, type Gateway } from '@proxy/core';
import {
  composeConfig,
  ConfigError,
  frontOf,
  hasRealKey,
  liveOf,
  withDemo,
  type Config,
  type Files,
} from '@proxy/server/portable';
import { configurationOf, environmentOf, type Bindings } from './environment.ts';
import { consoleLog } from './log.ts';

/** Gateway or refusal: a Worker is public from its first second, so without an access key it serves nobody. */
export function gatewayOf(bindings: Bindings): Pick<Gateway, 'fetch'> {
  let config: Config;
  try {
    config = configOf(bindings);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    return refusal(500, 'api_error', 'The configuration of this Worker cannot be used: `npx wrangler tail` says why.');
  }
  if (!hasRealKey(config.accessKeys)) return refusal(403, 'permission_error', withoutKey);
  const { ledger, log } = consoleLog(config);
  for (const note of config.notes) log('warn', note);
  const counters = memoryCounters(systemClock);
  const live = liveOf(config, { transport: withDemo(fetchTransport()), counters, ledger, log });
  return frontOf(() => live);
}

const withoutKey =
  'This Worker serves nobody yet, because it has no access key of its own and anybody who finds it could spend your API keys. ' +
  'Run `npx wrangler secret put PROXY_ACCESS_KEY`.';

/** @throws ConfigError */
function configOf(bindings: Bindings): Config {
  const env = environmentOf(bindings);
  const config = composeConfig({ raw: configurationOf(bindings), env, flags: { port: 0 }, files: noFiles });
  const lax = config.upstreams.findIndex(({ insecureSkipVerify }) => insecureSkipVerify === true);
  if (lax >= 0)
    throw new ConfigError([`upstreams[${lax}].insecureSkipVerify: a Worker always verifies. Leave it out.`]);
  return config;
}

const noFiles: Files = {
  key(path) {
    throw new Error(
      `A Worker has no files, so ${path} cannot be read. Put its text into a secret, and write \${ITS_NAME} as the key.`,
    );
  },
  connection() {
    throw new Error('Cloudflare makes the connections of a Worker. Leave this out.');
  },
};

function refusal(status: number, type: string, message: string): Pick<Gateway, 'fetch'> {
  const body = { type: 'error', error: { type, message } };
  return { fetch: () => Promise.resolve(Response.json(body, { status })) };
}
