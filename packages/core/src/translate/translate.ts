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
  const text = new TextDecoder('latin1').decode(body);
  return text.includes(envelopeMark) || (dialect.foreignTraces?.(facts) ?? []).some((trace) => text.includes(trace));
}
