import { Failure } from '../conversation/failure.ts';
import { isObject, tryParseJson, type JsonObject } from '../json.ts';

/** An upstream's whole reply as JSON. @throws Failure `bad-upstream` when it is not an object. */
export function parseReply(body: Uint8Array): JsonObject {
  const value = tryParseJson(decoder.decode(body));
  if (isObject(value)) return value;
  throw new Failure('bad-upstream', 'The upstream answered with something that is not a JSON object.');
}

const decoder = new TextDecoder();
