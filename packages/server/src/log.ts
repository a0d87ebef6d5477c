import { styleText } from 'node:util';
import type { CallRecord, Ledger, Log } from '@proxy/core';
import { pino, type Logger } from 'pino';
import type { LogConfig } from './config/config.ts';
import { createMaskText, maskable, maskMembers } from './mask.ts';

/** The server's log: structured lines without secrets, and the core's ports that feed it. */
export interface ServerLog {
  readonly logger: Logger;
  /** The gateway's own log port. */
  readonly port: Log;
  /** One line per call, written in batches off the reply path. */
  readonly ledger: Ledger;
  /** Takes over the level, and the secrets that must never be printed. */
  configure(log: LogConfig, secrets: readonly string[]): void;
  /** Leaves the secrets out of a text that goes elsewhere. */
  mask(text: string): string;
  /** Writes what is still waiting. */
  flush(): void;
}

export interface LogOptions {
  /** Where one line, or a batch of them, goes; absent: stdout. */
  readonly write?: (lines: string) => void;
  /** Lines for people instead of JSON; absent: when stdout is a terminal. */
  readonly pretty?: boolean;
}

/** Long enough that a busy server writes hundreds of lines at once, short enough to watch. */
const batchMs = 100;

export function createLog({ write, pretty }: LogOptions = {}): ServerLog {
  let secrets: readonly string[] = [];
  let config: LogConfig = { level: 'info', requests: true };
  const forPeople = () => pretty ?? config.pretty ?? (write === undefined && process.stdout.isTTY === true);
  const maskText = createMaskText(() => secrets);
  const out = write ?? ((text: string) => void process.stdout.write(text));
  /** Lines of the batch that is being written; undefined between batches. */
  let batch: string[] | undefined;
  const logger = pino(
    {
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => maskMembers(fields) as Record<string, unknown>, // an object gives an object
      },
    },
    {
      write(line: string) {
        const shown = maskText(forPeople() ? prettyLine(line) : line);
        if (batch) batch.push(shown);
        else out(shown);
      },
    },
  );
  let waiting: CallRecord[] = [];
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    const records = waiting;
    waiting = [];
    batch = [];
    for (const record of records) {
      const level = levelOf(record);
      if (logger.isLevelEnabled(level)) logger[level](fieldsOf(record, config), sentence(record, config));
    }
    if (batch.length > 0) out(batch.join(''));
    batch = undefined;
  }

  return {
    logger,
    port: (level, message, fields) => logger[level](fields ?? {}, message),
    ledger: {
      append(record) {
        // Held for a batch only if it will be told: what lives so long is copied by the collector, twice.
        if (!shows(record, config) || !logger.isLevelEnabled(levelOf(record))) return;
        waiting.push(record);
        timer ??= setTimeout(flush, batchMs);
      },
    },
    configure(next, known) {
      config = next;
      logger.level = next.level;
      secrets = maskable(known);
    },
    mask: maskText,
    flush,
  };
}

function levelOf({ status, failure }: CallRecord): 'info' | 'warn' | 'error' {
  if (failure?.kind === 'client-gone') return 'info';
  return status >= 500 || (failure && status < 400) ? 'error' : status >= 400 ? 'warn' : 'info';
}

/** A call that failed is told whole, whatever else is not. */
function shows({ failure }: CallRecord, { requests, responses = true }: LogConfig): boolean {
  return requests || responses || failure !== undefined;
}

/** `anthropic-messages claude-x → openai/gpt-y 200 812 ms`, or half of it. */
function sentence(record: CallRecord, { requests, responses = true }: LogConfig): string {
  const { status, durationMs, failure } = record;
  const asked = requests || failure ? [askedFor(record)] : [];
  const fault = failure ? [`${failure.kind}: ${failure.message}`] : [];
  const came = responses || failure ? [`${status} ${Math.round(durationMs)} ms`] : [];
  return [...asked, ...came, ...fault].join(' ');
}

function askedFor({ dialect, operation, model, upstream, upstreamModel }: CallRecord): string {
  const what = operation === undefined || operation === 'generate' ? '' : ` ${operation}`;
  const where = upstream === undefined ? '' : ` → ${[upstream, upstreamModel].filter(Boolean).join('/')}`;
  return `${dialect ?? 'request'}${what}${model === undefined ? '' : ` ${model}`}${where}`;
}

/** Why a call went where it went is for `explain`, not for a line. */
function fieldsOf(
  { notices, startedAt, why: _why, ...record }: CallRecord,
  { requests, responses = true }: LogConfig,
): Record<string, unknown> {
  const fields = {
    ...record,
    startedAt: new Date(startedAt).toISOString(),
    ...(notices.length > 0 && { notices: notices.map(({ type, field }) => `${type} ${field}`) }),
  };
  if (record.failure || (requests && responses)) return fields;
  const hidden = requests ? ofResponse : ofRequest;
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !hidden.has(name)));
}

const ofRequest: ReadonlySet<string> = new Set([
  ...['dialect', 'operation', 'model', 'streaming', 'upstream', 'upstreamModel', 'callerId', 'address', 'path', 'way'],
]);
const ofResponse: ReadonlySet<string> = new Set([
  ...['status', 'durationMs', 'firstByteMs', 'attempts', 'usage', 'cost', 'notices'],
]);

const colours = { error: 'red', warn: 'yellow', info: 'green', debug: 'cyan', trace: 'gray' } as const;
/** Repeated in the sentence already, or only of use to machines. */
const leftOut: ReadonlySet<string> = new Set([
  ...['level', 'time', 'msg', 'status', 'durationMs', 'dialect', 'operation', 'model', 'upstream', 'upstreamModel'],
  ...['failure', 'startedAt', 'callerId', 'attempts', 'streaming', 'firstByteMs', 'way', 'address', 'path'],
]);

function prettyLine(line: string): string {
  const { level, time, msg, ...fields } = JSON.parse(line) as Record<string, unknown>; // pino wrote it a moment ago
  const shown = level as keyof typeof colours; // formatters.level wrote it
  const rest = Object.entries(fields)
    .filter(([name]) => !leftOut.has(name))
    .map(([name, value]) => ` ${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const clock = String(time).slice(11, 19);
  const extras = rest.length > 0 ? styleText('gray', rest.join('')) : '';
  return `${styleText('gray', clock)} ${styleText(colours[shown] ?? 'white', String(level).padEnd(5))} ${String(msg)}${extras}\n`;
}
