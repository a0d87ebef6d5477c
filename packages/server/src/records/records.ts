import type { CallRecord, Callers, HttpAnswer, HttpRequest, Ledger, Policy } from '@proxy/core';
import type { Config } from '../config/config.ts';
import type { ServerLog } from '../log.ts';
import { metricsPage } from '../routes/metrics.ts';
import { createAccessLog, type CallOutlet } from './access-log.ts';
import { costed } from './costed.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { runningPolicy } from './running-policy.ts';

/** What calls leave behind beside the log and storage, over all configurations of a server. */
export interface Records {
  under(config: Config, callers: Callers, next: Ledger): LiveRecords;
  /** Writes what still waits. */
  close(): Promise<void>;
}

/** The same under one configuration. */
export interface LiveRecords {
  /** Hears of every call first: it puts the cost on the record. */
  readonly ledger: Ledger;
  readonly policies: readonly Policy[];
  /** A page of ours, where the request is for one. */
  readonly page?: (request: HttpRequest) => Promise<HttpAnswer> | undefined;
}

export function createRecords(log: ServerLog): Records {
  const accessLog = kept<CallOutlet>();
  let metrics: Metrics | undefined;
  return {
    under(config, callers, next) {
      const { accessLog: folder, metrics: shown } = config.records;
      const files = accessLog.under(folder, (path) => createAccessLog(path, log.port, log.mask));
      if (shown) metrics ??= createMetrics();
      const counted = shown && metrics;
      const ledgers = [next, files, counted?.ledger].filter((ledger) => ledger !== undefined);
      return {
        ledger: costed(config, together(ledgers)),
        policies: counted ? [runningPolicy(counted.began)] : [],
        ...(counted && {
          page: (request) => (isFor(shown.path, request) ? metricsPage(request, counted, shown, callers) : undefined),
        }),
      };
    },
    async close() {
      await accessLog.close();
    },
  };
}

function together(ledgers: readonly Ledger[]): Ledger {
  const [only, ...others] = ledgers;
  if (only && others.length === 0) return only;
  return {
    append(record: CallRecord) {
      for (const ledger of ledgers) ledger.append(record);
    },
  };
}

/** One thing for as long as the configuration wants the same. */
function kept<T extends { flush(): Promise<void> }>() {
  let current: { readonly key: string; readonly thing: T } | undefined;
  return {
    under(key: string | undefined, make: (key: string) => T): T | undefined {
      if (key !== current?.key) {
        void current?.thing.flush();
        current = key === undefined ? undefined : { key, thing: make(key) };
      }
      return current?.thing;
    },
    close: () => current?.thing.flush() ?? Promise.resolve(),
  };
}

function isFor(path: string, { method, url }: HttpRequest): boolean {
  return (method === 'GET' || method === 'HEAD') && (url === path || url.startsWith(`${path}?`));
}
