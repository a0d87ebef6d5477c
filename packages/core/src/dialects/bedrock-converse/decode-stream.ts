import type { Frame } from '../../bytes/framing.ts';
import type { ReplyEvent } from '../../conversation/event.ts';
import { Failure } from '../../conversation/failure.ts';
import { isObject, number, object, text, tryParseJson, type JsonObject } from '../../json.ts';
import type { DecodeReplyContext, StreamDecoder } from '../dialect.ts';
import { decodeBlocks, decodeCitation } from './decode-blocks.ts';
import { decodeException } from './errors.ts';
import { ending } from './reply.ts';
import { decodeUsage, dialect } from './vocabulary.ts';

interface OpenBlock {
  readonly part: number;
  readonly kind: 'text' | 'reasoning' | 'call' | 'whole';
  /** Signature, redacted content or tool input so far. */
  written: string;
  redacted: boolean;
  /** `whole`: the block as it will be. */
  block: JsonObject;
}

/** ConverseStream's events, in order of arrival, as reply events. */
export function decodeStream(context: DecodeReplyContext): StreamDecoder {
  const open = new Map<number, OpenBlock>();
  let parts = 0;
  let started = false;
  let over = false;
  let called = false;
  /** From messageStop; usage comes behind it (B2), and a stream without either has been cut. */
  let stop: JsonObject | undefined;

  function push(frame: Frame): readonly ReplyEvent[] {
    if (over) return [];
    if (frame.exception || frame.event?.endsWith('Exception'))
      return fail(decodeException(frame.event ?? '', frame.data));
    const event = tryParseJson(frame.data);
    if (!isObject(event)) return fail(new Failure('bad-upstream', 'Bedrock sent an event that is not a JSON object.'));
    const index = number(event.contentBlockIndex) ?? 0;
    switch (frame.event) {
      case 'contentBlockDelta':
        return onDelta(index, object(event.delta) ?? {});
      case 'contentBlockStart':
        return onStart(index, object(event.start) ?? {});
      case 'contentBlockStop':
        return close(index);
      case 'messageStart':
        return begin();
      case 'messageStop':
        stop = event;
        return [...begin(), ...closeAll()];
      case 'metadata':
        return onMetadata(event);
      default:
        // Events newer than this code (A11).
        return [];
    }
  }

  function begin(): ReplyEvent[] {
    if (started) return [];
    started = true;
    return [{ type: 'reply-start', id: '', model: '' }];
  }

  function onStart(index: number, start: JsonObject): readonly ReplyEvent[] {
    const out = [...begin(), ...close(index)];
    const call = object(start.toolUse);
    if (!call || call.type === 'server_tool_use') {
      const [name = 'text'] = Object.keys(start);
      openBlock(index, 'whole', { [name]: start[name] ?? {} });
      return out;
    }
    called = true;
    const { part } = openBlock(index, 'call');
    out.push({
      type: 'tool-call-start',
      part,
      id: text(call.toolUseId) ?? '',
      name: text(call.name) ?? '',
      kind: 'function',
    });
    return out;
  }

  function openBlock(index: number, kind: OpenBlock['kind'], block: JsonObject = {}): OpenBlock {
    const opened: OpenBlock = { part: parts++, kind, written: '', redacted: false, block };
    open.set(index, opened);
    return opened;
  }

  function onDelta(index: number, delta: JsonObject): readonly ReplyEvent[] {
    const block = open.get(index);
    if (typeof delta.text === 'string') {
      const opened = block ? [] : startOf(index, 'text');
      const at = open.get(index);
      if (at?.kind !== 'text') return opened;
      return delta.text === '' ? opened : [...opened, { type: 'text-delta', part: at.part, text: delta.text }];
    }
    if (isObject(delta.reasoningContent)) return onReasoning(index, delta.reasoningContent);
    if (isObject(delta.citation)) {
      const opened = block ? [] : startOf(index, 'text');
      const part = open.get(index)?.part ?? 0;
      return [...opened, { type: 'citation', part, citation: decodeCitation(delta.citation) }];
    }
    const input = text(object(delta.toolUse)?.input);
    if (block?.kind === 'call' && input !== undefined && input !== '') {
      block.written += input;
      return [{ type: 'tool-call-delta', part: block.part, text: input }];
    }
    if (block?.kind === 'whole') block.block = grown(block.block, delta);
    return [];
  }

  /** Text and reasoning are not announced by a start (B2). */
  function startOf(index: number, kind: 'text' | 'reasoning'): ReplyEvent[] {
    const out = begin();
    const { part } = openBlock(index, kind);
    out.push(kind === 'text' ? { type: 'text-start', part } : { type: 'reasoning-start', part });
    return out;
  }

  function onReasoning(index: number, content: JsonObject): readonly ReplyEvent[] {
    const opened = open.has(index) ? [] : startOf(index, 'reasoning');
    const block = open.get(index);
    if (block?.kind !== 'reasoning') return opened;
    const redacted = text(content.redactedContent);
    block.written += redacted ?? text(content.signature) ?? '';
    if (redacted !== undefined) block.redacted = true;
    const words = text(content.text) ?? '';
    return words === '' ? opened : [...opened, { type: 'reasoning-delta', part: block.part, text: words }];
  }

  function close(index: number, cut = false): readonly ReplyEvent[] {
    const block = open.get(index);
    if (!block) return [];
    open.delete(index);
    const { part, written, redacted } = block;
    switch (block.kind) {
      case 'text':
        return [{ type: 'text-end', part }];
      case 'reasoning': {
        const seal = written === '' ? {} : { seal: { issuer: context.signer, value: written } };
        return [{ type: 'reasoning-end', part, ...seal, ...(redacted && { redacted }) }];
      }
      case 'call': {
        const broken = cut || (written.trim() !== '' && tryParseJson(written) === undefined);
        return [{ type: 'tool-call-end', part, ...(broken && { truncated: true as const }) }];
      }
      case 'whole':
        return [{ type: 'part', part, value: wholePart(block) }];
    }
  }

  function wholePart({ block }: OpenBlock) {
    const reader = { signer: context.signer, fault: (message: string) => new Failure('bad-upstream', message) };
    try {
      const [part] = decodeBlocks([{ block, at: undefined }], reader);
      if (part) return part;
    } catch {
      // An image without its bytes, say: what came is kept as it came.
    }
    return { type: 'native' as const, dialect, value: block };
  }

  function closeAll(cut = false): readonly ReplyEvent[] {
    return [...open.keys()].flatMap((index) => close(index, cut));
  }

  function onMetadata(event: JsonObject): readonly ReplyEvent[] {
    const usage = decodeUsage(event.usage);
    const told: ReplyEvent[] = usage ? [{ type: 'usage', usage }] : [];
    if (!stop) return [...begin(), ...told];
    return [...told, ...finish({ ...event, ...stop })];
  }

  function finish(told: JsonObject): readonly ReplyEvent[] {
    over = true;
    return [{ type: 'candidate-end', ...ending(told, called) }, { type: 'reply-end' }];
  }

  function fail(failure: Failure): readonly ReplyEvent[] {
    over = true;
    return [{ type: 'failure', failure }];
  }

  function end(): readonly ReplyEvent[] {
    if (over) return [];
    // Complete but for its counts (A8).
    if (stop) return finish(stop);
    return [...closeAll(true), ...fail(new Failure('bad-upstream', 'Bedrock’s stream broke off before its end.'))];
  }

  return { push, end, repeats: () => ['text'] };
}

/** Pieces of a block that no caller sees growing: texts are joined, everything else is put beside what is there. */
function grown(block: JsonObject, delta: JsonObject): JsonObject {
  const out: Record<string, JsonObject[string]> = { ...block };
  for (const [name, piece] of Object.entries(delta)) {
    const before = object(out[name]) ?? {};
    if (!isObject(piece)) continue;
    const joined: Record<string, JsonObject[string]> = { ...before };
    for (const [key, value] of Object.entries(piece)) {
      const earlier = joined[key];
      joined[key] = typeof value === 'string' && typeof earlier === 'string' ? earlier + value : value;
    }
    out[name] = joined;
  }
  return out;
}
