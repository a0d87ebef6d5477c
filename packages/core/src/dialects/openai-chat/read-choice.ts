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

/**
 * One choice as it grows. A whole message is the one delta of a choice that came at once. A class, since a dozen closures for every
 * reply outlived the young generation and were a tenth of a converted call.
 */
export class ChoiceReader {
  readonly #index: number;
  readonly #context: DecodeReplyContext;
  readonly #place: { readonly candidate?: number };
  readonly #splitter: ReturnType<typeof thinkSplitter> | undefined;
  #audio: AudioCollector | undefined;
  #out: ReplyEvent[] = [];
  #parts = 0;
  #refused = false;
  /** At most one text, refusal or reasoning part is open. */
  #open: { readonly part: number; readonly type: 'text' | 'refusal' | 'reasoning' } | undefined;
  /** Which of the members that repeat each other is believed (Z9). */
  #reasoningFrom: 'plain' | 'details' | undefined;
  #textSeal: Seal | undefined;
  #citations: Citation[] = [];
  #finish: Finish | undefined;
  readonly #logprobs: { content?: Json[]; refusal?: Json[] } = {};
  readonly #choiceExtras: Record<string, Json> = {};
  readonly #messageExtras: Record<string, Json> = {};
  /** Made for the first call, which most replies are without. */
  #calls: CallAssembler | undefined;

  constructor(index: number, context: DecodeReplyContext) {
    this.#index = index;
    this.#context = context;
    this.#place = index === 0 ? {} : { candidate: index };
    this.#splitter = context.facts.inlineThinkTags === true ? thinkSplitter() : undefined;
  }

  get finished(): boolean {
    return this.#finish !== undefined;
  }

