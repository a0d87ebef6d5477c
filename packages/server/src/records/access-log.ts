import { totalInputTokens, type Ledger, type Log } from '@proxy/core';
import type { StoredCall } from '../storage/stored-call.ts';
import { dayFiles } from './day-file.ts';
import { createOutlet } from './outlet.ts';

export interface CallOutlet extends Ledger {
  flush(): Promise<void>;
}

/** A file a day with a JSON object a line, in ai-proxy's words (acceptance row A11): every call, uploads and refusals too. */
export function createAccessLog(folder: string, log: Log, mask: (text: string) => string): CallOutlet {
  const outlet = createOutlet({ name: `the access log in ${folder}`, log, deliver: dayFiles(folder, '.log') });
  return {
    append: (record) => outlet.push({ at: record.startedAt, text: mask(JSON.stringify(lineOf(record))) }),
    flush: () => outlet.flush(),
  };
}

function lineOf(record: StoredCall): object {
  const { requestId, startedAt, address, path, model, streaming, status, durationMs, usage, cost, failure } = record;
  return {
    time: new Date(startedAt).toISOString(),
    sourceIP: address ?? null,
    path: path ?? null,
    params: { ...(model !== undefined && { model }), ...(streaming !== undefined && { stream: streaming }) },
    status,
    totalTime: Math.round(durationMs),
    inputTokens: usage ? totalInputTokens(usage) : 0,
    outputTokens: usage?.outputTokens ?? 0,
    ...(cost && { cost: cost.usd }),
    ...(failure && { error: `${failure.kind}: ${failure.message}` }),
    requestId,
  };
}
