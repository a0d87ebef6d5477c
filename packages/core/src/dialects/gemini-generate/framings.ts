import type { Framing } from '../../bytes/framing.ts';
import { jsonArray } from '../../bytes/json-array.ts';
import { sse } from '../../bytes/sse.ts';

/**
 * Server-Sent Events for clients of Gemini. @google/genai 1.30.0, which Gemini CLI 0.61 uses, looks for `data:` behind
 * white space and nothing else: a comment makes it deaf to all that follows, and the stream ends with "Incomplete JSON
 * segment". So only empty lines may keep a stream open (tried, and with 3.1.0).
 */
export const geminiSse: Framing = keptOpenBy(sse, '\n\n');

/** The array of clients that do not ask for SSE (X5); white space may stand between its elements. */
export const geminiArray: Framing = keptOpenBy(jsonArray, '\n');

function keptOpenBy(framing: Framing, idle: string): Framing {
  return {
    ...framing,
    writer(behind) {
      const writer = framing.writer(behind);
      return { ...writer, idle };
    },
  };
}
