import { Failure } from '../../conversation/failure.ts';
import type { Part } from '../../conversation/message.ts';
import { settleFinish, type Candidate, type Finish, type Reply } from '../../conversation/reply.ts';
import { carrySeal } from '../../conversation/seal.ts';
import { isArray, isObject, object, text, type JsonObject } from '../../json.ts';
import type { DecodeReplyContext } from '../dialect.ts';
import { decodeBlocks, placed, type BlockReader } from './decode-blocks.ts';
import { encodeCall, ownCitation, reasoningBlock } from './encode-blocks.ts';
import { decodeError } from './errors.ts';
import { encodeMedia } from './media.ts';
import {
  decodeUsage,
  dialect,
  encodeUsage,
  extrasOf,
  finishOf,
  leftover,
  ownExtras,
  stopReasonOf,
} from './vocabulary.ts';
import type { WireBlock } from './wire.ts';

/** A whole Converse reply. @throws Failure when the body is an error, or no reply. */
export function decodeReply(body: JsonObject, context: DecodeReplyContext): Reply {
  const message = object(object(body.output)?.message);
  if (!message || !isArray(message.content)) {
    if (typeof body.message === 'string' || body.__type !== undefined) throw decodeError(500, body, {});
    throw upstream('Bedrock answered with something that is no Converse reply.');
  }
  const reader: BlockReader = { signer: context.signer, fault: upstream };
  const parts = decodeBlocks(placed(message.content, undefined), reader);
  const usage = decodeUsage(body.usage);
  return {
    // Bedrock names replies in a header only, and never the model.
    id: '',
    model: '',
    candidates: [
      {
        parts,
        ...ending(
          body,
          parts.some(({ type }) => type === 'tool-call'),
        ),
      },
    ],
    ...(usage && { usage }),
  };
}

function upstream(message: string): Failure {
  return new Failure('bad-upstream', message);
}

/** Why it ended, from a whole reply or from the events that end a stream, and what came along. */
export function ending(told: JsonObject, calls: boolean): Pick<Candidate, 'finish' | 'extras'> {
  const fields = object(told.additionalModelResponseFields);
  const stopSequence = text(fields?.stop_sequence);
  const declared: Finish = {
    ...finishOf(text(told.stopReason) ?? 'end_turn'),
    ...(stopSequence !== undefined && told.stopReason === 'stop_sequence' && { stopSequence }),
  };
  const more = fields && leftover(fields, ['stop_sequence']);
  const rest = leftover(told, ['output', 'stopReason', 'usage', 'metrics', 'additionalModelResponseFields', 'p']);
  return {
    finish: settleFinish(declared, calls),
    ...extrasOf({ ...rest, ...(more && { additionalModelResponseFields: more }) }),
  };
}

/** A Reply as Converse would have given it. */
export function encodeReply(reply: Reply): JsonObject {
  const [candidate] = reply.candidates;
  const parts = candidate?.parts ?? [];
  const content = parts.flatMap(blocksOf);
  return {
    output: { message: { role: 'assistant', content } },
    ...endMembers(candidate?.finish ?? { reason: 'stop' }, candidate?.extras, parts),
    usage: encodeUsage(reply.usage),
    metrics: { latencyMs: 0 },
    ...leftover(ownExtras(candidate?.extras), ['additionalModelResponseFields']),
  };
}

/** The members that say why: `messageStop` of a stream has the same. */
export function endMembers(
  finish: Finish,
  extras: Candidate['extras'],
  parts: readonly Pick<Part, 'type'>[],
): JsonObject {
  const settled = settleFinish(
    finish,
    parts.some(({ type }) => type === 'tool-call'),
  );
  const fields = {
    ...object(ownExtras(extras).additionalModelResponseFields),
    ...(settled.reason === 'stop-sequence' &&
      settled.stopSequence !== undefined && { stop_sequence: settled.stopSequence }),
  };
  return {
    stopReason: stopReasonOf(settled),
    ...(Object.keys(fields).length > 0 && { additionalModelResponseFields: fields }),
  };
}

export function blocksOf(part: Part): WireBlock[] {
  switch (part.type) {
    case 'text': {
      const citations = (part.citations ?? []).flatMap(ownCitation);
      if (citations.length > 0) return [{ citationsContent: { content: [{ text: part.text }], citations } }];
      return part.text === '' ? [] : [{ text: part.text }];
    }
    case 'refusal':
      return part.text === '' ? [] : [{ text: part.text }];
    case 'reasoning':
      return [reasoningBlock(part.text, part.seal && carrySeal(part.seal, dialect), part.redacted)];
    case 'tool-call':
      return [encodeCall(part)];
    case 'media':
      return [mediaBlock(part)];
    case 'native':
      return part.dialect === dialect && isObject(part.value) ? [part.value] : [];
    case 'server-tool-call':
    case 'server-tool-result':
      return [];
  }
}

/** What Converse replies have no block for is named in words. */
function mediaBlock(part: Extract<Part, { type: 'media' }>): WireBlock {
  if (part.kind !== 'image' || part.source.type !== 'base64') return { text: `(${part.kind})` };
  return encodeMedia(part, { report: () => undefined, names: new Set() });
}
