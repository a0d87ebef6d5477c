import { createSearch } from '../bytes/search.ts';
import { envelopeMark } from '../conversation/seal.ts';
import { convert } from './convert.ts';
import { relay } from './relay.ts';
import type { Destination, Inbound, ReplySettings, Translation } from './translation.ts';
import { provenAtHome } from './unproven.ts';

/** Relay or convert? The one place that decides; nothing else in the program knows which way was taken. */
export function translate(inbound: Inbound, destination: Destination, settings: ReplySettings): Translation {
  const home = inbound.dialect === destination.dialect;
  if (home && !hasBeenAbroad(inbound, destination)) return relay(inbound, destination, settings);
  return convert(provenAtHome(inbound, home), destination, settings);
}

/** Whether the caller replays what another vendor's model said, which its own vendor would refuse as it stands (Z2). */
function hasBeenAbroad({ dialect, body }: Inbound, { facts }: Destination): boolean {
  return holds(body, envelopeMark) || (dialect.foreignTraces?.(facts) ?? []).some((trace) => holds(body, trace));
}

/** The marks are few and fixed, so their searches are made once. */
const searches = new Map<string, (bytes: Uint8Array) => boolean>();

function holds(body: Uint8Array, mark: string): boolean {
  let search = searches.get(mark);
  if (!search) searches.set(mark, (search = createSearch(mark)));
  return search(body);
}
