import type { Frame } from '../../bytes/framing.ts';
import type { ReasoningDelta, ReplyEvent, TextDelta } from '../../conversation/event.ts';
import type { Part, Seal } from '../../conversation/message.ts';
import { laterUsage, type Usage } from '../../conversation/usage.ts';
import { object, textLengthOfJson, textOfJson, type JsonObject } from '../../json.ts';
import type { EncodeReplyContext, RepeatedFrame, StreamEncoder } from '../dialect.ts';
import { openaiErrorMembers } from '../openai-errors.ts';
import { reportExtras, reportLost } from '../reply-losses.ts';
import { encodeFinish } from './finish.ts';
import { gap } from './joined-text.ts';
import { encodeDetail, encodeTextSeal } from './reasoning.ts';
import { encodeCitation, encodeMedia, explanationOf, extraContent, isLegacy } from './reply.ts';
import { encodeUsage } from './usage.ts';
import { name as dialect } from './vocabulary.ts';

interface OpenCall {
  readonly index: number;
  readonly custom: boolean;
  /** Whether any arguments were written. */
  written: boolean;
}

interface OpenChoice {
  readonly index: number;
  calls: number;
  details: number;
  /** Text so far: citations count within their part, annotations within the content. */
  textLength: number;
  /** Something other than text came since the last text. */
  interrupted: boolean;
  refused: boolean;
  finished: boolean;
  /** Where each open text part began in the content; -1 before its first letter. */
  readonly texts: Map<number, { offset: number; readonly refusal: boolean }>;
  readonly reasoning: Map<number, string>;
  readonly open: Map<number, OpenCall>;
}

