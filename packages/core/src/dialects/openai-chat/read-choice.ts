import type { ReplyEvent } from '../../conversation/event.ts';
import type { Citation, Part, Seal } from '../../conversation/message.ts';
import { settleFinish, type Finish } from '../../conversation/reply.ts';
import { readSeal } from '../../conversation/seal.ts';
import { isObject, list, object, text, type Json, type JsonObject } from '../../json.ts';
import type { DecodeReplyContext } from '../dialect.ts';
import { audioCollector, type AudioCollector } from './audio.ts';
import { callAssembler, type CallAssembler } from './call-assembler.ts';
import { decodeMedia, reasoningText } from './content.ts';
import { decodeFinish } from './finish.ts';
import { decodeReasoning, detailSeal, detailText, plainReasoning } from './reasoning.ts';
import { thinkSplitter } from './think-tags.ts';
import { name as dialect } from './vocabulary.ts';

/** One choice as it grows. A whole message is the one delta of a choice that came at once. */
export interface ChoiceReader {
  take(choice: JsonObject, whole: boolean): readonly ReplyEvent[];
  readonly finished: boolean;
  close(): readonly ReplyEvent[];
}

export function choiceReader(index: number, context: DecodeReplyContext): ChoiceReader {
  const { facts, signer, turn } = context;
  const place = index === 0 ? {} : { candidate: index };
  const splitter = facts.inlineThinkTags === true ? thinkSplitter() : undefined;
  let audio: AudioCollector | undefined;
  let out: ReplyEvent[] = [];
  let parts = 0;
  let refused = false;
  /** At most one text, refusal or reasoning part is open. */
  let open: { readonly part: number; readonly type: 'text' | 'refusal' | 'reasoning' } | undefined;
  /** Which of the members that repeat each other is believed (Z9). */
  let reasoningFrom: 'plain' | 'details' | undefined;
  let textSeal: Seal | undefined;
  let citations: Citation[] = [];
  let finish: Finish | undefined;
  const logprobs: { content?: Json[]; refusal?: Json[] } = {};
  const choiceExtras: Record<string, Json> = {};
  const messageExtras: Record<string, Json> = {};
  const nextPart = () => parts++;
  /** Made for the first call, which most replies are without. */
  let calls: CallAssembler | undefined;

  function takeCall(entry: JsonObject, whole: boolean): void {
    calls ??= callAssembler({
      nextPart() {
        shut();
        return nextPart();
      },
      place,
      synthesise: (ordinal) => (index === 0 ? `call_${turn}_${ordinal}` : `call_${turn}_${index}_${ordinal}`),
    });
    out.push(...calls.take(entry, whole));
  }

  function take(choice: JsonObject, whole: boolean): readonly ReplyEvent[] {
    out = [];
    // B7: Azure sends choices without a delta, for its filter's findings alone.
    const delta = object(whole ? choice.message : choice.delta) ?? object(choice.message) ?? object(choice.delta);
    if (delta) takeDelta(delta, whole);
    finish = decodeFinish(choice) ?? finish;
    takeExtras(choice, choiceExtras, choiceMembers);
    takeLogprobs(object(choice.logprobs));
    return out;
  }

  function takeDelta(delta: JsonObject, whole: boolean): void {
    if (whole) takeWholeReasoning(delta);
    else takeReasoning(delta);
    takeContent(delta.content);
    const refusal = text(delta.refusal);
    if (refusal) grow('refusal', refusal);
    for (const annotation of list(delta.annotations)) if (isObject(annotation)) cite(decodeCitation(annotation));
    for (const image of list(delta.images))
      if (isObject(image) && isImage(image)) emit({ ...decodeMedia({ ...image, type: 'image_url' }, '') });
    const spoken = object(delta.audio);
    if (spoken) (audio ??= audioCollector(context)).take(spoken);
    for (const entry of list(delta.tool_calls)) if (isObject(entry)) takeCall(entry, whole);
    const legacy = object(delta.function_call);
    if (legacy && !Array.isArray(delta.tool_calls)) takeCall({ index: 0, function: legacy }, whole);
    takeExtras(delta, messageExtras, messageMembers);
  }

  function takeWholeReasoning(message: JsonObject): void {
    const found = decodeReasoning(message, signer);
    for (const { text: thought, seal, redacted } of found.parts) {
      if (redacted) {
        emit({ type: 'reasoning', text: thought, ...(seal && { seal }), redacted });
        continue;
      }
      grow('reasoning', thought);
      shut(seal);
    }
    textSeal = found.textSeal;
  }

  function takeReasoning(delta: JsonObject): void {
    const plain = plainReasoning(delta);
    if (plain) reasoningFrom ??= 'plain';
    if (plain && reasoningFrom === 'plain') grow('reasoning', plain);
    if (delta.reasoning_details === undefined) return;
    for (const detail of list(delta.reasoning_details)) {
      if (!isObject(detail)) continue;
      const thought = detailText(detail);
      if (thought !== '' && reasoningFrom !== 'plain') {
        reasoningFrom = 'details';
        grow('reasoning', thought);
      }
      const field = detailSeal(detail);
      if (field !== undefined) takeSeal(field);
    }
  }

  function takeSeal(field: string): void {
    const { seal, attachment } = readSeal(field, signer);
    if (attachment === 'text') textSeal = seal;
    else if (attachment === 'redacted') emit({ type: 'reasoning', text: '', seal, redacted: true });
    else {
      if (open?.type !== 'reasoning') grow('reasoning', '');
      shut(seal);
    }
  }

  function takeContent(content: Json | undefined): void {
    if (typeof content === 'string') {
      if (content === '') return;
      if (!splitter) return grow('text', content);
      for (const piece of splitter.push(content)) grow(piece.type, piece.text);
      return;
    }
    for (const part of list(content)) {
      if (typeof part === 'string') grow('text', part);
      if (!isObject(part)) continue;
      // Mistral: content is a list where the model reasons.
      if (part.type === 'text') grow('text', text(part.text) ?? '');
      else if (part.type === 'thinking') grow('reasoning', reasoningText(part));
      else if (part.type === 'refusal') grow('refusal', text(part.refusal) ?? '');
      else if (part.type === 'image_url' && isImage(part)) emit({ ...decodeMedia(part, '') });
      else emit({ type: 'native', dialect, value: part });
    }
  }

  function grow(type: 'text' | 'refusal' | 'reasoning', piece: string): void {
    if (open?.type !== type) {
      if (piece === '' && type !== 'reasoning') return;
      shut();
      open = { part: nextPart(), type };
      if (type === 'reasoning') out.push({ type: 'reasoning-start', ...place, part: open.part });
      else out.push({ type: 'text-start', ...place, part: open.part, ...(type === 'refusal' && { refusal: true }) });
    }
    if (piece === '') return;
    if (type === 'refusal') refused = true;
    if (type === 'reasoning') out.push({ type: 'reasoning-delta', ...place, part: open.part, text: piece });
    else out.push({ type: 'text-delta', ...place, part: open.part, text: piece });
    if (type === 'text' && citations.length > 0) {
      for (const citation of citations) out.push({ type: 'citation', ...place, part: open.part, citation });
      citations = [];
    }
  }

  /** Ends the open part. A text's seal may come last of all. */
  function shut(seal?: Seal): void {
    if (!open) return;
    const { part, type } = open;
    open = undefined;
    if (type === 'reasoning') {
      out.push({ type: 'reasoning-end', ...place, part, ...(seal && { seal }) });
      return;
    }
    const owned = type === 'text' ? textSeal : undefined;
    if (owned) textSeal = undefined;
    out.push({ type: 'text-end', ...place, part, ...(owned && { seal: owned }) });
  }

  function emit(value: Part): void {
    shut();
    out.push({ type: 'part', ...place, part: nextPart(), value });
  }

  function cite(citation: Citation): void {
    if (open?.type === 'text') out.push({ type: 'citation', ...place, part: open.part, citation });
    else citations.push(citation);
  }

  function takeLogprobs(found: JsonObject | undefined): void {
    if (!found) return;
    for (const key of ['content', 'refusal'] as const)
      if (Array.isArray(found[key])) (logprobs[key] ??= []).push(...list(found[key]));
  }

  function close(): readonly ReplyEvent[] {
    out = [];
    for (const piece of splitter?.end() ?? []) grow(piece.type, piece.text);
    if (open?.type !== 'text' && textSeal) emit({ type: 'text', text: '', seal: textSeal });
    shut();
    const speech = audio?.part();
    if (speech) emit(speech);
    const declared = declinedFinish(finish ?? { reason: 'other' });
    const cut = ['length', 'context-window', 'content-filter', 'refusal'].includes(declared.reason);
    if (calls) out.push(...calls.close(cut));
    const extras = closingExtras();
    out.push({
      type: 'candidate-end',
      ...place,
      finish: settleFinish(declared, calls?.any() === true),
      ...(extras && { extras }),
    });
    return out;
  }

  /** OpenAI says `stop` beside a refusal's text, which alone tells that the model declined. */
  function declinedFinish(said: Finish): Finish {
    return refused && said.reason === 'stop' ? { ...said, reason: 'refusal' } : said;
  }

  function closingExtras(): { readonly [dialect]: JsonObject } | undefined {
    const own: Record<string, Json> = { ...choiceExtras };
    if (logprobs.content || logprobs.refusal)
      own.logprobs = { content: logprobs.content ?? null, refusal: logprobs.refusal ?? null };
    if (Object.keys(messageExtras).length > 0) own.message = messageExtras;
    return Object.keys(own).length > 0 ? { [dialect]: own } : undefined;
  }

  return {
    take,
    get finished() {
      return finish !== undefined;
    },
    close,
  };
}

