import type { Frame, ReplyFraming } from '../bytes/framing.ts';
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
  /** The same of a frame that begins at `from`, in its wrapping. */
  cutAt(text: string, from: number): string | undefined;
  /** Where the frame ends that was cut last. */
  readonly end: number;
  /** The delta that `cut` gives further texts of. */
  readonly delta: TextDelta | ReasoningDelta | undefined;
}

/** `wrapping`: what frames stand in, where they are to be cut out of a text. */
export function createRepetition(decoder: StreamDecoder, wrapping?: ReplyFraming['wrapping']): Repetition {
  let known: Known | undefined;
  let wrapped: Surroundings | undefined;
  let end = 0;

  function cutFrom(text: string, from: number, around: Surroundings): string | undefined {
    const start = from + around.before.length;
    // slice and compare: startsWith was measured at five times the cost.
    if (text.slice(from, start) !== around.before) return undefined;
    plainString.lastIndex = start;
    if (!plainString.test(text)) return undefined;
    const to = plainString.lastIndex;
    // An empty text is often no delta at all: the decoder decides.
    if (to === start + 2) return undefined;
    end = to + around.after.length;
    if (text.slice(to, end) !== around.after) return undefined;
    if (around.padded) {
      padding.lastIndex = end;
      if (!padding.test(text)) return undefined;
      end = padding.lastIndex + around.close.length;
      if (text.slice(padding.lastIndex, end) !== around.close) return undefined;
    }
    return text.slice(start, to);
  }

  return {
    push(frame) {
      const events = decoder.push(frame);
      const [delta] = events;
      known =
        events.length === 1 && (delta?.type === 'text-delta' || delta?.type === 'reasoning-delta')
          ? learn(frame, delta, decoder.repeats?.(delta) ?? [])
          : undefined;
      wrapped = known && wrapping && wrappedIn(known, wrapping);
      return events;
    },
    cut({ event, data, exception }) {
      if (!known || event !== known.event || exception) return undefined;
      const json = cutFrom(data, 0, known.around);
      return end === data.length ? json : undefined;
    },
    cutAt: (text, from) => wrapped && cutFrom(text, from, wrapped),
    get end() {
      return end;
    },
    get delta() {
      return known?.delta;
    },
  };
}

interface Known {
  readonly event: string | undefined;
  readonly delta: TextDelta | ReasoningDelta;
  readonly around: Surroundings;
}

interface Surroundings {
  /** Up to the text's opening quote, that left out. */
  readonly before: string;
  /** Behind the text's closing quote; where a padding follows, up to the padding's opening quote, that included. */
  readonly after: string;
  readonly padded: boolean;
  /** Behind a padding. */
  readonly close: string;
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
    const to = from < 0 ? -1 : behindString(data, from);
    // A member that is there once, and holds the very text, leaves no doubt what was learnt.
    if (to < 0 || tryParseJson(data.slice(from, to)) !== delta.text || data.indexOf(key, to) >= 0) continue;
    const around = surroundings(data.slice(0, from), data.slice(to));
    if (around) return { event, delta, around };
  }
  return undefined;
}

function surroundings(before: string, rest: string): Surroundings | undefined {
  const name = paddings.find((one) => rest.includes(one));
  if (name === undefined) return { before, after: rest, padded: false, close: '' };
  const after = rest.slice(0, rest.indexOf(name) + name.length);
  padding.lastIndex = after.length;
  if (!padding.test(rest)) return undefined;
  const close = rest.slice(padding.lastIndex);
  return close === '"}' ? { before, after, padded: true, close } : undefined;
}

function wrappedIn({ event, around }: Known, wrapping: NonNullable<ReplyFraming['wrapping']>): Surroundings {
  const [head, tail] = wrapping(event);
  const before = head + around.before;
  return around.padded
    ? { ...around, before, close: around.close + tail }
    : { ...around, before, after: around.after + tail };
}

/** Where the string begins that is the member's value; Python servers put a blank behind the colon. */
function openingQuote(data: string, key: string): number {
  const at = data.indexOf(key);
  if (at < 0) return -1;
  const value = at + key.length;
  const quote = data[value] === ' ' ? value + 1 : value;
  return data[quote] === '"' ? quote : -1;
}

/** -1 when there is none, or none as JSON.stringify would write it. */
function behindString(data: string, from: number): number {
  plainString.lastIndex = from;
  return plainString.test(data) ? plainString.lastIndex : -1;
}

/**
 * As JSON.stringify writes most strings; of escapes by number it writes but a few, which are left to the decoder. So are strings of many
 * escapes, each of which takes of the engine's stack.
 */
// oxlint-disable-next-line no-control-regex -- what no JSON string holds as it is
const plainString = /"[^"\\\0-\x1f]*(?:\\["\\bfnrt][^"\\\0-\x1f]*){0,5000}"/y;
// oxlint-disable-next-line no-control-regex -- the same
const padding = /[^"\\\0-\x1f]*/y;
