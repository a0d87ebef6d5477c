import type { CallRecord, Callers, HttpAnswer, HttpRequest, Ledger, Policy } from '@proxy/core';
import { bothKept } from '../ledger.ts';
import type { Config } from '../config/config.ts';
import type { ServerLog } from '../log.ts';
import { metricsPage } from '../routes/metrics.ts';
import { statisticsPage } from '../routes/statistics.ts';
import { statisticsOf } from '../stats/statistics.ts';
import type { Storage } from '../storage/storage.ts';
import { createAccessLog, type CallOutlet } from './access-log.ts';
import { costed } from './costed.ts';
import { createMetrics, type Measured, type Metrics } from './metrics.ts';
import { hashed } from './prompts/hashed.ts';
import { createPromptLog, type PromptLog } from './prompts/log.ts';
import { runningPolicy } from './running-policy.ts';
import { createTelemetry, type Telemetry } from './telemetry/telemetry.ts';

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
  /** The request as it goes on; absent: as it came. */
  readonly enter?: (request: HttpRequest) => HttpRequest;
  /** Looks on while an answer is sent; absent: nobody does. */
  readonly watch?: (answer: HttpAnswer) => HttpAnswer;
  /** A page of ours, where the request is for one. */
  readonly page?: (request: HttpRequest) => Promise<HttpAnswer> | undefined;
}

export interface RecordsOptions {
  readonly log: ServerLog;
  /** What statistics are read from, and prompts may go to; absent: neither. */
  readonly storage?: Storage;
  /** Absent: metrics count calls alone. */
  readonly measured?: () => Measured;
}

export function createRecords({ log, storage, measured }: RecordsOptions): Records {
  const statistics = storage && statisticsOf(storage);
  const accessLog = kept<CallOutlet>();
  const promptLog = kept<PromptLog>();
  const telemetry = kept<Telemetry>();
  let metrics: Metrics | undefined;
  return {
    under(config, callers, next) {
      const { accessLog: folder, metrics: shown, prompts, promptHashes, telemetry: collector } = config.records;
      const files = accessLog.under(folder, (path) => createAccessLog(path, log.port, log.mask));
      if (shown) metrics ??= createMetrics(measured);
      const counted = shown && metrics;
      const read = promptLog.under(prompts || promptHashes ? JSON.stringify(prompts ?? null) : undefined, () =>
        createPromptLog(prompts, log.port, log.mask, storage?.prompts),
      );
      const traces = telemetry.under(
        collector && JSON.stringify(collector),
        () => collector && createTelemetry(collector, log.port),
      );
      const ledgers = [next, files, traces?.ledger, counted?.ledger, read && { append: read.recorded }];
      const all = together(ledgers.filter((ledger) => ledger !== undefined));
      return {
        ledger: costed(config, read && promptHashes ? hashed(read.inboundOf, all) : all),
        policies: [
          ...(counted ? [runningPolicy(counted)] : []),
          ...(read ? [read.policy] : []),
          ...(traces ? [traces.policy] : []),
        ],
        ...(traces && { enter: traces.enter }),
        ...(read && { watch: read.watch }),
        page(request) {
          if (counted && isFor(shown.path, request)) return metricsPage(request, counted, shown, callers);
          return statistics && config.doors.api ? statisticsPage(request, statistics, callers) : undefined;
        },
      };
    },
    async close() {
      await Promise.all([accessLog.close(), promptLog.close(), telemetry.close()]);
    },
  };
}

function together(ledgers: readonly Ledger[]): Ledger {
  const [only, ...others] = ledgers;
  if (only && others.length === 0) return only;
  return {
    append(record: CallRecord, mayWait?: boolean) {
      let kept: Promise<void> | void = undefined;
      for (const ledger of ledgers) kept = bothKept(kept, ledger.append(record, mayWait));
      return kept;
    },
  };
}

/** One thing for as long as the configuration wants the same. */
function kept<T extends { flush(): Promise<void> }>() {
  let current: { readonly key: string; readonly thing: T } | undefined;
  return {
    under(key: string | undefined, make: (key: string) => T | undefined): T | undefined {
      if (key !== current?.key) {
        void current?.thing.flush();
        const thing = key === undefined ? undefined : make(key);
        current = key === undefined || !thing ? undefined : { key, thing };
      }
      return current?.thing;
    },
    close: () => current?.thing.flush() ?? Promise.resolve(),
  };
}

function isFor(path: string, { method, url }: HttpRequest): boolean {
  return (method === 'GET' || method === 'HEAD') && (url === path || url.startsWith(`${path}?`));
}
