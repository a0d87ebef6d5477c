import type { Frame } from '../../bytes/framing.ts';
import type {
  ReasoningDelta,
  ReasoningEnd,
  ReplyEvent,
  ReplyStart,
  ToolCallDelta,
  ToolCallEnd,
  ToolCallStart,
} from '../../conversation/event.ts';
import type { Failure } from '../../conversation/failure.ts';
import type { MediaPart, Part, Seal } from '../../conversation/message.ts';
import { replay } from '../../conversation/replay.ts';
import type { Finish } from '../../conversation/reply.ts';
import type { Attachment } from '../../conversation/seal.ts';
import { laterUsage, type Usage } from '../../conversation/usage.ts';
import { object, type JsonObject } from '../../json.ts';
import type { EncodeReplyContext, StreamEncoder } from '../dialect.ts';
import { reportExtras, reportLost, reportMedia } from '../reply-losses.ts';
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
import { Output, type Growing } from './output.ts';
import { itemExtras } from './parts.ts';
import { TextWriter } from './text-writer.ts';
import { dialectName, encodeToolUsage, encodeUsage, endingOf, extraMembers, extraOf } from './vocabulary.ts';

/** Writes events as the Responses lifecycle: created, items with their deltas, one terminal event (R1–R4). */
export function encodeStream(context: EncodeReplyContext): StreamEncoder {
  return new ResponseWriter(context);
}

type OpenPart =
  | { readonly type: 'reasoning'; readonly item: Growing }
  | { readonly type: 'call'; readonly item: Growing; readonly start: ToolCallStart };

export class ResponseWriter implements StreamEncoder {
  private readonly context: EncodeReplyContext;
  private readonly echoed: JsonObject;
  /** Its members, written once: an agent's tools are tens of kilobytes, and three events repeat them. */
  private readonly echoedJson: string;
  private readonly output = new Output();
  private readonly texts: TextWriter;
  private started = false;
  private over = false;
  private id = '';
  private readonly open = new Map<number, OpenPart>();
  /** Searches of a foreign vendor's that wait for their results, by call id. */
  private readonly searches = new Map<string, { readonly item: Growing; readonly query: string }>();
  private usage: Usage | undefined;
  private finish: Finish = { reason: 'stop' };
  private extras: JsonObject = {};
  private last: JsonObject = {};

  constructor(context: EncodeReplyContext) {
    this.context = context;
    this.echoed = echo(context.request);
    this.echoedJson = membersOf(this.echoed);
    this.texts = new TextWriter(this.output, context);
  }

  push(event: ReplyEvent): readonly Frame[] {
    if (this.over) return [];
    if ('candidate' in event && event.candidate) return this.leaveOut(event);
    if (!this.started) this.begin(event.type === 'reply-start' ? event : undefined);
    this.handle(event);
    return this.output.take();
  }

