import type { Extras } from '../../conversation/message.ts';
import type { JsonObject } from '../../json.ts';
import { dialect } from './vocabulary.ts';

/** What this dialect's decoder could not place, to be written back as it was; `@` members are its own bookkeeping. */
export function ownExtras(extras: Extras | undefined): JsonObject {
  const own = extras?.[dialect];
  if (!own) return {};
  return Object.fromEntries(Object.entries(own).filter(([name]) => !name.startsWith('@')));
}
