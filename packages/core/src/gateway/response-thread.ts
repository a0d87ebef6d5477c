import { Failure } from '../conversation/failure.ts';
import { isArray, text, type Json, type JsonObject } from '../json.ts';

/** What one connection knows of its last response: the items that led to it, and its own. */
interface Thread {
  /** The request to send for a `response.create`, or, where nothing is to be generated, the events that answer it. */
  ask(event: JsonObject): Asked | { readonly events: readonly JsonObject[] };
  /** A response that came of these items. */
  keep(items: readonly Json[], response: JsonObject): void;
}

interface Asked {
  readonly body: JsonObject;
  readonly items: readonly Json[];
}

/** Keeps one response, the last: Codex sends only what is new, and goes on from nothing else. */
export function createThread(newId: (prefix: string) => string): Thread {
  let last: { readonly id: string; readonly items: readonly Json[] } | undefined;

  /** The items before those of this request; undefined where the upstream itself has to know. */
  function earlier(previous: string | undefined, store: Json | undefined): readonly Json[] | undefined {
    if (previous === undefined) return [];
    if (last?.id === previous) return last.items;
    if (store !== false) return undefined;
    // Codex sends everything again when it hears this.
    throw new Failure('bad-request', `Previous response with id '${previous}' not found.`, {
      code: 'previous_response_not_found',
      field: 'previous_response_id',
    });
  }

  return {
    ask(event) {
      const { type: _type, generate, stream_id: _stream, previous_response_id: given, ...rest } = event;
      const previous = text(given);
      const before = earlier(previous, rest.store);
      const items = [...(before ?? []), ...itemsOf(rest.input)];
      if (generate === false) {
        const id = newId('resp_');
        last = { id, items };
        return { events: warmed(id, rest) };
      }
      const reference = before === undefined && previous !== undefined ? { previous_response_id: previous } : {};
      return { body: { ...rest, ...reference, input: items, stream: true }, items };
    },
    keep(items, { id, output }) {
      const known = text(id);
      if (known !== undefined) last = { id: known, items: [...items, ...(isArray(output) ? output : [])] };
    },
  };
}

function itemsOf(input: Json | undefined): readonly Json[] {
  if (input === undefined || input === null) return [];
  if (typeof input === 'string') return [{ role: 'user', content: input }];
  if (isArray(input)) return input;
  throw new Failure('bad-request', '"input" must be a text or a list of items.', { field: 'input' });
}

/** A prewarm asks for nothing but an id to go on from. */
function warmed(id: string, { model = null }: JsonObject): readonly JsonObject[] {
  const usage = {
    input_tokens: 0,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: 0,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 0,
  };
  const response = { id, object: 'response', model, output: [], error: null };
  return [
    { type: 'response.created', sequence_number: 0, response: { ...response, status: 'in_progress', usage: null } },
    { type: 'response.completed', sequence_number: 1, response: { ...response, status: 'completed', usage } },
  ];
}
