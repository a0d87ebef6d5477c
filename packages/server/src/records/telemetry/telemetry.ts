import type { CallRecord, HttpRequest, Ledger, Log, Policy } from '@proxy/core';
import type { TelemetryConfig } from '../../config/records.ts';
import { led } from '../../doors/door.ts';
import { contextFrom, spanIdIn, traceparentOf, type TraceContext } from './context.ts';
import type { Exporter } from './exporter.ts';

/** Traces and metrics of calls for an OpenTelemetry collector. */
export interface Telemetry {
  readonly ledger: Ledger;
  readonly policy: Policy;
  /** The request under a span of ours, by which the upstream goes on with the caller's trace. */
  enter(request: HttpRequest): HttpRequest;
  flush(): Promise<void>;
}

/** Calls that run; what never came to be one (a page, an unknown path) is forgotten when so many came after it. */
const maxContexts = 10_000;

/** The SDK is loaded here and not before: whoever wants no telemetry does not pay for it. */
export function createTelemetry(config: TelemetryConfig, log: Log): Telemetry {
  const loading: Promise<Exporter | undefined> = import('./exporter.ts')
    .then(({ createExporter }) => createExporter(config, log))
    .catch((error: unknown) => void log('error', `No telemetry: OpenTelemetry cannot be loaded: ${String(error)}`));
  const entered = bounded<TraceContext>(maxContexts);
  const running = bounded<TraceContext>(maxContexts);
  return {
    enter(request) {
      const { url, headers, direction } = request;
      const context = contextFrom(headers.traceparent);
      entered.set(context.spanId, context);
      return led(request, {
        url,
        headers: { ...headers, traceparent: traceparentOf(context) },
        ...(direction && { direction }),
      });
    },
    policy: {
      name: 'telemetry',
      admit({ requestId, request }) {
        const { traceparent } = request.headers;
        running.set(requestId, entered.take(spanIdIn(traceparent) ?? '') ?? contextFrom(traceparent));
      },
    },
    ledger: {
      append(record: CallRecord) {
        const context = running.take(record.requestId) ?? contextFrom(undefined);
        void loading.then((exporter) => exporter?.add(record, context));
      },
    },
    flush: () => loading.then((exporter) => exporter?.close()),
  };
}

function bounded<T>(most: number) {
  const held = new Map<string, T>();
  return {
    set(key: string, value: T): void {
      if (held.size >= most) held.delete(held.keys().next().value ?? '');
      held.set(key, value);
    },
    take(key: string): T | undefined {
      const value = held.get(key);
      held.delete(key);
      return value;
    },
  };
}
