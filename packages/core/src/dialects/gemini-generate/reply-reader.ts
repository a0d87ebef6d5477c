import type { ReplyEvent } from '../../conversation/event.ts';
import { Failure } from '../../conversation/failure.ts';
import type { Extras, Seal } from '../../conversation/message.ts';
import { settleFinish } from '../../conversation/reply.ts';
import { isObject, type Json, type JsonObject } from '../../json.ts';
import type { DecodeReplyContext } from '../dialect.ts';
import { synthesisedId } from './call-ids.ts';
import { decodeCall, decodeMediaPart, hasOtherContent, sentinel } from './decode-parts.ts';
import { decodeCitations, decodeSearch, searchQueries } from './grounding.ts';
import {
  extrasOf,
  geminiName,
  leftover,
  members,
  read,
  readBoolean,
  readList,
  readNumber,
  readObject,
  readText,
} from './members.ts';
import { partialArguments } from './partial-args.ts';
import { decodeFinish, decodeUsage } from './vocabulary.ts';

/**
 * Reads a reply from the chunks of a stream, or from a whole body, which has the form of a single chunk: so the two can
 * never disagree.
 */
interface ReplyReader {
  chunk(body: JsonObject): readonly ReplyEvent[];
  /** @throws Failure when the reply is not over. */
  end(): readonly ReplyEvent[];
}

interface OpenPart {
  readonly type: 'text' | 'reasoning';
  readonly part: number;
  text: string;
  seal?: Seal;
  extras?: Extras;
  ended: boolean;
}

interface PendingCall {
  readonly value: JsonObject;
  readonly call: JsonObject;
  readonly args: ReturnType<typeof partialArguments>;
}

interface CandidateState {
  readonly index: number;
  /** The number of the next part. */
  next: number;
  /** The text or reasoning that the next chunk may go on with. */
  open?: OpenPart;
  /** Text parts so far: citations come when all is said. */
  readonly texts: OpenPart[];
  /** A call whose arguments come in pieces. */
  pending?: PendingCall;
  calls: number;
  finish?: string;
  finishMessage?: string;
  extras: JsonObject;
}

interface ReaderOptions {
  /** Citations may follow, so text is kept open until the end of its candidate. */
  readonly grounded: boolean;
  /** The body was whole: that it ended is no news that a finish reason would have to bring. */
  readonly whole: boolean;
}

const textMembers = members('text', 'thought', 'thoughtSignature');
const candidateMembers = members('content', 'finishReason', 'finishMessage', 'index');
const bodyMembers = members(
  'candidates',
  'promptFeedback',
  'usageMetadata',
  'modelVersion',
  'responseId',
  'createTime',
);

