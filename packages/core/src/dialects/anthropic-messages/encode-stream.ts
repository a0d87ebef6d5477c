import type { Frame } from '../../bytes/framing.ts';
import type { CandidateEnd, ReasoningDelta, ReplyEvent, ReplyStart, TextDelta } from '../../conversation/event.ts';
import type { Failure } from '../../conversation/failure.ts';
import type { Part, Seal } from '../../conversation/message.ts';
import { settleFinish } from '../../conversation/reply.ts';
import { carrySeal } from '../../conversation/seal.ts';
import { serialise } from '../../conversation/serial.ts';
import { laterUsage, type Usage } from '../../conversation/usage.ts';
import { object, textOfJson, type Json, type JsonObject } from '../../json.ts';
import type { EncodeReplyContext, RepeatedFrame, StreamEncoder } from '../dialect.ts';
import { reportExtras, reportLost } from '../reply-losses.ts';
import { errorBody } from './errors.ts';
import { ownExtras } from './own-extras.ts';
import {
  blocksOf,
  carrier,
  citationBlock,
  directCaller,
  encodeFinish,
  foreignSearches,
  reasoningBlock,
} from './reply.ts';
import { dialect, encodeDeltaUsage, encodeUsage, withSearches } from './vocabulary.ts';
import type { WireBlock } from './wire.ts';

/** Reply events as Anthropic's: one message, its blocks one after another from index 0, the ending held until all is told. */
export function encodeStream(context: EncodeReplyContext): StreamEncoder {
  const serial = serialise();
  /** The event just pushed, if it was written at once and alone. */
  let direct: ReplyEvent | undefined;
  let started = false;
  let over = false;
  /** Index of the next block to open. */
  let next = 0;
  /** The block that is open on the wire, with the constant text around its hot deltas. */
  let open: { readonly index: number; readonly type: string; readonly before: string } | undefined;
  /** Text of the open text part, for citations that only say where they hang; a stream without them keeps none. */
  let spoken = '';
  const mayCite = citationsPossible(context);
  let freeText: string | undefined;
  let called = false;
  let usage: Usage | undefined;
  let ending: CandidateEnd | undefined;
  let searches = 0;
  /**
   * Seal of the text before, told when that has gone already. Its block is written once something follows, never at the end: there
   * clients look for the answer, and Claude Code's -p prints nothing when it finds another block. Gemini insists on the seals
   * of calls alone (Z4).
   */
  let carried: Seal | undefined;

  function push(event: ReplyEvent): readonly Frame[] {
    if (over) return [];
    if (event.type === 'failure') return fail(event.failure);
    if (event.type === 'candidate-end' && event.candidate) reportLost(context, 'candidates');
    const out: Frame[] = [];
    const events = serial(event);
    for (const each of events) write(each, out);
    direct = events.length === 1 && events[0] === event ? event : undefined;
    return out;
  }

  function repeated(delta: TextDelta | ReasoningDelta): RepeatedFrame | undefined {
    if (!open || direct !== delta) return undefined;
    const frame = { event: 'content_block_delta', before: open.before, after: '}}' };
    if (!mayCite || delta.type !== 'text-delta') return frame;
    return { ...frame, passed: (json) => void (spoken += textOfJson(json)) };
  }

  function write(event: ReplyEvent, out: Frame[]): void {
    if (!started && event.type !== 'reply-start') start({ type: 'reply-start', id: '', model: '' }, out);
    switch (event.type) {
      case 'reply-start':
        if (!started) start(event, out);
        return;
      case 'text-delta':
        if (event.text === '') return;
        if (mayCite) spoken += event.text;
        writeDelta('text', event.text, out);
        return;
      case 'reasoning-delta':
        if (event.text !== '') writeDelta('thinking', event.text, out);
        return;
      case 'tool-call-delta':
        if (freeText !== undefined) freeText += event.text;
        else if (event.text !== '') writeDelta('tool_use', event.text, out);
        return;
      case 'text-start':
        spoken = '';
        return;
      case 'reasoning-start':
        return;
      case 'tool-call-start':
        for (const block of carrier(event.seal, 'call')) writeBlock(block, out);
        called = true;
        freeText = event.kind === 'custom' ? '' : undefined;
        openBlock(
          { type: 'tool_use', id: event.id, name: event.name, input: {}, ...directCaller, ...ownExtras(event.extras) },
          out,
        );
        return;
      case 'citation':
        for (const citation of citationBlock(event.citation, spoken, context)) {
          if (open?.type !== 'text') openBlock({ type: 'text', text: '', citations: null }, out);
          out.push(deltaFrame(open?.index ?? 0, { type: 'citations_delta', citation }));
        }
        return;
      case 'text-end':
        closeBlock(out);
        carried = event.seal ?? carried;
        reportExtras(context, event.extras, dialect);
        return;
      case 'reasoning-end':
        endReasoning(event, out);
        return;
      case 'tool-call-end':
        if (freeText !== undefined) writeDelta('tool_use', JSON.stringify({ input: freeText }), out);
        freeText = undefined;
        closeBlock(out);
        return;
      case 'part':
        writePart(event.value, out);
        return;
      case 'usage':
        usage = laterUsage(usage, event.usage);
        return;
      case 'candidate-end':
        ending ??= event;
        reportExtras(context, event.extras, dialect);
        return;
      case 'reply-end':
        finish(out);
        return;
      case 'failure':
    }
  }

  /** A4, A5: exactly one, with numbers for usage whatever is known by now. */
  function start(event: ReplyStart, out: Frame[]): void {
    started = true;
    usage = laterUsage(usage, event.usage);
    const { usage: told, ...extras } = ownExtras(event.extras);
    const message = {
      id: event.id === '' ? context.newId('msg_') : event.id,
      type: 'message',
      role: 'assistant',
      model: context.model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      stop_details: null,
      container: null,
      diagnostics: null,
      ...extras,
      usage: { ...encodeUsage(usage), ...object(told) },
    };
    out.push(frame({ type: 'message_start', message }));
  }

  /** The hot path: everything but the text itself is constant while the block is open. */
  function writeDelta(type: 'text' | 'thinking' | 'tool_use', piece: string, out: Frame[]): void {
    if (open?.type !== type) openBlock(emptyBlocks[type], out);
    if (open) out.push({ event: 'content_block_delta', data: `${open.before}${JSON.stringify(piece)}}}` });
  }

  function openBlock(block: JsonObject, out: Frame[]): void {
    closeBlock(out);
    const behind = carrier(carried, 'text');
    carried = undefined;
    for (const carrying of behind) writeBlock(carrying, out);
    const index = next++;
    const type = String(block.type);
    const [name, member] = deltaNames[type] ?? deltaNames.tool_use;
    const before = `{"type":"content_block_delta","index":${index},"delta":{"type":"${name}","${member}":`;
    open = { index, type, before };
    out.push(frame({ type: 'content_block_start', index, content_block: block }));
  }

  function closeBlock(out: Frame[]): void {
    if (!open) return;
    out.push({ event: 'content_block_stop', data: `{"type":"content_block_stop","index":${open.index}}` });
    open = undefined;
  }

  /** Z15: the signature comes last, and once. Without any text the block is only opened for the seal's sake. */
  function endReasoning(event: Extract<ReplyEvent, { type: 'reasoning-end' }>, out: Frame[]): void {
    if (event.seal && event.redacted && !open) {
      for (const block of reasoningBlock('', event.seal, true)) writeBlock(block, out);
      return;
    }
    if (event.seal) {
      if (!open) openBlock(emptyBlocks.thinking, out);
      out.push(deltaFrame(next - 1, { type: 'signature_delta', signature: carrySeal(event.seal, dialect) }));
    }
    closeBlock(out);
  }

  function writePart(part: Part, out: Frame[]): void {
    closeBlock(out);
    if (part.type === 'tool-call') called = true;
    searches += foreignSearches([part]);
    for (const block of blocksOf(part, context)) writeBlock(block, out);
  }

  /** A whole block, in the same steps in which the vendor would have told it (D8: input never in the start). */
  function writeBlock(block: WireBlock, out: Frame[]): void {
    switch (block.type) {
      case 'text':
        openBlock({ ...block, text: '', citations: null }, out);
        writeDelta('text', String(block.text), out);
        for (const citation of Array.isArray(block.citations) ? block.citations : [])
          out.push(deltaFrame(next - 1, { type: 'citations_delta', citation }));
        break;
      case 'thinking':
        openBlock(emptyBlocks.thinking, out);
        if (block.thinking !== '') writeDelta('thinking', String(block.thinking), out);
        if (block.signature !== '')
          out.push(deltaFrame(next - 1, { type: 'signature_delta', signature: block.signature ?? '' }));
        break;
      case 'tool_use':
      case 'server_tool_use':
      case 'mcp_tool_use': {
        openBlock({ ...block, input: {} }, out);
        const written = JSON.stringify(block.input ?? {});
        if (written !== '{}') out.push(deltaFrame(next - 1, { type: 'input_json_delta', partial_json: written }));
        break;
      }
      default:
        openBlock(block, out);
    }
    closeBlock(out);
  }

  /** A6, A7: the final totals are told once, when nothing more can come. */
  function finish(out: Frame[]): void {
    closeBlock(out);
    over = true;
    if (carried) reportLost(context, 'signature');
    const { usage: told, stop_details: _, container, ...extras } = ownExtras(ending?.extras);
    const declared = settleFinish(ending?.finish ?? { reason: 'stop' }, called);
    const delta = { ...encodeFinish(declared, ending?.extras), container: container ?? null };
    out.push(
      frame({
        type: 'message_delta',
        delta,
        ...extras,
        usage: { ...encodeDeltaUsage(withSearches(usage, searches)), ...object(told) },
      }),
      { event: 'message_stop', data: '{"type":"message_stop"}' },
    );
  }

  /** E5: what broke off says so, and does not look finished. */
  function fail(failure: Failure): readonly Frame[] {
    over = true;
    return [frame(errorBody(failure, failure.details.requestId))];
  }

  return { push, repeated };
}

