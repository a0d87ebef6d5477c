import type { Frame } from '../bytes/framing.ts';
import type { ReasoningDelta, ReplyEvent, TextDelta } from '../conversation/event.ts';
import type { StreamDecoder } from '../dialects/dialect.ts';
import { tryParseJson } from '../json.ts';

/**
 * Nearly all frames of a stream are alike but for one text. When the decoder says so, the bytes around that text are
 * remembered, and a frame with the same around it need not be parsed: its text is cut out, still as JSON. It is a shortcut only:
 * every frame that differs is pushed to the decoder, and what comes out in the end is the same to the byte.
 */
export interface Repetition {
  push(frame: Frame): readonly ReplyEvent[];
  /** The text of a frame that is like the last one pushed, as JSON.stringify would write it; undefined: push the frame. */
  cut(frame: Frame): string | undefined;
  /** The delta that `cut` gives further texts of. */
  readonly delta: TextDelta | ReasoningDelta | undefined;
}

export function createRepetition(decoder: StreamDecoder): Repetition {
  let known: Known | undefined;
  return {
    push(frame) {
      const events = decoder.push(frame);
      const [delta] = events;
      known =
        events.length === 1 && (delta?.type === 'text-delta' || delta?.type === 'reasoning-delta')
          ? learn(frame, delta, decoder.repeats?.(delta) ?? [])
          : undefined;
      return events;
    },
    cut({ event, data, exception }) {
      return known && event === known.event && !exception ? jsonWithin(data, known) : undefined;
    },
    get delta() {
      return known?.delta;
    },
  };
}

interface Known {
  readonly event: string | undefined;
  readonly delta: TextDelta | ReasoningDelta;
  /** Up to the text's opening quote, that left out. */
  readonly before: string;
  /** Behind the text's closing quote; where a padding follows, up to the padding's opening quote. */
  readonly after: string;
  readonly padded: boolean;
}

/** OpenAI and Bedrock pad their chunks with noise of varying length, against eavesdroppers who watch their sizes. */
const paddings = ['"obfuscation":"', '"p":"'];

function learn(
  { data, event }: Frame,
  delta: TextDelta | ReasoningDelta,
  members: readonly string[],
): Known | undefined {
  for (const member of members) {
    const key = `"${member}":`;
    const from = openingQuote(data, key);
    const to = from < 0 ? -1 : closingQuote(data, from);
    // A member that is there once, and holds the very text, leaves no doubt what was learnt.
    if (to < 0 || tryParseJson(data.slice(from, to + 1)) !== delta.text || data.indexOf(key, to) >= 0) continue;
    const rest = data.slice(to + 1);
    const padding = paddings.find((name) => rest.includes(name));
    const after = padding === undefined ? rest : rest.slice(0, rest.indexOf(padding) + padding.length);
    if (padding !== undefined && !isPadding(rest, after.length)) continue;
    return { event, delta, before: data.slice(0, from), after, padded: padding !== undefined };
  }
  return undefined;
}

/** Where the string begins that is the member's value; Python servers put a blank behind the colon. */
function openingQuote(data: string, key: string): number {
  const at = data.indexOf(key);
  if (at < 0) return -1;
  const value = at + key.length;
  const quote = data[value] === ' ' ? value + 1 : value;
  return data[quote] === '"' ? quote : -1;
}

/** The text of a frame that is as known, with its quotes; undefined when it is not. */
function jsonWithin(data: string, { before, after, padded }: Known): string | undefined {
  const from = before.length;
  // slice and compare: startsWith was measured at five times the cost.
  if (data.slice(0, from) !== before || data.charCodeAt(from) !== quote) return undefined;
  const to = closingQuote(data, from);
  // An empty text is often no delta at all: the decoder decides.
  if (to <= from + 1) return undefined;
  const end = to + 1 + after.length;
  if (data.slice(to + 1, end) !== after) return undefined;
  if (padded ? !isPadding(data, end) : data.length !== end) return undefined;
  const json = data.slice(from, to + 1);
  return unwritable.test(json) ? undefined : json;
}

/** What no JSON string holds as it is: the decoder will say so. */
// oxlint-disable-next-line no-control-regex -- these are what is looked for
const unwritable = /[\0-\x1f]/;

/** Where the string that opens at `from` closes; -1 when it does not, or is not written as JSON.stringify would. */
function closingQuote(data: string, from: number): number {
  const first = data.indexOf('"', from + 1);
  const escape = data.indexOf('\\', from + 1);
  if (escape < 0 || escape > first) return first;
  // There are escapes: from the first of them on each is looked at.
  for (let at = escape; at < data.length; at++) {
    const code = data.charCodeAt(at);
    if (code === quote) return at;
    if (code !== backslash) continue;
    at++;
    if (!shortEscapes.has(data.charCodeAt(at))) return -1;
  }
  return -1;
}

const quote = 0x22;
const backslash = 0x5c;
/** What JSON.stringify writes behind a backslash, but for `u`. */
const shortEscapes: ReadonlySet<number> = new Set([...'"\\bfnrt'].map((letter) => letter.charCodeAt(0)));

/** From `from` on there is nothing but plain characters, the closing quote and the object's end. */
function isPadding(data: string, from: number): boolean {
  const quote = data.indexOf('"', from);
  return quote === data.length - 2 && data.endsWith('}') && data.indexOf('\\', from) < 0;
}
