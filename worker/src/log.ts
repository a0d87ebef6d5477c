import type { CallRecord, Ledger, Log } from '@proxy/core';
import { createMaskText, maskable, maskMembers, secretsOf, type Config } from '@proxy/server/portable';

const levels = ['error', 'warn', 'info', 'debug', 'trace'] as const;
type Level = (typeof levels)[number];

/** The log as JSON lines on the console, which is what Cloudflare collects; one line a call, and no secrets. */
export function consoleLog(config: Config): { readonly ledger: Ledger; readonly log: Log } {
  const secrets = maskable(secretsOf(config));
  const maskText = createMaskText(() => secrets);

  function log(level: Level, message: string, fields: object = {}): void {
    if (levels.indexOf(level) > levels.indexOf(config.log.level)) return;
    const line = maskText(JSON.stringify({ level, message, ...(maskMembers(fields) as object) })); // an object gives an object
    console[level === 'trace' ? 'debug' : level](line);
  }
  return {
    log,
    ledger: {
      append(record) {
        if (config.log.requests) log(levelOf(record), 'call', record);
      },
    },
  };
}

function levelOf({ status, failure }: CallRecord): Level {
  if (failure?.kind === 'client-gone') return 'info';
  return status >= 500 || (failure && status < 400) ? 'error' : status >= 400 ? 'warn' : 'info';
}
