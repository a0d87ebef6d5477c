import type { Frame } from '../bytes/framing.ts';
import type { ReasoningDelta, ReplyEvent, TextDelta } from '../conversation/event.ts';
import type { StreamDecoder } from '../dialects/dialect.ts';
import { tryParseJson } from '../json.ts';

/**
 * Nearly all frames of a stream are alike but for one text. When the decoder says so, the bytes around that text are
 * remembered, and a frame with the same around it is not parsed: its text is cut out. It is a shortcut only: every frame that
 * differs is pushed to the decoder, with the same events in the end (about a fifth of the cost
 * of parsing; `pnpm bench`).
 */
interface Repetition {
  push(frame: Frame): readonly ReplyEvent[];
}

export function createRepetition(decoder: StreamDecoder): Repetition {
  if (!decoder.repeats) return decoder;
  let known: Known | undefined;
  return {
    push(frame) {
      if (known && frame.event === known.event && !frame.exception) {
        const text = textWithin(frame.data, known);
        if (text !== undefined) return [{ ...known.delta, text }];
      }
      const events = decoder.push(frame);
      const [delta] = events;
      known =
        events.length === 1 && (delta?.type === 'text-delta' || delta?.type === 'reasoning-delta')
          ? learn(frame, delta, decoder.repeats?.(delta) ?? [])
          : undefined;
      return events;
    },
  };
}

interface Known {
  readonly event: string | undefined;
  readonly delta: TextDelta | ReasoningDelta;
  /** Up to the text's opening quote, that included. */
  readonly before: string;
  /** From the text's closing quote on; where a padding follows, up to the padding's opening quote. */
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
    const from = openingQuote(data, key) + 1;
    const to = from === 0 ? -1 : closingQuote(data, from);
    // A member that is there once, and holds the very text, leaves no doubt what was learnt.
    if (to < 0 || unescaped(data.slice(from, to)) !== delta.text || data.indexOf(key, to) >= 0) continue;
    const rest = data.slice(to);
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

/** The text of a frame that is as known; undefined when it is not. */
function textWithin(data: string, { before, after, padded }: Known): string | undefined {
  const from = before.length;
  // slice and compare: startsWith was measured at five times the cost.
  if (data.slice(0, from) !== before) return undefined;
  const to = closingQuote(data, from);
  // An empty text is often no delta at all: the decoder decides.
  if (to <= from) return undefined;
  const end = to + after.length;
  if (data.slice(to, end) !== after) return undefined;
  return (padded ? isPadding(data, end) : data.length === end) ? unescaped(data.slice(from, to)) : undefined;
}

/** The quote that closes the string whose content begins at `from`; -1 when none does. */
function closingQuote(data: string, from: number): number {
  for (let quote = data.indexOf('"', from); quote >= 0; quote = data.indexOf('"', quote + 1)) {
    let run = quote;
    while (run > from && data.charCodeAt(run - 1) === backslash) run -= 1;
    // An even number of backslashes escape each other and leave the quote alone.
    if ((quote - run) % 2 === 0) return quote;
  }
  return -1;
}

const backslash = 0x5c;

function unescaped(written: string): string | undefined {
  if (!written.includes('\\')) return written;
  const text = tryParseJson(`"${written}"`);
  return typeof text === 'string' ? text : undefined;
}

/** From `from` on there is nothing but plain characters, the closing quote and the object's end. */
function isPadding(data: string, from: number): boolean {
  const quote = data.indexOf('"', from);
  return quote === data.length - 2 && data.endsWith('}') && data.indexOf('\\', from) < 0;
}
