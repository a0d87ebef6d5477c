import type { ReplyEvent } from '../../conversation/event.ts';
import type { Part } from '../../conversation/message.ts';
import { list, number, text, type Json, type JsonObject } from '../../json.ts';
import { decodeAnnotation } from './citations.ts';
import {
  argumentsOf,
  idOfCall,
  decodeCall,
  decodeItem,
  decodeReplyContent,
  messageExtras,
  type ItemContext,
} from './decode-item.ts';
import { decodeReasoning, reasoningText } from './decode-item.ts';
import { dialectName, ownExtras } from './vocabulary.ts';

/** Reads one output item as it grows. Whatever deltas left out is taken from the done events, never twice (D5). */
export interface ItemReader {
  added(item: JsonObject): void;
  grow(type: string, event: JsonObject): void;
  /** `item` is the full item, or empty when nobody sent it. */
  done(item: JsonObject): void;
  /** The stream ended inside the item. */
  cut(): void;
  closed(): boolean;
  type(): string | undefined;
}

interface ItemSurroundings {
  readonly context: ItemContext;
  emit(event: ReplyEvent): void;
  nextPart(): number;
  /** What the reply held: decides its finish. */
  readonly seen: { calls: boolean; refusal: boolean };
}

export function createItemReader(around: ItemSurroundings): ItemReader {
  return new Reader(around);
}

type CallKind = 'function_call' | 'custom_tool_call';

/** A content part of a message. */
interface OpenText {
  readonly part: number;
  readonly refusal: boolean;
  text: string;
  citations: number;
  ended: boolean;
}

class Reader implements ItemReader {
  private readonly around: ItemSurroundings;
  private item: JsonObject = {};
  private kind: string | undefined;
  private over = false;
  /** message: by content index. */
  private readonly texts = new Map<number, OpenText>();
  /** reasoning and calls: their part, once it is open. */
  private part: number | undefined;
  /** reasoning and calls: what has been emitted. */
  private written = '';
  /** calls: arguments that came before the name. */
  private waiting = '';
  /** reasoning: the section the last delta belonged to, and what was told of each. */
  private section: string | undefined;
  private readonly sections = new Map<string, string>();

  constructor(around: ItemSurroundings) {
    this.around = around;
  }

  added(item: JsonObject): void {
    if (this.over) return;
    this.item = { ...this.item, ...item };
    this.kind ??= text(item.type);
    if (this.kind === 'reasoning') this.openReasoning();
    else if (this.kind === 'function_call' || this.kind === 'custom_tool_call') {
      this.openCall(this.kind);
      const initial = text(this.kind === 'custom_tool_call' ? item.input : item.arguments);
      if (initial) this.callSuffix(this.kind, initial);
    } else if (this.kind === 'message') {
      list(item.content).forEach((part, index) => this.textDone(index, part, false));
    }
  }

  grow(type: string, event: JsonObject): void {
    const family = familyOf(type);
    if (this.over || !family) return;
    // An item is of one kind; events of another kind that claim to be its own are not believed.
    this.kind ??= family;
    if (this.kind !== family) return;
    if (family === 'message') this.growMessage(type, event);
    else if (family === 'reasoning') this.growReasoning(type, event);
    else if (type.endsWith('.delta')) this.callDelta(family, text(event.delta) ?? '');
    else this.callSuffix(family, text(family === 'custom_tool_call' ? event.input : event.arguments) ?? '');
  }

  private growMessage(type: string, event: JsonObject): void {
    const index = number(event.content_index) ?? 0;
    switch (type) {
      case 'response.output_text.delta':
      case 'response.refusal.delta':
        return this.textDelta(index, text(event.delta) ?? '', type === 'response.refusal.delta');
      case 'response.output_text.done':
        return this.textSuffix(index, text(event.text) ?? '', false);
      case 'response.refusal.done':
        return this.textSuffix(index, text(event.refusal) ?? '', true);
      case 'response.output_text.annotation.added':
        return this.annotation(index, event.annotation);
      default:
        return this.textDone(index, event.part, false);
    }
  }

  private growReasoning(type: string, event: JsonObject): void {
    const section = type.startsWith('response.reasoning_text')
      ? `content ${number(event.content_index) ?? 0}`
      : `summary ${number(event.summary_index) ?? 0}`;
    if (type.endsWith('.delta')) this.reasoningDelta(section, text(event.delta) ?? '');
    else this.sectionDone(section, text(event.text) ?? '');
  }

