import type { Frame } from '../../bytes/framing.ts';
import type {
  CitationEvent,
  ReasoningDelta,
  ReasoningEnd,
  ReplyEvent,
  ReplyStart,
  TextDelta,
  TextEnd,
  TextStart,
  ToolCallDelta,
  ToolCallEnd,
  ToolCallStart,
} from '../../conversation/event.ts';
import type { Failure } from '../../conversation/failure.ts';
import type { MediaPart, Part, Seal } from '../../conversation/message.ts';
import { replay } from '../../conversation/replay.ts';
import type { Finish, Reply } from '../../conversation/reply.ts';
import type { Attachment } from '../../conversation/seal.ts';
import { laterUsage, type Usage } from '../../conversation/usage.ts';
import { object, tryParseJson, type Json, type JsonObject } from '../../json.ts';
import type { EncodeReplyContext, StreamEncoder } from '../dialect.ts';
import { encodeCitation } from './citations.ts';
import { echo } from './echo.ts';
import {
  audioContent,
  callItem,
  carrierItem,
  imageItem,
  messageItem,
  nativeOutputItem,
  reasoningItem,
  searchItem,
} from './encode-item.ts';
import { responseError } from './errors.ts';
import { contentExtras, itemExtras } from './parts.ts';
import { dialectName, encodeToolUsage, encodeUsage, endingOf, extraMembers, extraOf } from './vocabulary.ts';

/** Writes events as the Responses lifecycle: created, items with their deltas, one terminal event (R1–R4). */
export function encodeStream(context: EncodeReplyContext): StreamEncoder {
  return new ResponseWriter(context);
}

/** An output item that is growing. `head` is what every delta of it begins with. */
interface Growing {
  readonly id: string;
  readonly index: number;
  readonly head: string;
  text: string;
}

interface GrowingMessage extends Growing {
  /** The content parts that are finished. */
  readonly content: Json[];
  extras: JsonObject;
}

interface GrowingText {
  readonly type: 'text';
  readonly message: GrowingMessage;
  readonly contentIndex: number;
  readonly refusal: boolean;
  readonly head: string;
  text: string;
  readonly annotations: JsonObject[];
}

type OpenPart =
  | GrowingText
  | { readonly type: 'reasoning'; readonly item: Growing }
  | { readonly type: 'call'; readonly item: Growing; readonly start: ToolCallStart };

export class ResponseWriter implements StreamEncoder {
  private readonly context: EncodeReplyContext;
  private readonly echoed: JsonObject;
  private frames: Frame[] = [];
  private sequence = 0;
  private started = false;
  private over = false;
  private id = '';
  /** Finished items by output index; holes are items that are still growing. */
  private readonly output: JsonObject[] = [];
  private items = 0;
  private readonly open = new Map<number, OpenPart>();
  /** The last message, while further text may join it. */
  private message: GrowingMessage | undefined;
  /** Searches of a foreign vendor's that wait for their results, by call id. */
  private readonly searches = new Map<string, { readonly item: Growing; readonly query: string }>();
  private usage: Usage | undefined;
  private finish: Finish = { reason: 'stop' };
  private refused = false;
  private extras: JsonObject = {};
  private last: JsonObject = {};

  constructor(context: EncodeReplyContext) {
    this.context = context;
    this.echoed = echo(context.request);
  }

  push(event: ReplyEvent): readonly Frame[] {
    if (this.over || ('candidate' in event && event.candidate)) return [];
    if (!this.started) this.begin(event.type === 'reply-start' ? event : undefined);
    this.handle(event);
    const frames = this.frames;
    this.frames = [];
    return frames;
  }

  /** The response as the last lifecycle event told it. */
  response(): JsonObject {
    return this.last;
  }

  private handle(event: ReplyEvent): void {
    switch (event.type) {
      case 'reply-start':
        this.usage = laterUsage(this.usage, event.usage);
        return;
      case 'text-start':
        return this.textStart(event);
      case 'text-delta':
        return this.textDelta(event);
      case 'citation':
        return this.citation(event);
      case 'text-end':
        return this.textEnd(event);
      case 'reasoning-start':
        return this.reasoningStart(event.part);
      case 'reasoning-delta':
        return this.reasoningDelta(event);
      case 'reasoning-end':
        return this.reasoningEnd(event);
      case 'tool-call-start':
        return this.callStart(event);
      case 'tool-call-delta':
        return this.callDelta(event);
      case 'tool-call-end':
        return this.callEnd(event);
      case 'part':
        return this.whole(event.part, event.value);
      case 'usage':
        this.usage = laterUsage(this.usage, event.usage);
        return;
      case 'candidate-end':
        this.finish = event.finish;
        this.extras = extraMembers(event);
        return;
      case 'reply-end':
        return this.end();
      case 'failure':
        return this.fail(event.failure);
    }
  }

