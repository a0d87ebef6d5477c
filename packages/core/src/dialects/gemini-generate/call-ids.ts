import type { CallIds } from './decode-parts.ts';

/**
 * Ids for one request. Gemini before 3 has none, so they are made of where the call stands, which stays the same in every
 * later request of the conversation and never meets an id of another turn (T6). A result without one answers the oldest
 * unanswered call of its name.
 */
export function requestCallIds(given: ReadonlySet<string>): CallIds {
  const open: { readonly id: string; readonly name: string }[] = [];
  const names = new Map<string, string>();

  function answer(match: (call: { readonly id: string; readonly name: string }) => boolean): string | undefined {
    const at = open.findIndex(match);
    return at < 0 ? undefined : open.splice(at, 1)[0]?.id;
  }

  return {
    call(id, name, content, part) {
      const settled = id || unlike(given, synthesisedId(content, part));
      open.push({ id: settled, name });
      names.set(settled, name);
      return settled;
    },
    result(id, name) {
      const known = id ? names.get(id) : undefined;
      if (id && known !== undefined) {
        answer((call) => call.id === id);
        return { callId: id, name: name || known };
      }
      const callId = (name && answer((call) => call.name === name)) || id || '';
      return { callId, ...(name && { name }) };
    },
  };
}

function unlike(given: ReadonlySet<string>, id: string): string {
  let settled = id;
  while (given.has(settled)) settled += '_';
  return settled;
}

/** The id of a call that came without one: the turn, the part within it, and the candidate unless it is the first. */
export function synthesisedId(turn: number, part: number, candidate = 0): string {
  return candidate === 0 ? `call_${turn}_${part}` : `call_${turn}_${part}_${candidate}`;
}