const deltaNames = {
  text: ['text_delta', 'text'],
  thinking: ['thinking_delta', 'thinking'],
  tool_use: ['input_json_delta', 'partial_json'],
} as const as Readonly<Record<string, readonly [string, string]>> & { readonly tool_use: readonly [string, string] }; // looked up by any type

const emptyBlocks = {
  text: { type: 'text', text: '', citations: null },
  thinking: { type: 'thinking', thinking: '', signature: '' },
  tool_use: { type: 'tool_use', id: '', name: '', input: {} },
} as const;

function deltaFrame(index: number, delta: JsonObject): Frame {
  return { event: 'content_block_delta', data: JSON.stringify({ type: 'content_block_delta', index, delta }) };
}

/** A1: the SDK skips every event whose name is missing. */
function frame(event: { readonly type: string; readonly [key: string]: Json }): Frame {
  return { event: event.type, data: JSON.stringify(event) };
}

/** Only searches, vendor-run tools and documents are cited. */
function citationsPossible({ conversation }: EncodeReplyContext): boolean {
  if (!conversation) return true;
  return (
    conversation.tools.some(({ type }) => type === 'web-search' || type === 'native') ||
    conversation.messages.some(
      (message) =>
        (message.role === 'user' && message.parts.some((part) => part.type === 'media' || part.type === 'native')) ||
        message.role === 'tool',
    )
  );
}
