import { isObject, list, object, text as textOf, type JsonObject } from '../../json.ts';
import type { StreamFollower } from '../dialect.ts';
import { followChoices } from './follow-choices.ts';

/** Chunks have nothing to close but their choices. */
export function followStream(): StreamFollower {
  return followChoices({
    says: (text, first) => ({ delta: { ...(first && { role: 'assistant' }), content: text } }),
    nothing: { delta: {} },
    spoke: ({ delta }) => Boolean(textOf(object(delta)?.content)),
    called: (choice) => callsIn(object(choice.delta)),
  });
}

function callsIn(delta: JsonObject | undefined): boolean {
  return list(delta?.tool_calls).length > 0 || isObject(delta?.function_call);
}
