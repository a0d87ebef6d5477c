import { convert } from './convert.ts';
import { relay } from './relay.ts';
import type { Destination, Inbound, ReplySettings, Translation } from './translation.ts';

/** Relay or convert? The one place that decides; nothing else in the program knows which way was taken. */
export function translate(inbound: Inbound, destination: Destination, settings: ReplySettings): Translation {
  return inbound.dialect === destination.dialect
    ? relay(inbound, destination, settings)
    : convert(inbound, destination, settings);
}
