import type { Frame } from '../../bytes/framing.ts';
import type { ReplyEvent } from '../../conversation/event.ts';
import { Failure } from '../../conversation/failure.ts';
import type { Part } from '../../conversation/message.ts';
import type { Finish } from '../../conversation/reply.ts';
import { lookUp, isObject, list, number, object, text, tryParseJson, type Json, type JsonObject } from '../../json.ts';
import type { DecodeReplyContext, StreamDecoder } from '../dialect.ts';
import { callExtras, decodeBlocks, decodeCitation } from './decode-blocks.ts';
import { decodeErrorBody } from './errors.ts';
import { outputTool } from './output-form.ts';
import { candidateExtras, finishOfDelta, replyHead, unwrapsOutput } from './reply.ts';
import { decodeUsage, extrasOf, leftover } from './vocabulary.ts';

/** A block between its start and its stop. */
interface OpenBlock {
  readonly part: number;
  readonly kind: 'text' | 'thinking' | 'call' | 'answer' | 'whole';
  /** Signature, tool input or partial JSON so far. */
  written: string;
  /** `whole`: the block as it will be. `call`: an input some hosts put into the start (D8). */
  block: JsonObject;
}

/** Anthropic's server-sent events, in order of arrival, as reply events. */
export function decodeStream(context: DecodeReplyContext): StreamDecoder {
  const unwraps = unwrapsOutput(context);
  const open = new Map<number, OpenBlock>();
  let parts = 0;
  let started = false;
  let over = false;
  let called = false;
  /** From the last message_delta; a stream that has one has an end, even without message_stop (A8). */
  let delta: JsonObject | undefined;
  let usage: JsonObject | undefined;

  function push(frame: Frame): readonly ReplyEvent[] {
    if (over) return [];
    const event = tryParseJson(frame.data);
    if (!isObject(event))
      return fail(new Failure('bad-upstream', 'The upstream sent an event that is not a JSON object.'));
    switch (event.type) {
      case 'content_block_delta':
        return onDelta(number(event.index) ?? 0, object(event.delta) ?? {});
      case 'content_block_start':
        return onStart(number(event.index) ?? 0, object(event.content_block) ?? {});
      case 'content_block_stop':
        return close(number(event.index) ?? 0);
      case 'message_start':
        return onMessage(object(event.message) ?? {});
      case 'message_delta':
        return onMessageDelta(event);
      case 'message_stop':
        return finish();
      case 'error':
        return fail(decodeErrorBody(undefined, event, {}));
      default:
        // Pings, and events newer than this code (A11).
        return isObject(event.error) ? fail(decodeErrorBody(undefined, event, {})) : [];
    }
  }

  /** Some hosts leave out message_start; nothing may come before it. */
  function begin(): ReplyEvent[] {
    return started ? [] : [...onMessage({})];
  }

  function onMessage(message: JsonObject): readonly ReplyEvent[] {
    if (started) return [];
    started = true;
    usage = object(message.usage);
    const told = decodeUsage(usage);
    return [{ type: 'reply-start', ...replyHead(message), ...(told && { usage: told }) }];
  }

  function onStart(index: number, block: JsonObject): readonly ReplyEvent[] {
    const out = [...begin(), ...close(index)];
    const part = parts++;
    switch (block.type) {
      case 'text':
        open.set(index, { part, kind: 'text', written: '', block });
        out.push({ type: 'text-start', part });
        if (text(block.text)) out.push({ type: 'text-delta', part, text: text(block.text) ?? '' });
        for (const citation of list(block.citations))
          if (isObject(citation)) out.push({ type: 'citation', part, citation: decodeCitation(citation) });
        return out;
      case 'thinking':
        open.set(index, { part, kind: 'thinking', written: text(block.signature) ?? '', block });
        out.push({ type: 'reasoning-start', part });
        if (text(block.thinking)) out.push({ type: 'reasoning-delta', part, text: text(block.thinking) ?? '' });
        return out;
      case 'tool_use':
        return [...out, ...onCall(index, part, block)];
      default:
        open.set(index, { part, kind: 'whole', written: '', block });
        return out;
    }
  }

  function onCall(index: number, part: number, block: JsonObject): readonly ReplyEvent[] {
    const name = text(block.name) ?? '';
    if (unwraps && name === outputTool) {
      open.set(index, { part, kind: 'answer', written: '', block });
      return [{ type: 'text-start', part }];
    }
    called = true;
    open.set(index, { part, kind: 'call', written: '', block });
    return [{ type: 'tool-call-start', part, id: text(block.id) ?? '', name, kind: 'function', ...callExtras(block) }];
  }

  function onDelta(index: number, delta: JsonObject): readonly ReplyEvent[] {
    const block = open.get(index);
    if (!block) return openLate(index, delta);
    const { part, kind } = block;
    switch (delta.type) {
      case 'text_delta':
        return kind === 'text' ? [{ type: 'text-delta', part, text: text(delta.text) ?? '' }] : [];
      case 'thinking_delta':
        return kind === 'thinking' ? [{ type: 'reasoning-delta', part, text: text(delta.thinking) ?? '' }] : [];
      case 'signature_delta':
        block.written = text(delta.signature) ?? block.written;
        return [];
      case 'input_json_delta':
        return onInput(block, text(delta.partial_json) ?? '');
      case 'citations_delta':
        if (kind !== 'text' || !isObject(delta.citation)) return [];
        return [{ type: 'citation', part, citation: decodeCitation(delta.citation) }];
      default:
        // compaction_delta and its like: members of the block that come later.
        if (kind === 'whole') block.block = { ...block.block, ...delta, type: block.block.type ?? null };
        return [];
    }
  }

  /** Some hosts leave out the start of a block. */
  function openLate(index: number, delta: JsonObject): readonly ReplyEvent[] {
    const type = lookUp({ text_delta: 'text', thinking_delta: 'thinking' }, text(delta.type));
    return type === undefined ? [] : [...onStart(index, { type }), ...onDelta(index, delta)];
  }

  function onInput(block: OpenBlock, piece: string): readonly ReplyEvent[] {
    block.written += piece;
    if (piece === '') return [];
    if (block.kind === 'call') return [{ type: 'tool-call-delta', part: block.part, text: piece }];
    return block.kind === 'answer' ? [{ type: 'text-delta', part: block.part, text: piece }] : [];
  }

  function close(index: number, cut = false): readonly ReplyEvent[] {
    const block = open.get(index);
    if (!block) return [];
    open.delete(index);
    const { part, written } = block;
    switch (block.kind) {
      case 'text':
        return [{ type: 'text-end', part, ...extrasOf(leftover(block.block, ['type', 'text', 'citations'])) }];
      case 'answer':
        return [{ type: 'text-end', part }];
      case 'thinking':
        return [
          { type: 'reasoning-end', part, ...(written !== '' && { seal: { issuer: context.signer, value: written } }) },
        ];
      case 'call':
        return closeCall(block, cut);
      case 'whole':
        return [{ type: 'part', part, value: wholePart(block) }];
    }
  }

  function closeCall({ part, written, block }: OpenBlock, cut: boolean): readonly ReplyEvent[] {
    const out: ReplyEvent[] = [];
    const early = written === '' && isObject(block.input) && Object.keys(block.input).length > 0;
    if (early) out.push({ type: 'tool-call-delta', part, text: JSON.stringify(block.input) });
    const broken = cut || (written.trim() !== '' && tryParseJson(written) === undefined);
    out.push({ type: 'tool-call-end', part, ...(broken && { truncated: true as const }) });
    return out;
  }

  function wholePart({ block, written }: OpenBlock): Part {
    const input = written === '' ? undefined : tryParseJson(written);
    const whole = input === undefined ? block : { ...block, input };
    const reader = { signer: context.signer, fault: (message: string) => new Failure('bad-upstream', message) };
    const typed = typeof whole.type === 'string' ? whole : { ...whole, type: 'unknown' };
    const [part] = decodeBlocks([{ block: typed, at: undefined }], reader);
    return part ?? { type: 'text', text: '' };
  }

  function onMessageDelta(event: JsonObject): readonly ReplyEvent[] {
    const { type: _, delta: change, usage: counts, ...rest } = event;
    delta = { ...delta, ...leftoverNulls(rest), ...leftoverNulls(object(change) ?? {}) };
    usage = { ...usage, ...leftoverNulls(object(counts) ?? {}) };
    const told = decodeUsage(usage);
    return told ? [...begin(), { type: 'usage', usage: told }] : [];
  }

  function finish(): readonly ReplyEvent[] {
    const out = [...begin(), ...[...open.keys()].flatMap((index) => close(index))];
    const ending: Finish = finishOfDelta(delta ?? {}, called);
    out.push({ type: 'candidate-end', finish: ending, ...candidateExtras(delta ?? {}, usage) }, { type: 'reply-end' });
    over = true;
    return out;
  }

  function fail(failure: Failure): readonly ReplyEvent[] {
    over = true;
    return [{ type: 'failure', failure }];
  }

  function end(): readonly ReplyEvent[] {
    if (over) return [];
    if (text(delta?.stop_reason) !== undefined) return finish();
    const closed = [...open.keys()].flatMap((index) => close(index, true));
    return [...closed, ...fail(new Failure('bad-upstream', 'The upstream’s stream broke off before its end.'))];
  }

  // A structured answer's pieces are kept besides, so they must be pushed; they stand in `partial_json`.
  return { push, end, repeats: ({ type }) => [type === 'text-delta' ? 'text' : 'thinking'] };
}

/** U4: a null that comes later says nothing about what came before. */
function leftoverNulls(members: JsonObject): JsonObject {
  const out: Record<string, Json> = {};
  for (const key in members) if (members[key] !== null && members[key] !== undefined) out[key] = members[key];
  return out;
}