  done(item: JsonObject): void {
    if (this.over) return;
    this.item = { ...this.item, ...item };
    this.kind ??= text(item.type);
    const truncated = item.status === 'incomplete';
    switch (this.kind) {
      case 'message':
        return this.messageDone(item);
      case 'reasoning':
        return this.reasoningDone();
      case 'function_call':
      case 'custom_tool_call':
        return this.callDone(this.kind, truncated);
      case undefined:
        this.over = true;
        return;
    }
    this.over = true;
    // Without a full item there is nothing to tell of it.
    if (item.type === undefined) return;
    for (const part of decodeItem(item, this.around.context).parts) {
      this.around.seen.calls ||= part.type === 'tool-call';
      this.around.seen.refusal ||= part.type === 'refusal';
      this.around.emit({ type: 'part', part: this.around.nextPart(), value: part });
    }
  }

  cut(): void {
    if (this.over) return;
    if (this.kind === 'function_call' || this.kind === 'custom_tool_call') this.callDone(this.kind, true);
    else if (this.kind === 'message' || this.kind === 'reasoning') this.done({});
    this.over = true;
  }

  closed(): boolean {
    return this.over;
  }

  type(): string | undefined {
    return this.kind;
  }

  private openText(index: number, refusal: boolean): OpenText {
    let open = this.texts.get(index);
    if (open) return open;
    open = { part: this.around.nextPart(), refusal, text: '', citations: 0, ended: false };
    this.texts.set(index, open);
    if (refusal) this.around.seen.refusal = true;
    this.around.emit({ type: 'text-start', part: open.part, ...(refusal && { refusal }) });
    return open;
  }

  private textDelta(index: number, delta: string, refusal: boolean): void {
    const open = this.openText(index, refusal);
    if (delta === '' || open.ended) return;
    open.text += delta;
    this.around.emit({ type: 'text-delta', part: open.part, text: delta });
  }

  private textSuffix(index: number, whole: string, refusal: boolean): void {
    const open = this.openText(index, refusal);
    if (whole.startsWith(open.text)) this.textDelta(index, whole.slice(open.text.length), refusal);
  }

  private annotation(index: number, annotation: Json | undefined): void {
    const open = this.openText(index, false);
    const citation = annotation === undefined || open.ended ? undefined : decodeAnnotation(annotation, open.text);
    if (!citation) return;
    open.citations++;
    this.around.emit({ type: 'citation', part: open.part, citation });
  }

  /** A content part as it stands: its text and annotations so far, and its end if `final`. */
  private textDone(index: number, value: Json | undefined, final: boolean): void {
    const part = decodeReplyContent(value ?? null);
    if (part?.type === 'native' || part?.type === 'media') {
      if (final && !this.texts.has(index))
        this.around.emit({ type: 'part', part: this.around.nextPart(), value: this.withMessage(part) });
      return;
    }
    if (part?.type !== 'text' && part?.type !== 'refusal') return;
    this.textSuffix(index, part.text, part.type === 'refusal');
    const open = this.texts.get(index);
    if (!open || open.ended) return;
    if (part.type === 'text')
      for (const citation of (part.citations ?? []).slice(open.citations)) {
        open.citations++;
        this.around.emit({ type: 'citation', part: open.part, citation });
      }
    if (final) this.endText(open, part);
  }

  private endText(open: OpenText, part: Part | undefined): void {
    open.ended = true;
    const { extras } = this.withMessage(part ?? { type: 'text', text: '' });
    this.around.emit({ type: 'text-end', part: open.part, ...(extras && { extras }) });
  }

  /** The message's own members belong to each of its parts. */
  private withMessage(part: Part): Part {
    const members = messageExtras(this.item);
    return members ? { ...part, ...ownExtras({ ...part.extras?.[dialectName], ...members }) } : part;
  }

  private messageDone(item: JsonObject): void {
    list(item.content).forEach((part, index) => this.textDone(index, part, true));
    for (const open of this.texts.values()) if (!open.ended) this.endText(open, undefined);
    this.over = true;
  }

  private openReasoning(): number {
    if (this.part === undefined) {
      this.part = this.around.nextPart();
      this.around.emit({ type: 'reasoning-start', part: this.part });
    }
    return this.part;
  }

