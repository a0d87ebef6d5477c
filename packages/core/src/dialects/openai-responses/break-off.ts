import type { Frame } from '../../bytes/framing.ts';
import type { Failure } from '../../conversation/failure.ts';
import { number, object, tryParseJson } from '../../json.ts';
import { responseError } from './errors.ts';

/**
 * The running response fails: under its own id, and its numbers go on (R3). A second one amid its events is refused by OpenAI's SDK
 * ("identity changed"). What it had put out has been told by its items.
 */
export function breakOff(failure: Failure, frames: readonly Frame[]): readonly Frame[] | undefined {
  const events = frames.toReversed().map(({ data }) => object(tryParseJson(data)));
  const response = events.map((event) => object(event?.response)).find((found) => found !== undefined);
  if (!response) return undefined;
  const sequence = events.map((event) => number(event?.sequence_number)).find((found) => found !== undefined);
  const type = 'response.failed';
  const failed = { ...response, status: 'failed', error: responseError(failure), incomplete_details: null };
  const members = { ...(sequence !== undefined && { sequence_number: sequence + 1 }), response: failed };
  return [{ event: type, data: JSON.stringify({ type, ...members }) }];
}