/** W2. What OpenAI's types do not know (OpenRouter's `content`) is the quoted text. */
function decodeCitation(annotation: JsonObject): Citation {
  const found = object(annotation.url_citation);
  const url = text(found?.url);
  if (annotation.type !== 'url_citation' || !found || url === undefined)
    return { type: 'native', dialect, value: annotation };
  const title = text(found.title);
  const quote = text(found.content);
  const { start_index: start, end_index: end } = found;
  return {
    type: 'url',
    url,
    ...(title !== undefined && { title }),
    ...(typeof start === 'number' && { start }),
    ...(typeof end === 'number' && { end }),
    ...(quote !== undefined && { quote }),
  };
}

function isImage(part: JsonObject): boolean {
  return Boolean(text(part.image_url) || text(object(part.image_url)?.url));
}

const choiceMembers = new Set(
  'index message delta finish_reason native_finish_reason logprobs usage content_filter_offsets'.split(' '),
);
const messageMembers = new Set(
  'role content refusal reasoning_content reasoning reasoning_details annotations images audio tool_calls function_call'.split(
    ' ',
  ),
);

/** Members nobody translates stay with the candidate; in a stream the last word counts. */
function takeExtras(from: JsonObject, into: Record<string, Json>, known: ReadonlySet<string>): void {
  for (const key in from) {
    const value = from[key];
    if (!known.has(key) && value !== undefined && value !== null) into[key] = value;
  }
}
