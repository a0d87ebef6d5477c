import type { HttpRequest } from '@proxy/core';
import type { PageAnswer } from '../guards/page.ts';
import { refusalAnswer } from './answers.ts';
import { createAttempts } from './attempts.ts';
import { dispatch, isKnown } from './dispatch.ts';
import { operations } from './operations.ts';
import type { AdminPlace } from './place.ts';
import { Refusal } from './refusal.ts';
import { createRouter } from './router.ts';
import { createTail, type Tail } from './tail.ts';

export interface Admin {
  /** Undefined: the request is not for the admin API, nor for one that a predecessor had. */
  answer(request: HttpRequest): (() => Promise<PageAnswer>) | undefined;
  /** Hears of every call. */
  readonly tail: Tail;
  close(): void;
}

/** The admin API over a server. */
export function createAdmin(server: Omit<AdminPlace, 'attempts' | 'tail' | 'startedAt'>): Admin {
  const router = createRouter(operations);
  const tail = createTail();
  server.storage.changes.listen((topic) => {
    if (topic === 'callers') tail.recheck();
  });
  const place: AdminPlace = { ...server, tail, attempts: createAttempts(), startedAt: Date.now() };

  function answer(request: HttpRequest): (() => Promise<PageAnswer>) | undefined {
    const { url } = request;
    if (!prefixes.some((prefix) => url.startsWith(prefix))) return undefined;
    const path = url.split('?')[0] ?? '';
    const match = router.find(request.method, path);
    if (match && match.operation.open?.(place) !== false)
      return () => dispatch(match.operation, match.members, request, place);
    const methods = match ? [] : router.methodsAt(path);
    if (methods.length === 0 && !path.startsWith('/admin/')) return undefined;
    return async () => ({
      ...refusalAnswer(undefined, nothingAt(request.method, methods)),
      ...((await isKnown(request, place)) && { known: true }),
    });
  }

  return { answer, tail, close: () => tail.close() };
}

/** A cheap look for the many requests that are for models. */
const prefixes = ['/admin/', '/api/keys', '/user/'];

function nothingAt(method: string, methods: readonly string[]): Refusal {
  if (methods.length === 0) return new Refusal('not-found', 'Nothing is served at this path.');
  const allow = [...new Set(methods)].join(', ');
  return new Refusal('method-not-allowed', `Not ${method}, but ${allow}.`, { headers: { allow } });
}
