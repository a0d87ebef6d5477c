import { LRUCache } from 'lru-cache';

/** Targets of a route, and pairs of a key and a model, are told apart by model, and callers invent names of models. */
const maxRemembered = 10_000;

/** What is remembered of candidates by their ids: of the latest, so that no caller makes it grow without end. */
export function ofTheLatest<Value extends NonNullable<unknown>>(): LRUCache<string, Value> {
  return new LRUCache({ max: maxRemembered });
}