  #takeCall(entry: JsonObject, whole: boolean): void {
    this.#calls ??= this.#assembler();
    this.#out.push(...this.#calls.take(entry, whole));
  }

  #assembler(): CallAssembler {
    const { turn } = this.#context;
    const index = this.#index;
    return callAssembler({
      nextPart: () => {
        this.#shut();
        return this.#parts++;
      },
      place: this.#place,
      synthesise: (ordinal) => (index === 0 ? `call_${turn}_${ordinal}` : `call_${turn}_${index}_${ordinal}`),
    });
  }

  take(choice: JsonObject, whole: boolean): readonly ReplyEvent[] {
    this.#out = [];
    // B7: Azure sends choices without a delta, for its filter's findings alone.
    const delta = object(whole ? choice.message : choice.delta) ?? object(choice.message) ?? object(choice.delta);
    if (delta) this.#takeDelta(delta, whole);
    this.#finish = decodeFinish(choice) ?? this.#finish;
    takeExtras(choice, this.#choiceExtras, choiceMembers);
    this.#takeLogprobs(object(choice.logprobs));
    return this.#out;
  }

  #takeDelta(delta: JsonObject, whole: boolean): void {
    if (whole) this.#takeWholeReasoning(delta);
    else this.#takeReasoning(delta);
    this.#takeContent(delta.content);
    const refusal = text(delta.refusal);
    if (refusal) this.#grow('refusal', refusal);
    for (const annotation of list(delta.annotations)) if (isObject(annotation)) this.#cite(decodeCitation(annotation));
    for (const image of list(delta.images))
      if (isObject(image) && isImage(image)) this.#emit({ ...decodeMedia({ ...image, type: 'image_url' }, '') });
    const spoken = object(delta.audio);
    if (spoken) (this.#audio ??= audioCollector(this.#context)).take(spoken);
    for (const entry of list(delta.tool_calls)) if (isObject(entry)) this.#takeCall(entry, whole);
    const legacy = object(delta.function_call);
    if (legacy && !Array.isArray(delta.tool_calls)) this.#takeCall({ index: 0, function: legacy }, whole);
    takeExtras(delta, this.#messageExtras, messageMembers);
  }

  #takeWholeReasoning(message: JsonObject): void {
    const found = decodeReasoning(message, this.#context.signer);
    for (const { text: thought, seal, redacted } of found.parts) {
      if (redacted) {
        this.#emit({ type: 'reasoning', text: thought, ...(seal && { seal }), redacted });
        continue;
      }
      this.#grow('reasoning', thought);
      this.#shut(seal);
    }
    this.#textSeal = found.textSeal;
  }

  #takeReasoning(delta: JsonObject): void {
    const plain = plainReasoning(delta);
    if (plain) this.#reasoningFrom ??= 'plain';
    if (plain && this.#reasoningFrom === 'plain') this.#grow('reasoning', plain);
    if (delta.reasoning_details === undefined) return;
    for (const detail of list(delta.reasoning_details)) {
      if (!isObject(detail)) continue;
      const thought = detailText(detail);
      if (thought !== '' && this.#reasoningFrom !== 'plain') {
        this.#reasoningFrom = 'details';
        this.#grow('reasoning', thought);
      }
      const field = detailSeal(detail);
      if (field !== undefined) this.#takeSeal(field);
    }
  }

  #takeSeal(field: string): void {
    const { seal, attachment } = readSeal(field, this.#context.signer);
    if (attachment === 'text') this.#textSeal = seal;
    else if (attachment === 'redacted') this.#emit({ type: 'reasoning', text: '', seal, redacted: true });
    else {
      if (this.#open?.type !== 'reasoning') this.#grow('reasoning', '');
      this.#shut(seal);
    }
  }

  #takeContent(content: Json | undefined): void {
    if (typeof content === 'string') {
      if (content === '') return;
      if (!this.#splitter) return this.#grow('text', content);
      for (const piece of this.#splitter.push(content)) this.#grow(piece.type, piece.text);
      return;
    }
    for (const part of list(content)) {
      if (typeof part === 'string') this.#grow('text', part);
      if (!isObject(part)) continue;
      // Mistral: content is a list where the model reasons.
      if (part.type === 'text') this.#grow('text', text(part.text) ?? '');
      else if (part.type === 'thinking') this.#grow('reasoning', reasoningText(part));
      else if (part.type === 'refusal') this.#grow('refusal', text(part.refusal) ?? '');
      else if (part.type === 'image_url' && isImage(part)) this.#emit({ ...decodeMedia(part, '') });
      else this.#emit({ type: 'native', dialect, value: part });
    }
  }

  #grow(type: 'text' | 'refusal' | 'reasoning', piece: string): void {
    if (this.#open?.type !== type) {
      if (piece === '' && type !== 'reasoning') return;
      this.#shut();
      this.#open = { part: this.#parts++, type };
      if (type === 'reasoning') this.#out.push({ type: 'reasoning-start', ...this.#place, part: this.#open.part });
      else
        this.#out.push({
          type: 'text-start',
          ...this.#place,
          part: this.#open.part,
          ...(type === 'refusal' && { refusal: true }),
        });
    }
    if (piece === '') return;
    if (type === 'refusal') this.#refused = true;
    if (type === 'reasoning')
      this.#out.push({ type: 'reasoning-delta', ...this.#place, part: this.#open.part, text: piece });
    else this.#out.push({ type: 'text-delta', ...this.#place, part: this.#open.part, text: piece });
    if (type === 'text' && this.#citations.length > 0) {
      for (const citation of this.#citations)
        this.#out.push({ type: 'citation', ...this.#place, part: this.#open.part, citation });
      this.#citations = [];
    }
  }

  /** Ends the open part. A text's seal may come last of all. */
  #shut(seal?: Seal): void {
    if (!this.#open) return;
    const { part, type } = this.#open;
    this.#open = undefined;
    if (type === 'reasoning') {
      this.#out.push({ type: 'reasoning-end', ...this.#place, part, ...(seal && { seal }) });
      return;
    }
    const owned = type === 'text' ? this.#textSeal : undefined;
    if (owned) this.#textSeal = undefined;
    this.#out.push({ type: 'text-end', ...this.#place, part, ...(owned && { seal: owned }) });
  }

  #emit(value: Part): void {
    this.#shut();
    this.#out.push({ type: 'part', ...this.#place, part: this.#parts++, value });
  }

  #cite(citation: Citation): void {
    if (this.#open?.type === 'text')
      this.#out.push({ type: 'citation', ...this.#place, part: this.#open.part, citation });
    else this.#citations.push(citation);
  }

  #takeLogprobs(found: JsonObject | undefined): void {
    if (!found) return;
    for (const key of ['content', 'refusal'] as const)
      if (Array.isArray(found[key])) (this.#logprobs[key] ??= []).push(...list(found[key]));
  }

  close(): readonly ReplyEvent[] {
    this.#out = [];
    for (const piece of this.#splitter?.end() ?? []) this.#grow(piece.type, piece.text);
    if (this.#open?.type !== 'text' && this.#textSeal) this.#emit({ type: 'text', text: '', seal: this.#textSeal });
    this.#shut();
    const speech = this.#audio?.part();
    if (speech) this.#emit(speech);
    const declared = this.#declinedFinish(this.#finish ?? { reason: 'other' });
    const cut = ['length', 'context-window', 'content-filter', 'refusal'].includes(declared.reason);
    if (this.#calls) this.#out.push(...this.#calls.close(cut));
    const extras = this.#closingExtras();
    this.#out.push({
      type: 'candidate-end',
      ...this.#place,
      finish: settleFinish(declared, this.#calls?.any() === true),
      ...(extras && { extras }),
    });
    return this.#out;
  }

  /** OpenAI says `stop` beside a refusal's text, which alone tells that the model declined. */
  #declinedFinish(said: Finish): Finish {
    return this.#refused && said.reason === 'stop' ? { ...said, reason: 'refusal' } : said;
  }

  #closingExtras(): { readonly [dialect]: JsonObject } | undefined {
    const own: Record<string, Json> = { ...this.#choiceExtras };
    if (this.#logprobs.content || this.#logprobs.refusal)
      own.logprobs = { content: this.#logprobs.content ?? null, refusal: this.#logprobs.refusal ?? null };
    if (Object.keys(this.#messageExtras).length > 0) own.message = this.#messageExtras;
    return Object.keys(own).length > 0 ? { [dialect]: own } : undefined;
  }
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