  private reasoningDelta(section: string, delta: string): void {
    if (delta === '') return;
    const part = this.openReasoning();
    // Summary and open reasoning would say the same twice: the first to come is told.
    if (this.section !== undefined && kindOf(this.section) !== kindOf(section)) return;
    const joint = this.section !== undefined && this.section !== section ? '\n\n' : '';
    this.section = section;
    this.sections.set(section, (this.sections.get(section) ?? '') + delta);
    this.written += joint + delta;
    this.around.emit({ type: 'reasoning-delta', part, text: joint + delta });
  }

  private sectionDone(section: string, whole: string): void {
    const told = this.sections.get(section);
    // Only the newest section can still grow.
    if (told !== undefined && section !== this.section) return;
    if (whole.startsWith(told ?? '')) this.reasoningDelta(section, whole.slice((told ?? '').length));
  }

  private reasoningDone(): void {
    const part = this.openReasoning();
    const whole = reasoningText(this.item);
    if (whole.startsWith(this.written) && whole.length > this.written.length)
      this.around.emit({ type: 'reasoning-delta', part, text: whole.slice(this.written.length) });
    const [decoded] = decodeReasoning(this.item, this.around.context).parts;
    this.over = true;
    if (decoded?.type !== 'reasoning') return;
    const { seal, redacted, extras } = decoded;
    this.around.emit({
      type: 'reasoning-end',
      part,
      ...(seal && { seal }),
      ...(redacted && { redacted }),
      ...(extras && { extras }),
    });
  }

  /** Opens the call once it has a name: an id alone is no use to anybody, and a missing one is made up at last (D4). */
  private openCall(kind: CallKind, last = false): number | undefined {
    if (this.part !== undefined) return this.part;
    if (!text(this.item.name) || (!last && !idOfCall(this.item))) return undefined;
    this.part = this.around.nextPart();
    this.around.seen.calls = true;
    const call = decodeCall(this.item, kind === 'custom_tool_call' ? 'custom' : 'function', this.around.context);
    const { type: _, arguments: __, ...start } = call;
    this.around.emit({ type: 'tool-call-start', part: this.part, ...start });
    const early = this.waiting;
    this.waiting = '';
    this.callDelta(kind, early);
    return this.part;
  }

  private callDelta(kind: CallKind, delta: string): void {
    const part = this.openCall(kind);
    if (delta === '') return;
    if (part === undefined) {
      this.waiting += delta;
      return;
    }
    this.written += delta;
    this.around.emit({ type: 'tool-call-delta', part, text: delta });
  }

  private callSuffix(kind: CallKind, whole: string): void {
    if (this.part === undefined) this.waiting = whole.startsWith(this.waiting) ? whole : this.waiting;
    else if (whole.startsWith(this.written)) this.callDelta(kind, whole.slice(this.written.length));
  }

  private callDone(kind: CallKind, truncated: boolean): void {
    const part = this.openCall(kind, true);
    this.over = true;
    // A call whose name never came cannot be run and must not end the turn as one (D4).
    if (part === undefined) return;
    const whole =
      kind === 'custom_tool_call' ? (text(this.item.input) ?? '') : wholeArguments(this.item.arguments, truncated);
    this.callSuffix(kind, whole);
    this.around.emit({ type: 'tool-call-end', part, ...(truncated && { truncated }) });
  }
}

function wholeArguments(written: Json | undefined, truncated: boolean): string {
  if (truncated) return text(written) ?? '';
  return written === undefined ? '' : argumentsOf(written);
}

function kindOf(section: string): string {
  return section.slice(0, section.indexOf(' '));
}

/** The type of item that an event belongs to. */
function familyOf(type: string): 'message' | 'reasoning' | CallKind | undefined {
  if (type.startsWith('response.output_text.') || type.startsWith('response.refusal.')) return 'message';
  if (type === 'response.content_part.added' || type === 'response.content_part.done') return 'message';
  if (type.startsWith('response.reasoning_text.') || type.startsWith('response.reasoning_summary_text.'))
    return 'reasoning';
  if (type.startsWith('response.function_call_arguments.')) return 'function_call';
  return type.startsWith('response.custom_tool_call_input.') ? 'custom_tool_call' : undefined;
}