export function replyReader(context: DecodeReplyContext, { grounded, whole }: ReaderOptions): ReplyReader {
  let started = false;
  let promptFeedback: JsonObject | undefined;
  const candidates = new Map<number, CandidateState>();
  const usedIds = new Set<string>();
  let events: ReplyEvent[] = [];

  function chunk(body: JsonObject): readonly ReplyEvent[] {
    events = [];
    if (!started) start(body);
    promptFeedback = readObject(body, 'promptFeedback') ?? promptFeedback;
    readList(body, 'candidates').forEach((value, position) => {
      if (isObject(value)) candidate(value, readNumber(value, 'index') ?? position);
    });
    const usage = readObject(body, 'usageMetadata');
    // U8: the usage so far, in every chunk; the last one holds.
    if (usage) events.push({ type: 'usage', usage: decodeUsage(usage) });
    return events;
  }

  function start(body: JsonObject): void {
    started = true;
    const createTime = readText(body, 'createTime');
    const created = createTime === undefined ? Number.NaN : Math.floor(Date.parse(createTime) / 1000);
    events.push({
      type: 'reply-start',
      id: readText(body, 'responseId') ?? '',
      model: readText(body, 'modelVersion') ?? '',
      ...(Number.isFinite(created) && { created }),
      ...extrasOf(leftover(body, bodyMembers)),
    });
  }

  function candidate(value: JsonObject, index: number): void {
    let state = candidates.get(index);
    if (!state) candidates.set(index, (state = { index, next: 0, texts: [], calls: 0, extras: {} }));
    const content = readObject(value, 'content');
    if (content) for (const item of readList(content, 'parts')) if (isObject(item)) part(state, item);
    const finish = readText(value, 'finishReason');
    const message = readText(value, 'finishMessage');
    // F5: older models say STOP in every chunk, so that only the last word counts, and only when the stream is over.
    if (finish) state.finish = finish;
    if (message) state.finishMessage = message;
    const own = leftover(value, candidateMembers);
    if (own) state.extras = { ...state.extras, ...own };
  }

  function part(state: CandidateState, value: JsonObject): void {
    const call = readObject(value, 'functionCall');
    if (call) return functionCall(state, value, call);
    const place = placeOf(state);
    const media = decodeMediaPart(value, 'candidates');
    if (media) {
      const { at: _, seal: __, ...rest } = media;
      const seal = sealOf(value);
      return wholePart(state, { type: 'part', ...place, part: take(state), value: { ...rest, ...(seal && { seal }) } });
    }
    const text = readText(value, 'text');
    if (text !== undefined || !hasOtherContent(value)) return spoken(state, value, text ?? '');
    // executableCode, codeExecutionResult, toolCall … mean something to Gemini only.
    return wholePart(state, {
      type: 'part',
      ...place,
      part: take(state),
      value: { type: 'native', dialect: geminiName, value },
    });
  }

  function wholePart(state: CandidateState, event: ReplyEvent): void {
    close(state);
    events.push(event);
  }

  /** Text or thought: goes on with what is open, unless a signature or members of its own set it apart. */
  function spoken(state: CandidateState, value: JsonObject, text: string): void {
    const type = read(value, 'thought') === true ? 'reasoning' : 'text';
    const seal = sealOf(value);
    const { extras } = extrasOf(leftover(value, textMembers));
    if (text === '' && !seal && !extras) return;
    let open = state.open;
    const settled = open?.seal !== undefined || open?.extras !== undefined;
    if (!open || open.type !== type || settled || (extras && text !== '')) {
      close(state);
      open = { type, part: take(state), text: '', ended: false };
      state.open = open;
      if (type === 'text') state.texts.push(open);
      events.push({ type: `${type}-start`, ...placeOf(state), part: open.part });
    }
    if (text !== '') {
      open.text += text;
      events.push({ type: `${type}-delta`, ...placeOf(state), part: open.part, text });
    }
    // Z5: a signature may come alone, behind the text it belongs to.
    if (seal) open.seal = seal;
    if (extras) open.extras = extras;
  }

  function functionCall(state: CandidateState, value: JsonObject, call: JsonObject): void {
    const partial = readList(call, 'partialArgs');
    const goesOn = readBoolean(call, 'willContinue') === true;
    const { pending } = state;
    if (pending && !readText(call, 'name')) {
      pending.args.add(partial);
      if (goesOn) return;
      delete state.pending;
      return emitCall(state, pending.value, { ...pending.call, args: pending.args.value() });
    }
    // A call that another one overtook was never finished, and is not to be run.
    delete state.pending;
    if (!goesOn && partial.length === 0) return emitCall(state, value, call);
    const args = partialArguments();
    args.add(partial);
    if (goesOn) state.pending = { value, call, args };
    else emitCall(state, value, { ...call, args: args.value() });
  }

  function emitCall(state: CandidateState, value: JsonObject, call: JsonObject): void {
    if (!readText(call, 'name')) return;
    close(state);
    const number = take(state);
    const place = { ...placeOf(state), part: number };
    const seal = sealOf(value);
    const { type: _, arguments: written, seal: __, ...head } = decodeCall(value, call, idOf(state, call, number));
    state.calls++;
    events.push(
      { type: 'tool-call-start', ...place, ...head, ...(seal && { seal }) },
      { type: 'tool-call-delta', ...place, text: written },
      { type: 'tool-call-end', ...place },
    );
  }

  /** D6, G4: no id twice, whatever the upstream says; T6: without one, where the call stands. */
  function idOf(state: CandidateState, call: JsonObject, number: number): string {
    let id = readText(call, 'id') || synthesisedId(context.turn, number, state.index);
    if (usedIds.has(id)) id = synthesisedId(context.turn, number, state.index);
    while (usedIds.has(id)) id += '_';
    usedIds.add(id);
    return id;
  }

  function close(state: CandidateState): void {
    const { open } = state;
    delete state.open;
    if (open && !(open.type === 'text' && grounded)) endPart(state, open);
  }

  function endPart(state: CandidateState, open: OpenPart): void {
    if (open.ended) return;
    open.ended = true;
    const { seal, extras } = open;
    events.push({
      type: `${open.type}-end`,
      ...placeOf(state),
      part: open.part,
      ...(seal && { seal }),
      ...(extras && { extras }),
    });
  }

  function end(): readonly ReplyEvent[] {
    events = [];
    if (!started) throw new Failure('bad-upstream', 'The model sent nothing.');
    const blocked = promptFeedback && readText(promptFeedback, 'blockReason');
    const finished = [...candidates.values()].some((state) => state.finish !== undefined);
    if (candidates.size === 0 && blocked === undefined)
      throw new Failure('bad-upstream', 'The reply has neither candidates nor a reason why there are none.');
    if (!finished && blocked === undefined && !whole)
      throw new Failure('bad-upstream', 'The stream ended without a finish reason: the reply is cut.');
    if (candidates.size === 0) candidates.set(0, { index: 0, next: 0, texts: [], calls: 0, extras: {} });
    let searches = 0;
    for (const state of [...candidates.values()].sort((one, other) => one.index - other.index))
      searches += endCandidate(state, blocked);
    if (searches > 0) events.push({ type: 'usage', usage: { webSearches: searches } });
    events.push({ type: 'reply-end' });
    return events;
  }

  /** How many searches the candidate made. */
  function endCandidate(state: CandidateState, blocked: string | undefined): number {
    const grounding = readObject(state.extras, 'groundingMetadata');
    const stillOpen = state.texts.filter((text) => !text.ended);
    if (grounding)
      for (const { part: number, citation } of decodeCitations(grounding, stillOpen))
        events.push({ type: 'citation', ...placeOf(state), part: number, citation });
    for (const text of stillOpen) endPart(state, text);
    close(state);
    for (const value of grounding ? decodeSearch(grounding, `search_${context.turn}_${state.next}`) : [])
      events.push({ type: 'part', ...placeOf(state), part: take(state), value });
    const feedback = state.index === 0 && promptFeedback ? { promptFeedback } : {};
    const own: JsonObject = { ...state.extras, ...feedback };
    events.push({
      type: 'candidate-end',
      ...placeOf(state),
      finish: finishOf(state, blocked),
      ...extrasOf(Object.keys(own).length > 0 ? own : undefined),
    });
    return grounding ? searchQueries(grounding).length : 0;
  }

  /** F6: a blocked prompt is a reply, of nothing. */
  function finishOf(state: CandidateState, blocked: string | undefined) {
    if (state.finish === undefined && blocked !== undefined) {
      const explanation = promptFeedback && readText(promptFeedback, 'blockReasonMessage');
      return { reason: 'content-filter', raw: blocked, ...(explanation && { explanation }) } as const;
    }
    return settleFinish(decodeFinish(state.finish ?? 'OTHER', state.finishMessage), state.calls > 0);
  }

  function sealOf(value: JsonObject): Seal | undefined {
    const signature = readText(value, 'thoughtSignature');
    return signature && signature !== sentinel ? { issuer: context.signer, value: signature } : undefined;
  }

  return { chunk, end };
}

function take(state: CandidateState): number {
  return state.next++;
}

function placeOf(state: CandidateState): { readonly candidate?: number } {
  return state.index === 0 ? {} : { candidate: state.index };
}

/** Whether a body carries grounding, which cites text that stands before it. */
export function isGrounded(body: JsonObject): boolean {
  return readList(body, 'candidates').some(
    (value: Json) => isObject(value) && readObject(value, 'groundingMetadata') !== undefined,
  );
}
