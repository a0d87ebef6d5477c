import { stdout } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StoredCall } from '../../storage/stored-call.ts';
import type { Storage } from '../../storage/storage.ts';
import { withStorage, type StorageFlags } from './with-storage.ts';

export interface LogFlags extends StorageFlags {
  readonly limit: number;
  readonly follow?: boolean;
  readonly failed?: boolean;
}

const pollMs = 500;
/** More than come between two looks; what a burst pushes out of it is on record, but not shown. */
const looksBack = 500;

export function logs(flags: LogFlags): Promise<void> {
  return withStorage(flags, async (storage) => {
    const filter = flags.failed ? { failed: true } : {};
    const calls = (await storage.calls.list({ ...filter, limit: flags.limit })).toReversed();
    const shown = flags.json ? (call: StoredCall) => JSON.stringify(call) : lineOf;
    if (!flags.follow) return { text: calls.map(lineOf).join('\n') || 'No call on record.', data: calls };
    for (const call of calls) stdout.write(`${shown(call)}\n`);
    return followCalls(storage, filter, new Set(calls.map(({ requestId }) => requestId)), shown);
  });
}

/** Until a signal ends it. */
async function followCalls(
  { calls }: Storage,
  filter: { readonly failed?: boolean },
  seen: ReadonlySet<string>,
  shown: (call: StoredCall) => string,
): Promise<never> {
  for (let before = seen; ;) {
    await sleep(pollMs);
    const latest = (await calls.list({ ...filter, limit: looksBack })).toReversed();
    for (const call of latest) if (!before.has(call.requestId)) stdout.write(`${shown(call)}\n`);
    before = new Set(latest.map(({ requestId }) => requestId));
  }
}

/** `2026-01-31 12:00:00  200   812 ms  req_…  gpt-x → main/gpt-y  12+34 tokens  0.0012 USD` */
function lineOf(call: StoredCall): string {
  const { requestId, startedAt, status, durationMs, model, upstream, upstreamModel, usage, cost, failure } = call;
  const where = upstream === undefined ? '' : ` → ${[upstream, upstreamModel].filter(Boolean).join('/')}`;
  return [
    new Date(startedAt).toISOString().slice(0, 19).replace('T', ' '),
    status,
    `${Math.round(durationMs)} ms`,
    requestId,
    `${model ?? call.operation ?? ''}${where}`,
    usage && `${usage.inputTokens ?? 0}+${usage.outputTokens ?? 0} tokens`,
    cost && `${cost.usd} USD`,
    failure && `${failure.kind}: ${failure.message}`,
  ]
    .filter((part) => part !== undefined && part !== '')
    .join('  ');
}