  private begin(start: ReplyStart | undefined): void {
    this.started = true;
    // Only ids that look like OpenAI's are kept by clients (R8).
    this.id = start?.id.startsWith('resp_') ? start.id : this.context.newId('resp_');
    this.lifecycle('response.created', 'in_progress');
    this.lifecycle('response.in_progress', 'in_progress');
  }

  private textStart(event: TextStart): void {
    const message = this.message ?? this.openMessage();
    this.message = undefined; // a second text beside an open one gets a message of its own
    const contentIndex = message.content.length;
    const refusal = event.refusal === true;
    const head = `${message.head},"content_index":${contentIndex}`;
    this.open.set(event.part, { type: 'text', message, contentIndex, refusal, head, text: '', annotations: [] });
    this.raw('response.content_part.added', `${head},"part":${JSON.stringify(contentPart(refusal, '', [], {}))}`);
  }

  private openMessage(): GrowingMessage {
    const id = this.context.newId('msg_');
    return { ...this.addItem(id, messageItem(id, [], 'in_progress')), content: [], extras: {} };
  }

  private textDelta(event: TextDelta): void {
    const part = this.open.get(event.part);
    if (part?.type !== 'text') return;
    part.text += event.text;
    if (part.refusal) this.raw('response.refusal.delta', `${part.head},"delta":${JSON.stringify(event.text)}`);
    else this.raw('response.output_text.delta', `${part.head},"delta":${JSON.stringify(event.text)},"logprobs":[]`);
  }

  private citation(event: CitationEvent): void {
    const part = this.open.get(event.part);
    if (part?.type !== 'text') return;
    const annotation = encodeCitation(event.citation, part.text);
    if (!annotation) return;
    const index = part.annotations.push(annotation) - 1;
    this.raw(
      'response.output_text.annotation.added',
      `${part.head},"annotation_index":${index},"annotation":${JSON.stringify(annotation)}`,
    );
  }

  private textEnd(event: TextEnd): void {
    const part = this.open.get(event.part);
    if (part?.type !== 'text') return;
    this.open.delete(event.part);
    this.refused ||= part.refusal;
    const { message } = part;
    const tail: Part = { type: 'text', text: '', ...(event.extras && { extras: event.extras }) };
    const content = contentPart(part.refusal, part.text, part.annotations, contentExtras(tail));
    const written = JSON.stringify(part.text);
    if (part.refusal) this.raw('response.refusal.done', `${part.head},"refusal":${written}`);
    else this.raw('response.output_text.done', `${part.head},"text":${written},"logprobs":[]`);
    this.raw('response.content_part.done', `${part.head},"part":${JSON.stringify(content)}`);
    message.content.push(content);
    message.extras = itemExtras(tail);
    const newest = message.index === this.items - 1;
    if (newest && !event.seal && !event.extras) {
      this.message = message;
      return;
    }
    this.closeMessage(message);
    if (event.seal) this.carrier(event.seal, 'text');
  }

  private closeMessage(message: GrowingMessage): void {
    this.doneItem(message, messageItem(message.id, message.content, 'completed', message.extras));
  }

  private reasoningStart(part: number): void {
    const id = this.context.newId('rs_');
    const item = this.addItem(id, reasoningItem(id, '', {}));
    this.open.set(part, { type: 'reasoning', item });
  }

  private reasoningDelta(event: ReasoningDelta): void {
    const part = this.open.get(event.part);
    if (part?.type !== 'reasoning') return;
    const { item } = part;
    if (item.text === '')
      this.raw(
        'response.reasoning_summary_part.added',
        `${item.head},"summary_index":0,"part":{"type":"summary_text","text":""}`,
      );
    item.text += event.text;
    this.raw(
      'response.reasoning_summary_text.delta',
      `${item.head},"summary_index":0,"delta":${JSON.stringify(event.text)}`,
    );
  }

