import type { HttpRequest } from '@proxy/core';
import { apiProxy } from './api-proxy.ts';
import type { Door, Entry, Place } from './door.ts';
import { hostNames } from './host-names.ts';
import { reverseProxy } from './reverse-proxy.ts';
import { stateless } from './stateless.ts';

/** The doors of our predecessors, in the order in which they are tried. `docs/predecessors.md` says which are open. */
const doors: readonly Door[] = [hostNames, apiProxy, reverseProxy, stateless];

/** What the first door makes of a request that is at one; undefined when it is at none of them. */
export function enter(request: HttpRequest, place: Place): Entry | undefined {
  for (const door of doors) {
    const entry = door(request, place);
    if (entry) return entry;
  }
  return undefined;
}
