import type { Keys, KeyStatus } from '@proxy/core';
import type { Logger } from 'pino';
import type { KeyChecksConfig } from './config/routing.ts';

/** Asks the vendors about the keys, when the server starts and on a schedule; what they say is in the log and in the keys' status. */
export interface KeyChecks {
  start(config: KeyChecksConfig | undefined): void;
  /** Takes over another schedule. */
  schedule(config: KeyChecksConfig | undefined): void;
  stop(): void;
}

export function createKeyChecks(keys: () => Keys, logger: Logger): KeyChecks {
  let timer: NodeJS.Timeout | undefined;
  /** A vendor that takes its time is not asked again meanwhile. */
  let checking = false;

  async function check(freeOnly: boolean): Promise<void> {
    if (checking) return;
    checking = true;
    try {
      for (const status of await keys().check({ freeOnly })) report(status, logger);
    } finally {
      checking = false;
    }
  }

  function schedule(config: KeyChecksConfig | undefined): void {
    clearInterval(timer);
    timer = undefined;
    if (config?.everyMinutes === undefined) return;
    const { everyMinutes, freeOnly } = config;
    timer = setInterval(() => void check(freeOnly), everyMinutes * 60_000).unref();
  }

  return {
    schedule,
    start(config) {
      schedule(config);
      if (config?.atStart) void check(config.freeOnly);
    },
    stop: () => schedule(undefined),
  };
}

function report({ upstream, credential, state, checked }: KeyStatus, logger: Logger): void {
  if (!checked || checked.verdict === 'unchecked') return;
  const { verdict, message } = checked;
  const fields = { upstream, credential, state, ...(message !== undefined && { said: message }) };
  if (verdict === 'valid') logger.debug({ ...fields, models: checked.models?.length }, 'A key is valid.');
  else if (verdict === 'refused') logger.warn(fields, 'A key is refused by its vendor.');
  else logger.warn(fields, 'A key could not be checked.');
}