  private reasoningEnd(event: ReasoningEnd): void {
    const part = this.open.get(event.part);
    if (part?.type !== 'reasoning') return;
    this.open.delete(event.part);
    const { item } = part;
    if (item.text !== '') {
      const written = JSON.stringify(item.text);
      this.raw('response.reasoning_summary_text.done', `${item.head},"summary_index":0,"text":${written}`);
      this.raw(
        'response.reasoning_summary_part.done',
        `${item.head},"summary_index":0,"part":{"type":"summary_text","text":${written}}`,
      );
    }
    this.doneItem(item, reasoningItem(item.id, item.text, event));
  }

  private callStart(start: ToolCallStart): void {
    if (start.seal) this.carrier(start.seal, 'call');
    const id = this.context.newId(start.kind === 'custom' ? 'ctc_' : 'fc_');
    const item = this.addItem(id, callItem(id, start, '', 'in_progress'));
    this.open.set(start.part, { type: 'call', item, start });
  }

  private callDelta(event: ToolCallDelta): void {
    const part = this.open.get(event.part);
    if (part?.type !== 'call') return;
    part.item.text += event.text;
    this.raw(
      part.start.kind === 'custom' ? 'response.custom_tool_call_input.delta' : 'response.function_call_arguments.delta',
      `${part.item.head},"delta":${JSON.stringify(event.text)}`,
    );
  }

  /** A truncated call is never told as done, lest somebody run it (R6). */
  private callEnd(event: ToolCallEnd): void {
    const part = this.open.get(event.part);
    if (part?.type !== 'call') return;
    this.open.delete(event.part);
    const { item, start } = part;
    if (event.truncated) return this.doneItem(item, callItem(item.id, start, item.text, 'incomplete'));
    if (start.kind === 'custom')
      this.raw('response.custom_tool_call_input.done', `${item.head},"input":${JSON.stringify(item.text)}`);
    else {
      if (item.text.trim() === '') this.emptyArguments(item);
      const name = JSON.stringify(start.name);
      this.raw(
        'response.function_call_arguments.done',
        `${item.head},"name":${name},"arguments":${JSON.stringify(item.text)}`,
      );
    }
    this.doneItem(item, callItem(item.id, start, item.text, 'completed'));
  }

  /** Accumulators that read deltas only would parse an empty text (D7). */
  private emptyArguments(item: Growing): void {
    item.text = '{}';
    this.raw('response.function_call_arguments.delta', `${item.head},"delta":"{}"`);
  }

  private carrier(seal: Seal, attachment: Attachment): void {
    const id = this.context.newId('rs_');
    this.wholeItem(carrierItem(id, seal, attachment));
  }

  private whole(part: number, value: Part): void {
    switch (value.type) {
      case 'text':
      case 'refusal':
      case 'reasoning':
      case 'tool-call': {
        const { at: _, cache: __, ...plain } = value;
        // These are what replay takes apart; number 0 is its own counting.
        for (const event of replay({ id: '', model: '', candidates: [{ parts: [plain], finish: { reason: 'stop' } }] }))
          if ('part' in event) this.handle({ ...event, part });
        return;
      }
      case 'media':
        return this.media(value);
      case 'native': {
        if (value.dialect !== dialectName) return;
        if (extraOf(value, '@content') !== true)
          return this.wholeItem(nativeOutputItem(value.value, () => this.context.newId('item_')));
        const id = this.context.newId('msg_');
        return this.wholeItem(messageItem(id, [value.value], 'completed', itemExtras(value)));
      }
      case 'server-tool-call': {
        const own = value.native?.dialect === dialectName ? object(value.native.value) : undefined;
        if (own) return this.wholeItem(nativeOutputItem(own, () => this.context.newId('ws_')));
        const id = this.context.newId('ws_');
        const item = this.addItem(id, searchItem(id, value.query, 'in_progress', []));
        this.raw('response.web_search_call.in_progress', item.head);
        this.raw('response.web_search_call.searching', item.head);
        this.searches.set(value.id, { item, query: value.query });
        return;
      }
      case 'server-tool-result':
        return this.searchDone(value.callId, value.error ? 'failed' : 'completed', value.results);
    }
  }

  private media(value: MediaPart): void {
    const image = imageItem(() => this.context.newId('ig_'), value);
    if (image) return this.wholeItem(image, 'response.image_generation_call.completed');
    const audio = audioContent(value);
    if (audio) this.wholeItem(messageItem(this.context.newId('msg_'), [audio], 'completed'));
  }

  private searchDone(
    callId: string,
    status: 'completed' | 'failed',
    sources: readonly { readonly url: string }[],
  ): void {
    const search = this.searches.get(callId);
    if (!search) return;
    this.searches.delete(callId);
    this.raw('response.web_search_call.completed', search.item.head);
    this.doneItem(search.item, searchItem(search.item.id, search.query, status, sources));
  }

