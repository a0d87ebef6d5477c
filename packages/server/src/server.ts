import {
  createBudgets,
  createKeyStates,
  memoryCounters,
  memoryQuotas,
  systemClock,
  type Keys,
  type Transport,
} from '@proxy/core';
import { serve } from '@proxy/node';
import { budgetPrices } from './budgets/prices.ts';
import type { AddressBook } from './caller.ts';
import { secretsOf } from './config/build.ts';
import type { Config } from './config/config.ts';
import { servesOwnKeysOnly } from './config/doors.ts';
import { ConfigError } from './config/problems.ts';
import { createBans } from './guards/create-bans.ts';
import { createQueue } from './guards/create-queue.ts';
import { unsafeHost } from './config/safety.ts';
import { watchContent } from './config/watch.ts';
import { withDemo } from './demo/transport.ts';
import { createKeyChecks } from './key-checks.ts';
import { liveOf } from './live.ts';
import { createLog, type ServerLog } from './log.ts';
import { picturesIn } from './pictures.ts';
import { createRecords } from './records/records.ts';
import { frontOf } from './routes/front.ts';
import { createTransports } from './transports.ts';

export interface StartOptions {
  /** Reads the configuration; called again by every reload. @throws ConfigError */
  readonly load: () => Config;
  readonly log?: ServerLog;
  /** Sends to upstreams; absent: undici. The demo is answered in-process either way. */
  readonly transport?: Transport;
  /** Puts a socket around the gateway; absent: @proxy/node's. */
  readonly listen?: typeof serve;
  /** Reload when the file changes; absent: yes. */
  readonly watch?: boolean;
}

export interface RunningServer {
  readonly url: string;
  readonly port: number;
  readonly config: () => Config;
  /** How the upstreams' keys are, and what can be done about it. */
  readonly keys: () => Keys;
  /** Takes over the configuration as it is now; false, with the reason in the log, when it cannot be used. */
  reload(): boolean;
  /** Stops listening, waits for running requests as long as the configuration says, then cuts them. */
  close(): Promise<void>;
}

/** Starts listening. @throws ConfigError, or the system's error when the address cannot be listened on. */
export async function startServer(options: StartOptions): Promise<RunningServer> {
  const log = options.log ?? createLog();
  const counters = memoryCounters(systemClock);
  const keys = createKeyStates({ clock: systemClock });
  const quotas = memoryQuotas();
  const addresses: AddressBook = new Map();
  const budgets = createBudgets({ clock: systemClock, prices: budgetPrices(() => live.place.pricing) });
  const transports = createTransports();
  const bans = createBans(log.port);
  const queueUnder = createQueue();
  const records = createRecords(log);
  const portsFor = (config: Config) => {
    const guarded = transports.guarded(config);
    const pictures = picturesIn(config);
    const queue = queueUnder(config);
    return {
      transport: options.transport ? withDemo(options.transport) : transports.for(config),
      ...(guarded && { guarded }),
      ...(pictures && { pictures }),
      counters,
      keys,
      quotas,
      budgets,
      addresses,
      ledger: log.ledger,
      log: log.port,
      bans: bans.under(config),
      ...(queue && { queue }),
      records,
    };
  };

  let config = options.load();
  log.configure(config.log, secretsOf(config));
  let live = liveOf(config, portsFor(config));
  const keyChecks = createKeyChecks(() => live.gateway.keys, log.logger);
  const { host, port, drainSeconds } = config.server;
  const listening = await (options.listen ?? serve)(
    frontOf(() => live),
    { host, port },
  );

  keyChecks.start(config.checkKeys);

  function reload(): boolean {
    try {
      const next = options.load();
      const unsafe = unsafeHost(host, next.accessKeys, !servesOwnKeysOnly(next.doors));
      if (unsafe !== undefined) throw new ConfigError([unsafe], next.file);
      log.configure(next.log, secretsOf(next));
      live = liveOf(next, portsFor(next));
      if (next.server.host !== host || next.server.port !== port)
        log.logger.warn('server.host and server.port take effect at the next start.');
      config = next;
      keyChecks.schedule(next.checkKeys);
      for (const note of next.notes) log.logger.warn(note);
      log.logger.info(
        { file: next.file, upstreams: next.upstreams.map(({ name }) => name) },
        'Configuration reloaded.',
      );
      return true;
    } catch (error) {
      const problems = error instanceof ConfigError ? error.problems : [String(error)];
      log.logger.error({ problems }, 'The new configuration cannot be used, so the old one stays.');
      return false;
    }
  }

  const stopWatching =
    options.watch !== false && config.file !== undefined ? watchContent(config.file, reload) : () => undefined;
  return {
    url: listening.url,
    port: listening.port,
    config: () => config,
    keys: () => live.gateway.keys,
    reload,
    async close() {
      stopWatching();
      keyChecks.stop();
      await listening.close({ drainMs: drainSeconds * 1000 });
      await transports.close();
      bans.close();
      await records.close();
      log.flush();
    },
  };
}
