import { collect } from '../../conversation/collect.ts';
import { Failure } from '../../conversation/failure.ts';
import type { Part } from '../../conversation/message.ts';
import type { Candidate, Finish, Reply } from '../../conversation/reply.ts';
import { carrySeal } from '../../conversation/seal.ts';
import { isObject, type JsonObject, tryParseJson } from '../../json.ts';
import type { DecodeReplyContext, EncodeReplyContext } from '../dialect.ts';
import { reportCitation, reportExtras, reportLost, reportMedia } from '../reply-losses.ts';
import { asUpstreamFailure } from './decode-stream.ts';
import { encodePart, type PartWriter } from './encode-parts.ts';
import { codeOf, decodeError } from './errors.ts';
import { encodeGrounding } from './grounding.ts';
import { geminiName, readText } from './members.ts';
import { isGrounded, replyReader } from './reply-reader.ts';
import { encodeFinish, encodeUsage } from './vocabulary.ts';

/** A whole reply. @throws Failure when the body is an error, or no reply at all. */
export function decodeReply(body: JsonObject, context: DecodeReplyContext): Reply {
  if (isObject(body['error'])) throw decodeError(codeOf(body['error']) ?? 500, body, {});
  const reader = replyReader(context, { grounded: isGrounded(body), whole: true });
  try {
    return collect([...reader.chunk(body), ...reader.end()]);
  } catch (error) {
    if (error instanceof Failure) throw asUpstreamFailure(error);
    throw error;
  }
}

export function encodeReply(reply: Reply, context: EncodeReplyContext): JsonObject {
  const [first] = reply.candidates;
  const promptFeedback = first && promptFeedbackOf(first);
  const candidates = reply.candidates.map((candidate, index) => encodeCandidate(candidate, index, context));
  return {
    ...reply.extras?.[geminiName],
    ...(promptFeedback && { promptFeedback }),
    ...(!(first && isBlocked(first)) && { candidates }),
    ...(reply.usage && { usageMetadata: encodeUsage(reply.usage) }),
    ...encodeHead(reply, context),
  };
}

/** What every chunk of a reply says of it. The model is the one that the caller asked for (N3). */
export function encodeHead(reply: Pick<Reply, 'id' | 'created'>, context: EncodeReplyContext): JsonObject {
  return {
    modelVersion: context.model,
    ...(reply.created !== undefined && { createTime: new Date(reply.created * 1000).toISOString() }),
    ...(reply.id !== '' && { responseId: reply.id }),
  };
}

/** Replies carry every seal in its native place, foreign ones in envelopes that the next request brings back. */
export const replyWriter: PartWriter = {
  signature: (seal, attachment) => carrySeal(seal, geminiName, attachment),
  callIds: true,
  resolutions: true,
};

/** A file that another vendor keeps is no use to the caller: left out, as an address that nobody can open. */
export function encodeReplyPart(part: Part, context: EncodeReplyContext): JsonObject | undefined {
  if (part.type === 'media' && part.source.type === 'file' && part.source.dialect !== geminiName) {
    reportMedia(context, part, 'dropped');
    return undefined;
  }
  if (part.type === 'text') {
    reportExtras(context, part.extras, geminiName);
    for (const citation of part.citations ?? []) reportCitation(context, citation, geminiName);
  }
  return encodePart(part, replyWriter);
}

function encodeCandidate(candidate: Candidate, index: number, context: EncodeReplyContext): JsonObject {
  const whole = cutsCalls(candidate.finish) ? candidate.parts.filter((part) => !isCut(part)) : candidate.parts;
  if (whole.length < candidate.parts.length) reportLost(context, 'tool_calls');
  reportExtras(context, candidate.extras, geminiName);
  const parts = whole.flatMap((part) => encodeReplyPart(part, context) ?? []);
  return {
    ...(parts.length > 0 && { content: { parts, role: 'model' } }),
    ...encodeEnding(candidate, index),
  };
}

/** F3: a reply that was stopped may have been stopped amid a call, which must not be run. */
export function cutsCalls({ reason }: Finish): boolean {
  return reason === 'length' || reason === 'context-window' || reason === 'content-filter' || reason === 'refusal';
}

export function isCut(part: Part): boolean {
  if (part.type !== 'tool-call' || part.kind !== 'function' || part.arguments.trim() === '') return false;
  return tryParseJson(part.arguments) === undefined;
}

/** Everything of a candidate but its content: what a stream says in its last chunk. */
export function encodeEnding({ parts, finish, extras }: Candidate, index: number): JsonObject {
  const { promptFeedback: _, ...own } = extras?.[geminiName] ?? {};
  const grounding = own['groundingMetadata'] === undefined ? encodeGrounding(parts) : undefined;
  return {
    ...own,
    finishReason: encodeFinish(finish),
    index,
    ...(finish.explanation !== undefined && { finishMessage: finish.explanation }),
    ...(grounding && { groundingMetadata: grounding }),
  };
}

export function promptFeedbackOf(candidate: Pick<Candidate, 'extras'>): JsonObject | undefined {
  const feedback = candidate.extras?.[geminiName]?.['promptFeedback'];
  return isObject(feedback) ? feedback : undefined;
}

/** F6: the prompt was blocked, so that there are no candidates. */
export function isBlocked(candidate: { readonly parts: readonly Part[] } & Pick<Candidate, 'extras'>): boolean {
  const feedback = promptFeedbackOf(candidate);
  return candidate.parts.length === 0 && feedback !== undefined && readText(feedback, 'blockReason') !== undefined;
}