  private end(): void {
    this.closeAll('completed');
    const ending = endingOf(this.finish, this.refused);
    if (this.finish.reason === 'refusal' && this.items === 0 && this.finish.explanation !== undefined) {
      this.explain(this.finish.explanation);
      return this.terminal('completed', {});
    }
    const { status, incompleteReason } = ending;
    const error = status === 'failed' ? { code: 'server_error', message: 'The model wrote a broken tool call.' } : null;
    this.terminal(status, { error, incomplete_details: incompleteReason ? { reason: incompleteReason } : null });
  }

  /** The vendor's words for declining become the refusal. */
  private explain(explanation: string): void {
    const id = this.context.newId('msg_');
    this.wholeItem(messageItem(id, [{ type: 'refusal', refusal: explanation }], 'completed'));
  }

  /** Codex ignores `error` events; only response.failed ends its turn (R7). */
  private fail(failure: Failure): void {
    this.terminal('failed', { error: responseError(failure) });
  }

  private terminal(status: 'completed' | 'incomplete' | 'failed', members: JsonObject): void {
    this.over = true;
    this.lifecycle(`response.${status}`, status, members);
  }

  private closeAll(status: 'completed'): void {
    for (const callId of [...this.searches.keys()]) this.searchDone(callId, status, []);
    if (this.message) this.closeMessage(this.message);
    this.message = undefined;
  }

  private lifecycle(type: string, status: string, members: JsonObject = {}): void {
    const final = status !== 'in_progress';
    const toolUsage = final ? encodeToolUsage(this.usage) : undefined;
    this.last = {
      id: this.id,
      object: 'response',
      created_at: this.context.created,
      status,
      error: null,
      incomplete_details: null,
      ...members,
      model: this.context.model,
      ...this.echoed,
      ...this.extras,
      output: this.output.filter((item) => item !== undefined),
      usage: final && this.usage ? encodeUsage(this.usage) : null,
      ...(toolUsage && { tool_usage: toolUsage }),
    };
    this.raw(type, `,"response":${JSON.stringify(this.last)}`);
  }

  /** An item that comes at once: added and done. */
  private wholeItem(item: JsonObject, between?: string): void {
    const growing = this.addItem(String(item.id), item);
    if (between) this.raw(between, growing.head);
    this.doneItem(growing, item);
  }

  private addItem(id: string, item: JsonObject): Growing {
    if (this.message) this.closeMessage(this.message);
    this.message = undefined;
    const index = this.items++;
    this.raw('response.output_item.added', `,"output_index":${index},"item":${JSON.stringify(item)}`);
    return { id, index, head: `,"item_id":${JSON.stringify(id)},"output_index":${index}`, text: '' };
  }

  private doneItem(item: Growing, whole: JsonObject): void {
    this.output[item.index] = whole;
    this.raw('response.output_item.done', `,"output_index":${item.index},"item":${JSON.stringify(whole)}`);
  }

  /** `rest` begins with a comma. */
  private raw(type: string, rest: string): void {
    this.frames.push({ event: type, data: `{"type":"${type}","sequence_number":${this.sequence++}${rest}}` });
  }
}

function contentPart(
  refusal: boolean,
  written: string,
  annotations: readonly JsonObject[],
  extras: JsonObject,
): JsonObject {
  if (refusal) return { type: 'refusal', refusal: written, ...extras };
  return { type: 'output_text', text: written, annotations, logprobs: [], ...extras };
}

/** The whole reply is what its stream would have ended with. */
export function encodeReply(reply: Reply, context: EncodeReplyContext): JsonObject {
  const writer = new ResponseWriter(context);
  for (const event of eventsOf(reply)) writer.push(event);
  return writer.response();
}

/** The events that a stream of this reply would have had. */
export function eventsOf(reply: Reply): readonly ReplyEvent[] {
  return replay(reply).map((event) => markTruncated(event, reply));
}

/** A whole reply does not say which call its limit cut, but broken arguments at the end of it do (R6). */
function markTruncated(event: ReplyEvent, reply: Reply): ReplyEvent {
  const [candidate] = reply.candidates;
  if (event.type !== 'tool-call-end' || candidate?.finish.reason !== 'length') return event;
  const part = candidate.parts[event.part];
  const broken = part?.type === 'tool-call' && part.kind === 'function' && tryParseJson(part.arguments) === undefined;
  return broken ? { ...event, truncated: true } : event;
}
