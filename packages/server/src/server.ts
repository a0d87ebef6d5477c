import { createKeyStates, memoryCounters, systemClock, type Gateway, type Keys, type Transport } from '@proxy/core';
import { serve, type Served, type ServeOptions } from '@proxy/node';
import { createAdmin } from './admin/admin.ts';
import { budgetPrices } from './budgets/prices.ts';
import type { AddressBook } from './caller.ts';
import { secretsOf } from './config/build.ts';
import type { Config } from './config/config.ts';
import { servesOwnKeysOnly } from './config/doors.ts';
import { ConfigError } from './config/problems.ts';
import { createBans } from './guards/create-bans.ts';
import { createQueue } from './guards/create-queue.ts';
import { refusalToListen, unsafeHost } from './config/safety.ts';
import { watchContent } from './config/watch.ts';
import { withDemo } from './demo/transport.ts';
import { openDurable } from './durable.ts';
import { createKeyChecks } from './key-checks.ts';
import { durableQuotas } from './key-quotas.ts';
import { composeLedger } from './ledger.ts';
import { liveOf } from './live.ts';
import { createLog, type ServerLog } from './log.ts';
import { picturesIn } from './pictures.ts';
import { createRecords } from './records/records.ts';
import { frontOf, type Live } from './routes/front.ts';
import { createTransports } from './transports.ts';

export interface StartOptions {
  /** Reads the configuration, or `text` as if it were in the file; called again by every reload. @throws ConfigError */
  readonly load: (text?: string) => Config;
  readonly log?: ServerLog;
  /** Sends to upstreams; absent: undici. The demo is answered in-process either way. */
  readonly transport?: Transport;
  /** Puts a socket around the gateway; absent: @proxy/node's. */
  readonly listen?: (gateway: Gateway, options: ServeOptions) => Promise<Served>;
  /** Reload when the file changes; absent: yes. */
  readonly watch?: boolean;
  /** Where a file may come to lie that is taken over when there was none; absent: nowhere. */
  readonly places?: readonly string[];
}

export interface RunningServer {
  readonly url: string;
  readonly port: number;
  readonly config: () => Config;
  /** Whether callers need no key, as it is now: keys may be stored, too. */
  readonly open: () => boolean;
  /** How the upstreams' keys are, and what can be done about it. */
  readonly keys: () => Keys;
  /** Takes over the configuration as it is now; false, with the reason in the log, when it cannot be used. */
  reload(): boolean;
  /** Stops listening, waits for running requests as long as the configuration says, then cuts them. */
  close(): Promise<void>;
}