/** Events to chunks. Text, reasoning and arguments are the hot ones: each is one template around one JSON string. */
export function encodeStream(context: EncodeReplyContext): StreamEncoder {
  const legacy = isLegacy(context.request);
  const wantsUsage = object(context.request?.stream_options)?.include_usage === true;
  const choices = new Map<number, OpenChoice>();
  /** Everything of a chunk before its choices and after them: the same in every chunk. */
  let head = '';
  // OpenAI says `usage: null` in all other chunks to those who asked for usage.
  const tail = wantsUsage ? ',"usage":null}' : '}';
  const after = `},"logprobs":null,"finish_reason":null}]${tail}`;
  let usage: Usage | undefined;
  let over = false;

  function push(event: ReplyEvent): readonly Frame[] {
    if (over) return [];
    switch (event.type) {
      case 'reply-start':
        usage = laterUsage(usage, event.usage);
        begin(event.id, event.created, event.extras?.[dialect]);
        return choice(0).frames;
      case 'reply-end':
        over = true;
        return [...finishOthers(), ...end(), { data: '[DONE]' }];
      case 'failure':
        // E5: no finish and no [DONE], or a client would take the rest for the whole.
        over = true;
        return [{ data: JSON.stringify({ error: openaiErrorMembers(event.failure) }) }];
      case 'usage':
        usage = laterUsage(usage, event.usage);
        return [];
      default: {
        const { state, frames } = choice(event.candidate ?? 0);
        const written = pushTo(state, event);
        return frames.length === 0 ? written : [...frames, ...written];
      }
    }
  }

  function begin(id: string, created = context.created, extras: JsonObject = {}): void {
    const members = JSON.stringify({
      ...extras,
      id: id === '' ? context.newId('chatcmpl-') : id,
      object: 'chat.completion.chunk',
      created,
      model: context.model,
    });
    head = `${members.slice(0, -1)},"choices":[`;
  }

  function choice(index: number): { readonly state: OpenChoice; readonly frames: readonly Frame[] } {
    const known = choices.get(index);
    if (known) return { state: known, frames: none };
    if (head === '') begin('');
    const state: OpenChoice = {
      index,
      calls: 0,
      details: 0,
      textLength: 0,
      interrupted: false,
      refused: false,
      finished: false,
      texts: new Map(),
      reasoning: new Map(),
      open: new Map(),
    };
    choices.set(index, state);
    return { state, frames: [delta(state, '"role":"assistant","content":"","refusal":null')] };
  }

  /** `members` is the inside of the delta object. */
  function delta(state: OpenChoice, members: string): Frame {
    return { data: before(state) + members + after };
  }

  function before(state: OpenChoice): string {
    return `${head}{"index":${state.index},"delta":{`;
  }

  function pushTo(state: OpenChoice, event: ChoiceEvent): readonly Frame[] {
    switch (event.type) {
      case 'text-start':
        if (event.refusal) state.interrupted = true;
        state.texts.set(event.part, { offset: -1, refusal: event.refusal === true });
        return none;
      case 'text-delta': {
        if (event.text === '') return none;
        if (state.texts.get(event.part)?.refusal === true) {
          state.refused = true;
          return [delta(state, `"refusal":${JSON.stringify(event.text)}`)];
        }
        return [text(state, event.part, event.text)];
      }
      case 'text-end':
        state.texts.delete(event.part);
        reportExtras(context, event.extras, dialect);
        return event.seal ? [sealText(state, event.seal)] : none;
      case 'citation': {
        const offset = Math.max(0, state.texts.get(event.part)?.offset ?? 0);
        const annotations = encodeCitation(event.citation, offset, context);
        return annotations.length === 0 ? none : [delta(state, `"annotations":${JSON.stringify(annotations)}`)];
      }
      case 'reasoning-start':
        state.interrupted = true;
        state.reasoning.set(event.part, '');
        return none;
      case 'reasoning-delta':
        if (event.text === '') return none;
        state.reasoning.set(event.part, (state.reasoning.get(event.part) ?? '') + event.text);
        return [delta(state, `"reasoning_content":${JSON.stringify(event.text)}`)];
      case 'reasoning-end': {
        const text = state.reasoning.get(event.part) ?? '';
        state.reasoning.delete(event.part);
        if (!event.seal) return none;
        const part = { type: 'reasoning', text, seal: event.seal, ...(event.redacted && { redacted: true }) } as const;
        return [detail(state, encodeDetail(part, state.details++, dialect))];
      }
      case 'tool-call-start':
        return startCall(state, event);
      case 'tool-call-delta': {
        const call = state.open.get(event.part);
        if (!call || event.text === '') return none;
        call.written = true;
        return [callDelta(state, call, event.text)];
      }
      case 'tool-call-end': {
        const call = state.open.get(event.part);
        state.open.delete(event.part);
        // D7: clients parse the arguments, and an empty string is no JSON.
        return call && !call.written && !call.custom ? [callDelta(state, call, '{}')] : none;
      }
      case 'part':
        return wholePart(state, event.value, event.part);
      case 'candidate-end':
        return finishChoice(state, event);
    }
  }

  function text(state: OpenChoice, part: number, piece: string): Frame {
    const written = state.interrupted && state.textLength > 0 ? gap + piece : piece;
    state.interrupted = false;
    const begun = state.texts.get(part);
    if (begun && begun.offset < 0) begun.offset = state.textLength + written.length - piece.length;
    state.textLength += written.length;
    return delta(state, `"content":${JSON.stringify(written)}`);
  }

  function sealText(state: OpenChoice, seal: Seal): Frame {
    return detail(state, encodeTextSeal(seal, state.details++));
  }

  function detail(state: OpenChoice, value: unknown): Frame {
    return delta(state, `"reasoning_details":${JSON.stringify([value])}`);
  }

  function startCall(state: OpenChoice, event: Extract<ReplyEvent, { type: 'tool-call-start' }>): readonly Frame[] {
    state.interrupted = true;
    const call: OpenCall = { index: state.calls++, custom: event.kind === 'custom', written: false };
    // The old form has room for one call.
    if (legacy && call.index > 0) {
      reportLost(context, 'tool_calls');
      return none;
    }
    if (legacy && event.seal) reportLost(context, 'signature');
    state.open.set(event.part, call);
    const name = JSON.stringify(event.name);
    if (legacy) return [delta(state, `"function_call":{"name":${name},"arguments":""}`)];
    const body = call.custom
      ? `"type":"custom","custom":{"name":${name},"input":""}`
      : `"type":"function","function":{"name":${name},"arguments":""}`;
    const { extra_content: extra } = extraContent(event);
    const signed = extra ? `,"extra_content":${JSON.stringify(extra)}` : '';
    return [delta(state, `"tool_calls":[{"index":${call.index},"id":${JSON.stringify(event.id)},${body}${signed}}]`)];
  }

  function callDelta(state: OpenChoice, call: OpenCall, text: string): Frame {
    const piece = JSON.stringify(text);
    if (legacy) return delta(state, `"function_call":{"arguments":${piece}}`);
    const body = call.custom ? `"custom":{"input":${piece}}` : `"function":{"arguments":${piece}}`;
    return delta(state, `"tool_calls":[{"index":${call.index},${body}}]`);
  }

  /** A part that came at once is written as if it had grown. */
  function wholePart(state: OpenChoice, value: Part, part: number): readonly Frame[] {
    const place = { part } as const;
    switch (value.type) {
      case 'text':
      case 'refusal':
        return [
          ...pushTo(state, { type: 'text-start', ...place, ...(value.type === 'refusal' && { refusal: true }) }),
          ...pushTo(state, { type: 'text-delta', ...place, text: value.text }),
          ...(value.type === 'text' ? (value.citations ?? []) : []).flatMap((citation) =>
            pushTo(state, { type: 'citation', ...place, citation }),
          ),
          ...pushTo(state, {
            type: 'text-end',
            ...place,
            ...(value.type === 'text' && value.seal && { seal: value.seal }),
          }),
        ];
      case 'reasoning': {
        const { seal, redacted } = value;
        return [
          ...pushTo(state, { type: 'reasoning-start', ...place }),
          ...pushTo(state, { type: 'reasoning-delta', ...place, text: value.text }),
          ...pushTo(state, { type: 'reasoning-end', ...place, ...(seal && { seal }), ...(redacted && { redacted }) }),
        ];
      }
      case 'tool-call': {
        const { type: _, arguments: text, at: __, cache: ___, ...call } = value;
        return [
          ...pushTo(state, { type: 'tool-call-start', ...place, ...call }),
          ...pushTo(state, { type: 'tool-call-delta', ...place, text }),
          ...pushTo(state, { type: 'tool-call-end', ...place }),
        ];
      }
      case 'media': {
        state.interrupted = true;
        const { image, audio } = encodeMedia(value, context);
        if (audio) return [delta(state, `"audio":${JSON.stringify(audio)}`)];
        return image ? [delta(state, `"images":${JSON.stringify([image])}`)] : none;
      }
      case 'server-tool-call':
        reportLost(context, 'web_search');
        state.interrupted = true;
        return none;
      case 'server-tool-result':
      case 'native':
        state.interrupted = true;
        return none;
    }
  }

  function finishChoice(state: OpenChoice, event: Extract<ReplyEvent, { type: 'candidate-end' }>): readonly Frame[] {
    state.finished = true;
    reportExtras(context, event.extras, dialect);
    const { message, logprobs, ...extras } = event.extras?.[dialect] ?? {};
    const explanation = state.refused ? null : explanationOf(event.finish);
    const finish = encodeFinish(event.finish, state.refused);
    const body = {
      index: state.index,
      delta: object(message) ?? {},
      logprobs: logprobs ?? null,
      ...extras,
      ...finish,
      ...(legacy && finish.finish_reason === 'tool_calls' && { finish_reason: 'function_call' }),
    };
    return [
      ...(explanation === null ? [] : [delta(state, `"refusal":${JSON.stringify(explanation)}`)]),
      { data: `${head}${JSON.stringify(body)}]${tail}` },
    ];
  }

  /** F6: a blocked prompt may end without a candidate; clients wait for a reason all the same. */
  function finishOthers(): readonly Frame[] {
    const { state, frames } = choice(0);
    if (state.finished) return none;
    return [...frames, ...finishChoice(state, { type: 'candidate-end', finish: { reason: 'other' } })];
  }

  /** U5: only who asked gets the chunk without choices. */
  function end(): readonly Frame[] {
    if (!wantsUsage || !usage) return none;
    if (head === '') begin('');
    return [{ data: `${head}],"usage":${JSON.stringify(encodeUsage(usage))}}` }];
  }

  function repeated({ type, candidate = 0, part }: TextDelta | ReasoningDelta): RepeatedFrame | undefined {
    const state = choices.get(candidate);
    if (!state || over) return undefined;
    if (type === 'reasoning-delta') {
      const passed = (json: string) =>
        void state.reasoning.set(part, (state.reasoning.get(part) ?? '') + textOfJson(json));
      return { before: `${before(state)}"reasoning_content":`, after, passed };
    }
    if (state.interrupted || state.texts.get(part)?.refusal) return undefined;
    const passed = (json: string) => void (state.textLength += textLengthOfJson(json));
    return { before: `${before(state)}"content":`, after, passed };
  }

  return { push, repeated };
}

type ChoiceEvent = Exclude<ReplyEvent, { type: 'reply-start' | 'reply-end' | 'usage' | 'failure' }>;

const none: readonly Frame[] = [];
