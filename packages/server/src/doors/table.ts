import type { HttpRequest } from '@proxy/core';
import type { DoorName } from '../config/doors.ts';
import { apiProxy } from './api-proxy.ts';
import { led, type Door, type Entry, type Place } from './door.ts';
import { hostNames } from './host-names.ts';
import { reverseProxy } from './reverse-proxy.ts';
import { stateless } from './stateless.ts';

/** The doors of our predecessors, in the order in which they are tried. `docs/predecessors.md` says which are open. */
const doors = Object.entries({
  hosts: hostNames,
  api: apiProxy,
  services: reverseProxy,
  addresses: stateless,
} satisfies Record<DoorName, Door>);

/** What the first door makes of a request that is at one; undefined when it is at none of them. */
export function enter(request: HttpRequest, place: Place): Entry | undefined {
  for (const [name, door] of doors) {
    const entry = door(request, place);
    if (entry) return 'answer' in entry ? entry : { ...entry, request: marked(entry.request, name) };
  }
  return undefined;
}

/** So that policies may concern this door alone. */
function marked(request: HttpRequest, door: string): HttpRequest {
  return led(request, { url: request.url, direction: { ...request.direction, door } });
}
