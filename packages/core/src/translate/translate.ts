import { longFiles } from '../bytes/lift.ts';
import { holds } from '../bytes/search.ts';
import { envelopeMark } from '../conversation/seal.ts';
import type { Dialect, ForeignTrace, TopLevel } from '../dialects/dialect.ts';
import type { ModelFacts } from '../models/model-facts.ts';
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

/** Whether the request holds what its own vendor would refuse as it stands: another vendor's reply (Z2), an odd shape. */
function hasBeenAbroad({ dialect, body, top }: Inbound, { facts }: Destination): boolean {
  const pieces = aroundFiles(body);
  const anywhere = (mark: string) => pieces.some((piece) => holds(piece, mark));
  const suspicious = (trace: ForeignTrace) =>
    typeof trace === 'string' ? anywhere(trace) : anywhere(trace.mark) && proves(trace, top);
  return anywhere(envelopeMark) || tracesOf(dialect, facts).some(suspicious);
}

/** The facts of an upstream's model are one object for all of its calls. */
const remembered = new WeakMap<ModelFacts, { readonly dialect: Dialect; readonly traces: readonly ForeignTrace[] }>();

function tracesOf(dialect: Dialect, facts: ModelFacts): readonly ForeignTrace[] {
  const known = remembered.get(facts);
  if (known?.dialect === dialect) return known.traces;
  const traces = dialect.foreignTraces?.(facts) ?? [];
  remembered.set(facts, { dialect, traces });
  return traces;
}

function proves(trace: Exclude<ForeignTrace, string>, top: TopLevel): boolean {
  try {
    return trace.proves(top);
  } catch {
    // No JSON where it was looked at: whoever reads the request will say so.
    return false;
  }
}

/** A picture of a megabyte is no place to look for marks. */
function aroundFiles(body: Uint8Array): readonly Uint8Array[] {
  const files = longFiles(body);
  if (files.length === 0) return [body];
  const starts = [0, ...files.map(({ end }) => end)];
  return starts.map((start, index) => body.subarray(start, files[index]?.start ?? body.length));
}