  /** A response has room for one candidate. */
  private leaveOut(event: ReplyEvent): readonly Frame[] {
    if (event.type === 'candidate-end') reportLost(this.context, 'candidates');
    return [];
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
        return this.texts.start(event);
      case 'text-delta':
        return this.texts.delta(event);
      case 'citation':
        return this.texts.citation(event);
      case 'text-end':
        this.texts.end(event);
        if (event.seal) this.carrier(event.seal, 'text');
        return;
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
        reportExtras(this.context, event.extras, dialectName);
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

  private reasoningStart(part: number): void {
    const id = this.context.newId('rs_');
    const item = this.output.addItem(id, reasoningItem(id, '', {}));
    this.open.set(part, { type: 'reasoning', item });
  }

  private reasoningDelta(event: ReasoningDelta): void {
    const part = this.open.get(event.part);
    if (part?.type !== 'reasoning') return;
    const { item } = part;
    if (item.text === '')
      this.output.event(
        'response.reasoning_summary_part.added',
        `${item.head},"summary_index":0,"part":{"type":"summary_text","text":""}`,
      );
    item.text += event.text;
    this.output.event(
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
      this.output.event('response.reasoning_summary_text.done', `${item.head},"summary_index":0,"text":${written}`);
      this.output.event(
        'response.reasoning_summary_part.done',
        `${item.head},"summary_index":0,"part":{"type":"summary_text","text":${written}}`,
      );
    }
    this.output.doneItem(item, reasoningItem(item.id, item.text, event));
  }

  private callStart(start: ToolCallStart): void {
    if (start.seal) this.carrier(start.seal, 'call');
    const id = this.context.newId(start.kind === 'custom' ? 'ctc_' : 'fc_');
    const item = this.output.addItem(id, callItem(id, start, '', 'in_progress'));
    this.open.set(start.part, { type: 'call', item, start });
  }

  private callDelta(event: ToolCallDelta): void {
    const part = this.open.get(event.part);
    if (part?.type !== 'call') return;
    part.item.text += event.text;
    this.output.event(
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
    if (event.truncated) return this.output.doneItem(item, callItem(item.id, start, item.text, 'incomplete'));
    if (start.kind === 'custom')
      this.output.event('response.custom_tool_call_input.done', `${item.head},"input":${JSON.stringify(item.text)}`);
    else {
      if (item.text.trim() === '') this.emptyArguments(item);
      this.output.event(
        'response.function_call_arguments.done',
        `${item.head},"arguments":${JSON.stringify(item.text)}`,
      );
    }
    this.output.doneItem(item, callItem(item.id, start, item.text, 'completed'));
  }

  /** Accumulators that read deltas only would parse an empty text (D7). */
  private emptyArguments(item: Growing): void {
    item.text = '{}';
    this.output.event('response.function_call_arguments.delta', `${item.head},"delta":"{}"`);
  }

  private carrier(seal: Seal, attachment: Attachment): void {
    const id = this.context.newId('rs_');
    this.output.wholeItem(carrierItem(id, seal, attachment));
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
          return this.output.wholeItem(nativeOutputItem(value.value, () => this.context.newId('item_')));
        const id = this.context.newId('msg_');
        return this.output.wholeItem(messageItem(id, [value.value], 'completed', itemExtras(value)));
      }
      case 'server-tool-call': {
        const own = value.native?.dialect === dialectName ? object(value.native.value) : undefined;
        if (own) return this.output.wholeItem(nativeOutputItem(own, () => this.context.newId('ws_')));
        const id = this.context.newId('ws_');
        const item = this.output.addItem(id, searchItem(id, value.query, 'in_progress', []));
        this.output.event('response.web_search_call.in_progress', item.head);
        this.output.event('response.web_search_call.searching', item.head);
        this.searches.set(value.id, { item, query: value.query });
        return;
      }
      case 'server-tool-result':
        return this.searchDone(value.callId, value.error ? 'failed' : 'completed', value.results);
    }
  }

  private media(value: MediaPart): void {
    if (value.seal) reportLost(this.context, 'signature');
    const image = imageItem(() => this.context.newId('ig_'), value);
    if (image) return this.output.wholeItem(image, 'response.image_generation_call.completed');
    const audio = audioContent(value);
    if (audio) return this.output.wholeItem(messageItem(this.context.newId('msg_'), [audio], 'completed'));
    reportMedia(this.context, value, 'dropped');
  }

  private searchDone(
    callId: string,
    status: 'completed' | 'failed',
    sources: readonly { readonly url: string }[],
  ): void {
    const search = this.searches.get(callId);
    if (!search) return;
    this.searches.delete(callId);
    this.output.event('response.web_search_call.completed', search.item.head);
    this.output.doneItem(search.item, searchItem(search.item.id, search.query, status, sources));
  }

  private end(): void {
    this.closeAll();
    const ending = endingOf(this.finish, this.texts.refused());
    if (this.finish.reason === 'refusal' && this.output.isEmpty() && this.finish.explanation !== undefined) {
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
    this.output.wholeItem(messageItem(id, [{ type: 'refusal', refusal: explanation }], 'completed'));
  }

  /** Codex ignores `error` events; only response.failed ends its turn (R7). */
  private fail(failure: Failure): void {
    this.terminal('failed', { error: responseError(failure) });
  }

  private terminal(status: 'completed' | 'incomplete' | 'failed', members: JsonObject): void {
    this.over = true;
    this.lifecycle(`response.${status}`, status, members);
  }

  private closeAll(): void {
    for (const callId of [...this.searches.keys()]) this.searchDone(callId, 'completed', []);
    this.texts.settle();
  }

  private lifecycle(type: string, status: string, members: JsonObject = {}): void {
    const final = status !== 'in_progress';
    const toolUsage = final ? encodeToolUsage(this.usage) : undefined;
    const head = {
      id: this.id,
      object: 'response',
      created_at: this.context.created,
      status,
      error: null,
      incomplete_details: null,
      ...members,
      model: this.context.model,
    };
    const tail = {
      ...this.extras,
      output: this.output.finished(),
      usage: final && this.usage ? encodeUsage(this.usage) : null,
      ...(toolUsage && { tool_usage: toolUsage }),
    };
    this.last = { ...head, ...this.echoed, ...tail };
    const overlap = Object.keys(this.extras).some((name) => name in this.echoed);
    const json = overlap ? JSON.stringify(this.last) : `{${membersOf(head)},${this.echoedJson},${membersOf(tail)}}`;
    this.output.event(type, `,"response":${json}`);
  }
}

function membersOf(object: JsonObject): string {
  return JSON.stringify(object).slice(1, -1);
}
