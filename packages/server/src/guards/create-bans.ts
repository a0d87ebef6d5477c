import { systemClock, type Log } from '@proxy/core';
import type { Config } from '../config/config.ts';
import type { Storage } from '../storage/storage.ts';
import { banFile } from './ban-file.ts';
import { Bans, type BanStore } from './bans.ts';
import { storedBans } from './stored-bans.ts';

const sweepMs = 60 * 60_000;

export interface ServerBans {
  /** The server's bans, from now on by this configuration. */
  under(config: Config): Bans;
  close(): void;
}

export interface BansOptions {
  readonly config: Config;
  readonly storage: Storage;
  readonly log: Log;
  /** Somebody is banned where nobody was, or the other way about. */
  readonly changed: () => void;
}

/** Bans that outlive reloads, and in the storage or ai-proxy's file the process. The file takes effect at the start. */
export async function createBans({ config, storage, log, changed }: BansOptions): Promise<ServerBans> {
  const warn = (message: string, fields: object) => log('warn', message, { ...fields });
  const complain = (error: unknown) => warn('Bans could not be read or kept.', { error: String(error) });
  const file = config.guards.bans?.file;
  const store: BanStore = file === undefined ? storedBans(storage, complain) : banFile(file, warn);
  const bans = new Bans(systemClock, changed);
  await bans.keepIn(store, config.guards.bans);
  const sweeping = setInterval(() => {
    bans.sweep();
    void storage.bans.sweep(systemClock.now()).catch(complain);
  }, sweepMs).unref();
  return {
    under(next) {
      bans.configure(next.guards.bans);
      return bans;
    },
    close() {
      clearInterval(sweeping);
      bans.close();
    },
  };
}