/** Starts listening. @throws ConfigError, StorageError, or the system's error when the address cannot be listened on. */
export async function startServer(options: StartOptions): Promise<RunningServer> {
  const log = options.log ?? createLog();
  const counters = memoryCounters(systemClock);
  const keys = createKeyStates({ clock: systemClock });
  const addresses: AddressBook = new Map();
  const transports = createTransports();
  let config = options.load();
  log.configure(config.log, secretsOf(config));
  const durable = await openDurable({
    config,
    log,
    addresses,
    prices: budgetPrices(() => live.place.pricing),
    keysChanged: () => use(config),
  });
  const quotas = await durableQuotas(durable.storage.keyQuotas, systemClock, log.port);
  const admin = createAdmin({
    storage: durable.storage,
    config: () => complete,
    reload: takeOver,
    validate: (text) => problemsOf(() => options.load(text)),
    keys: () => live.gateway.keys,
    log: log.port,
  });
  const ledger = composeLedger([durable.journal, log.ledger, admin.tail], (error) =>
    log.logger.error({ reason: String(error) }, 'A call did not get into every record.'),
  );
  const bans = await createBans({ config, storage: durable.storage, log: log.port, changed: () => use(config) });
  const queueUnder = createQueue();
  let queue: ReturnType<typeof queueUnder>;
  const records = createRecords({
    log,
    storage: durable.storage,
    measured: () => ({ keys: live.gateway.keys, ...(queue && { queue }) }),
  });
  const portsFor = (config: Config) => {
    const guarded = transports.guarded(config);
    const pictures = picturesIn(config);
    queue = queueUnder(config);
    return {
      transport: options.transport ? withDemo(options.transport) : transports.for(config),
      ...(guarded && { guarded }),
      ...(pictures && { pictures }),
      counters,
      keys,
      quotas,
      budgets: durable.budgets,
      addresses,
      callers: durable.callers,
      ledger,
      log: log.port,
      bans: bans.under(config),
      ...(queue && { queue }),
      records,
    };
  };

  let live: Live;
  let listening: Served | undefined;
  /** With what is stored. */
  let complete: Config;
  /** Puts a configuration in force. */
  function use(next: Config): void {
    complete = durable.complete(listening ? asListenedOn(next) : next);
    log.configure(next.log, secretsOf(complete));
    live = liveOf(complete, portsFor(complete));
    config = next;
  }

  use(config);
  const keyChecks = createKeyChecks(() => live.gateway.keys, log.logger);
  const { host, port, drainSeconds } = config.server;
  /** Another address takes effect at the next start: what is safe is told by the one that we have. */
  function asListenedOn({ unsafe: _elsewhere, ...next }: Config): Config {
    const unsafe = unsafeHost(host, next.accessKeys, !servesOwnKeysOnly(next.doors) && next.closed !== true);
    return { ...next, ...(unsafe !== undefined && { unsafe }) };
  }
  let served: Served;
  try {
    refuseUnsafe(config);
    served = await (options.listen ?? serve)(
      frontOf(() => live, admin),
      { host, port },
    );
  } catch (error) {
    bans.close();
    await durable.close();
    throw error;
  }
  listening = served;

  keyChecks.start(config.checkKeys);

  /** What is wrong with the configuration as it is now; nothing: it is in force. */
  function takeOver(): readonly string[] {
    const problems = problemsOf(() => {
      const next = options.load();
      if (config.file !== undefined && next.file === undefined)
        throw new ConfigError([`${config.file} is gone. Bring it back, or start again to go on without it.`]);
      refuseUnsafe(asListenedOn(next));
      use(next);
      durable.configure(next);
      if (next.server.host !== host || next.server.port !== port)
        log.logger.warn('server.host and server.port take effect at the next start.');
      keyChecks.schedule(next.checkKeys);
      for (const note of next.notes) log.logger.warn(note);
      log.logger.info(
        { file: next.file, upstreams: next.upstreams.map(({ name }) => name) },
        'Configuration reloaded.',
      );
    });
    if (problems.length > 0)
      log.logger.error({ problems }, 'The new configuration cannot be used, so the old one stays.');
    return problems;
  }
  function refuseUnsafe(next: Config): void {
    const refusal = refusalToListen(next, durable.callers.some);
    if (refusal !== undefined) throw new ConfigError([refusal], next.file);
  }
  const reload = () => takeOver().length === 0;

  const watched = config.file === undefined ? (options.places ?? []) : [config.file];
  const watches = options.watch === false ? [] : watched.map((path) => watchContent(path, reload));
  let closing: Promise<void> | undefined;
  return {
    url: served.url,
    port: served.port,
    config: () => config,
    open: () => live.open,
    keys: () => live.gateway.keys,
    reload,
    close: () => (closing ??= close()),
  };

  async function close(): Promise<void> {
    for (const stopWatching of watches) stopWatching();
    admin.close();
    keyChecks.stop();
    await served.close({ drainMs: drainSeconds * 1000 });
    await transports.close();
    bans.close();
    await records.close();
    await durable.close();
    log.flush();
  }
}

/** What keeps a configuration from being used; empty: nothing did. */
function problemsOf(use: () => unknown): readonly string[] {
  try {
    use();
    return [];
  } catch (error) {
    return error instanceof ConfigError ? error.problems : [String(error)];
  }
}
