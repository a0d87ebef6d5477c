import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Context,
  type Histogram,
} from '@opentelemetry/api';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, RandomIdGenerator, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Log } from '@proxy/core';
import type { TelemetryConfig } from '../../config/records.ts';
import type { StoredCall } from '../../storage/stored-call.ts';
import { version } from '../../version.ts';
import { attemptAttributes, callAttributes, metricAttributes, operationName, tokenUsage } from './attributes.ts';
import type { TraceContext } from './context.ts';

export interface Exporter {
  add(call: StoredCall, context: TraceContext): void;
  /** Sends what waits, and ends. */
  close(): Promise<void>;
}

const scope = '@proxy/server';
const timeoutMillis = 5000;
const metricsEveryMs = 30_000;
/** So that a collector that is away for a day does not fill the log. */
const tellEveryMs = 60_000;
/** The boundaries that the GenAI conventions ask for. */
const tokenBounds = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864];
const secondBounds = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];

/** OTLP over HTTP: spans in batches, metrics every half minute. */
export function createExporter({ endpoint, headers, serviceName }: TelemetryConfig, log: Log): Exporter {
  const losses = createLosses(endpoint, log);
  const resource = resourceFromAttributes({ 'service.name': serviceName, 'service.version': version });
  const to = (path: string) => ({
    url: `${endpoint.replace(/\/+$/, '')}${path}`,
    headers: { ...headers },
    timeoutMillis,
  });
  const ids = new ChosenIds();
  const spans = new TracerProvider({
    resource,
    idGenerator: ids,
    spanProcessors: [new BatchSpanProcessor({ exporter: losses.heardOf(new OTLPTraceExporter(to('/v1/traces'))) })],
  });
  const metrics = new MeterProvider({
    resource,
    readers: [
      new PeriodicExportingMetricReader({
        exporter: new OTLPMetricExporter(to('/v1/metrics')),
        exportIntervalMillis: metricsEveryMs,
      }),
    ],
  });
  const tracer = spans.getTracer(scope, version);
  const histograms = histogramsOf(metrics);

  function addSpans(call: StoredCall, at: TraceContext): void {
    const endedAt = call.startedAt + call.durationMs;
    ids.chosen = at;
    const span = tracer.startSpan(
      call.path ?? operationName(call),
      { kind: SpanKind.SERVER, startTime: call.startedAt, attributes: callAttributes(call) },
      parentOf(at),
    );
    ids.chosen = undefined;
    if (call.failure) span.setStatus({ code: SpanStatusCode.ERROR, message: call.failure.kind });
    const within = trace.setSpan(ROOT_CONTEXT, span);
    call.attempts.forEach((attempt, index) => {
      const last = index === call.attempts.length - 1;
      const child = tracer.startSpan(
        `${operationName(call)} ${attempt.model}`,
        {
          kind: SpanKind.CLIENT,
          startTime: attempt.startedAt,
          attributes: attemptAttributes(call, attempt, last),
        },
        within,
      );
      if (attempt.failure !== undefined) child.setStatus({ code: SpanStatusCode.ERROR, message: attempt.failure });
      // A streamed answer goes on when its attempt has been called a success.
      child.end(last ? endedAt : attempt.startedAt + attempt.durationMs);
    });
    span.end(endedAt);
  }

  return {
    add(call, context) {
      addSpans(call, context);
      if (call.upstream === undefined) return;
      const attributes = metricAttributes(call);
      histograms.duration.record(call.durationMs / 1000, attributes);
      if (call.firstByteMs !== undefined) histograms.firstToken.record(call.firstByteMs / 1000, attributes);
      for (const [type, count] of tokenUsage(call))
        histograms.tokens.record(count, { ...attributes, 'gen_ai.token.type': type });
    },
    async close() {
      await Promise.allSettled([spans.shutdown(), metrics.shutdown()]);
      losses.tell();
    },
  };
}

interface SpanExporter {
  export(spans: readonly unknown[], done: (result: { readonly code: number; readonly error?: Error }) => void): void;
}

/** The SDK tells nobody that a collector is away; metrics are sums, which a later export makes good. */
function createLosses(endpoint: string, log: Log) {
  let untold = 0;
  let reason = '';
  let toldAt = -Infinity;

  function tell(): void {
    if (untold === 0) return;
    log('warn', `${untold} spans were not taken by the collector at ${endpoint}: ${reason}`);
    untold = 0;
    toldAt = performance.now();
  }

  return {
    tell,
    heardOf<Exporting extends SpanExporter>(exporter: Exporting): Exporting {
      const send = exporter.export.bind(exporter);
      exporter.export = (spans, done) =>
        send(spans, (result) => {
          if (result.error) {
            untold += spans.length;
            reason = result.error.message;
            if (performance.now() - toldAt >= tellEveryMs) tell();
          }
          done(result);
        });
      return exporter;
    },
  };
}

function histogramsOf(provider: MeterProvider): Readonly<Record<'tokens' | 'duration' | 'firstToken', Histogram>> {
  const meter = provider.getMeter(scope, version);
  const inSeconds = { unit: 's', advice: { explicitBucketBoundaries: secondBounds } };
  return {
    tokens: meter.createHistogram('gen_ai.client.token.usage', {
      description: 'Number of input and output tokens used',
      unit: '{token}',
      advice: { explicitBucketBoundaries: tokenBounds },
    }),
    duration: meter.createHistogram('gen_ai.client.operation.duration', {
      description: 'GenAI operation duration',
      ...inSeconds,
    }),
    firstToken: meter.createHistogram('gen_ai.server.time_to_first_token', {
      description: 'Time to generate first token for successful responses',
      ...inSeconds,
    }),
  };
}

/** A span has the ids that were chosen for it when the upstream was told of them. */
class ChosenIds extends RandomIdGenerator {
  chosen: TraceContext | undefined;
  readonly #random = new RandomIdGenerator();

  override generateTraceId = (): string => this.chosen?.traceId ?? this.#random.generateTraceId();
  override generateSpanId = (): string => this.chosen?.spanId ?? this.#random.generateSpanId();
}

function parentOf({ traceId, parentId, sampled }: TraceContext): Context {
  if (parentId === undefined) return ROOT_CONTEXT;
  const traceFlags = sampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: parentId, traceFlags, isRemote: true });
}
