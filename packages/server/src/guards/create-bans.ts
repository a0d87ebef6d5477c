import { systemClock, type Log } from '@proxy/core';
import type { Config } from '../config/config.ts';
import { banFile } from './ban-file.ts';
import { Bans, type BanStore } from './bans.ts';

const sweepMs = 60 * 60_000;

export interface ServerBans {
  /** The server's bans, from now on by this configuration. */
  under(config: Config): Bans;
  close(): void;
}

/** Bans that outlive reloads, and in a file or the storage the process. */
export function createBans(log: Log): ServerBans {
  const bans = new Bans(systemClock);
  const files = new Map<string, BanStore>();
  const warn = (message: string, fields: object) => log('warn', message, { ...fields });
  const sweeping = setInterval(() => bans.sweep(), sweepMs).unref();

  function storeOf({ guards }: Config): BanStore | undefined {
    const file = guards.bans?.file;
    if (file === undefined) return undefined;
    const store = files.get(file) ?? banFile(file, warn);
    files.set(file, store);
    return store;
  }

  return {
    under(config) {
      bans.configure(config.guards.bans, storeOf(config));
      return bans;
    },
    close() {
      clearInterval(sweeping);
      bans.close();
    },
  };
}
