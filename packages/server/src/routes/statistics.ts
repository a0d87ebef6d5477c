import { totalInputTokens, type Callers, type HttpAnswer, type HttpRequest } from '@proxy/core';
import { isTimeRange, timeRanges, type TimeRange } from '../stats/ranges.ts';
import type { CallSums, Statistics } from '../stats/statistics.ts';
import type { StoredCall } from '../storage/stored-call.ts';
import { isAdmin, isLocal } from './insider.ts';

/**
 * The statistics that api-proxy's panel read (acceptance row E17), for whoever sits at this machine or is an admin. They tell what
 * every caller does, so an ordinary access key is not enough. Undefined: the path is none of them.
 */
export function statisticsPage(
  request: HttpRequest,
  statistics: Statistics,
  callers: Callers,
): Promise<HttpAnswer> | undefined {
  const { method, url } = request;
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  const page = method === 'GET' && Object.hasOwn(pages, path) ? pages[path] : undefined;
  return page && answer(request, () => page(statistics, new URLSearchParams(mark < 0 ? '' : url.slice(mark))), callers);
}

async function answer(
  request: HttpRequest,
  read: () => Promise<readonly object[] | Refusal>,
  callers: Callers,
): Promise<HttpAnswer> {
  if (!isLocal(request) && !(await isAdmin(request, callers))) return json(401, { success: false, error: forInsiders });
  const result = await read();
  return 'error' in result ? json(400, { success: false, ...result }) : json(200, { success: true, data: result });
}

const forInsiders = 'Statistics are for callers on this machine, or with the access key of an admin.';

type Page = (statistics: Statistics, query: URLSearchParams) => Promise<readonly object[] | Refusal>;

interface Refusal {
  readonly error: string;
}

const defaultLimit = 50;
const maxLimit = 1000;

/** By their paths. */
export const pages: Readonly<Record<string, Page>> = {
  '/api/stats': within(async (statistics, since) =>
    (await statistics.byCredential({ since })).map(({ upstream, credential, ...sums }) => ({
      provider: upstream,
      name: credential,
      ...shown(sums),
    })),
  ),
  '/api/usage/endpoints': within(async (statistics, since) =>
    (await statistics.byEndpoint({ since })).map(({ endpoint, ...sums }) => ({ endpoint, ...shown(sums) })),
  ),
  '/api/calls/recent': async (statistics, query) => {
    const limit = Number(query.get('limit') ?? defaultLimit);
    if (!Number.isInteger(limit) || limit < 1 || limit > maxLimit)
      return { error: `limit must be a whole number from 1 to ${maxLimit}.` };
    return (await statistics.recent(limit)).map(callShown);
  },
};

function within(read: (statistics: Statistics, since: number) => Promise<readonly object[]>): Page {
  return async (statistics, query) => {
    const range: string = query.get('timeRange') ?? ('24h' satisfies TimeRange);
    if (!isTimeRange(range)) return { error: `timeRange must be one of ${Object.keys(timeRanges).join(', ')}.` };
    return read(statistics, Date.now() - timeRanges[range]);
  };
}

function shown({ calls, failed, costUsd, meanDurationMs, inputTokens, outputTokens }: CallSums): object {
  return {
    call_count: calls,
    avg_response_time: Math.round(meanDurationMs),
    total_cost: costUsd,
    success_count: calls - failed,
    error_count: failed,
    input_tokens: inputTokens,
    output_tokens: outputTokens,
  };
}

function callShown(call: StoredCall): object {
  const { usage, cost, failure, attempts } = call;
  return {
    id: call.requestId,
    provider: call.provider ?? null,
    upstream: call.upstream ?? null,
    key_name: attempts.at(-1)?.credential ?? null,
    endpoint: call.path ?? null,
    model: call.model ?? null,
    status: call.status,
    response_time: Math.round(call.durationMs),
    tokens_used: usage ? totalInputTokens(usage) + (usage.outputTokens ?? 0) : 0,
    cost: cost?.usd ?? null,
    error: failure ? `${failure.kind}: ${failure.message}` : null,
    created_at: new Date(call.startedAt).toISOString(),
  };
}

function json(status: number, body: object): HttpAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: JSON.stringify(body),
  };
}
