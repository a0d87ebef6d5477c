import { collect } from '../../conversation/collect.ts';
import type { Citation, MediaPart, Part, TextPart, ToolCallPart } from '../../conversation/message.ts';
import type { Candidate, Reply } from '../../conversation/reply.ts';
import { carrySeal } from '../../conversation/seal.ts';
import { list, object, type JsonObject } from '../../json.ts';
import type { DecodeReplyContext, EncodeReplyContext } from '../dialect.ts';
import { reportCitation, reportExtras, reportLost, reportMedia } from '../reply-losses.ts';
import { encodeFinish } from './finish.ts';
import { gap, gapsBetweenTexts } from './joined-text.ts';
import { replyReader } from './read-reply.ts';
import { encodeReasoning } from './reasoning.ts';
import { encodeUsage } from './usage.ts';
import { geminiSigner, name as dialect } from './vocabulary.ts';
import type { ChatReply, ReplyMessage, ToolCall } from './wire.ts';

/** @throws Failure when the body is an error or holds no reply. */
export function decodeReply(body: JsonObject, context: DecodeReplyContext): Reply {
  const reader = replyReader(context);
  const events = reader.take(body, true);
  return collect(events.at(-1)?.type === 'failure' ? events : [...events, ...reader.close(true)]);
}

export function encodeReply(reply: Reply, context: EncodeReplyContext): JsonObject {
  const legacy = isLegacy(context.request);
  const body: ChatReply = {
    id: reply.id === '' ? context.newId('chatcmpl-') : reply.id,
    object: 'chat.completion',
    created: reply.created ?? context.created,
    model: context.model,
    // F6: a blocked prompt may leave no candidate, and clients read choices[0].
    choices: (reply.candidates.length > 0 ? reply.candidates : [nothing]).map((candidate, index) => {
      const { message: own, logprobs, ...extras } = candidate.extras?.[dialect] ?? {};
      const message = encodeMessage(candidate, legacy, context);
      reportExtras(context, candidate.extras, dialect);
      const finish = encodeFinish(
        candidate.finish,
        candidate.parts.some((part) => part.type === 'refusal' && part.text !== ''),
      );
      return {
        index,
        message: { ...object(own), ...message },
        logprobs: logprobs ?? null,
        ...extras,
        ...finish,
        ...(message.function_call &&
          finish.finish_reason === 'tool_calls' && { finish_reason: 'function_call' as const }),
      };
    }),
    ...(reply.usage && { usage: encodeUsage(reply.usage) }),
  };
  return { ...reply.extras?.[dialect], ...body };
}

const nothing: Candidate = { parts: [], finish: { reason: 'other' } };

/** A caller that still asks with `functions` reads `function_call`. */
export function isLegacy(request: JsonObject | undefined): boolean {
  return list(request?.functions).length > 0 && list(request?.tools).length === 0;
}

function encodeMessage({ parts, finish }: Candidate, legacy: boolean, context: EncodeReplyContext): ReplyMessage {
  const texts = parts.filter((part) => part.type === 'text');
  const refusals = parts.flatMap((part) => (part.type === 'refusal' && part.text !== '' ? [part.text] : []));
  const calls = parts.filter((part) => part.type === 'tool-call');
  const gaps = gapsBetweenTexts(parts);
  const content = texts.map((part) => (gaps.has(part) ? gap + part.text : part.text)).join('');
  const annotations = citationsOf(texts, gaps, context);
  const media = parts.filter((part) => part.type === 'media').map((part) => encodeMedia(part, context));
  const images = media.flatMap(({ image }) => image ?? []);
  const audio = media.find((one) => one.audio)?.audio;
  const [first] = calls;
  for (const { extras } of texts) reportExtras(context, extras, dialect);
  if (parts.some(({ type }) => type === 'server-tool-call')) reportLost(context, 'web_search');
  if (legacy && calls.length > 1) reportLost(context, 'tool_calls');
  if (legacy && first?.seal) reportLost(context, 'signature');
  return {
    role: 'assistant',
    content: content === '' ? null : content,
    // F7: why it declined, where the vendor told but the model did not.
    refusal: refusals.length > 0 ? refusals.join('') : explanationOf(finish),
    ...encodeReasoning(parts),
    ...(annotations.length > 0 && { annotations }),
    ...(audio && { audio }),
    ...(images.length > 0 && { images }),
    ...(first && legacy && { function_call: { name: first.name, arguments: first.arguments } }),
    ...(first && !legacy && { tool_calls: calls.map(encodeReplyCall) }),
  };
}

export function explanationOf(finish: Candidate['finish']): string | null {
  return finish.reason === 'refusal' ? (finish.explanation ?? null) : null;
}

function encodeReplyCall(call: ToolCallPart): ToolCall {
  const extra = extraContent(call);
  if (call.kind === 'custom')
    return { id: call.id, type: 'custom', custom: { name: call.name, input: call.arguments }, ...extra };
  return { id: call.id, type: 'function', function: { name: call.name, arguments: call.arguments || '{}' }, ...extra };
}

/** Z6: Google's own member; a seal of anybody else travels there in an envelope. */
export function extraContent({ seal }: Pick<ToolCallPart, 'seal'>): Pick<ToolCall, 'extra_content'> {
  return seal ? { extra_content: { google: { thought_signature: carrySeal(seal, geminiSigner) } } } : {};
}

/** Offsets count within their own part; the parts are joined. */
function citationsOf(
  texts: readonly TextPart[],
  gaps: ReadonlySet<Part>,
  context: EncodeReplyContext,
): readonly JsonObject[] {
  let offset = 0;
  return texts.flatMap((part) => {
    const from = offset + (gaps.has(part) ? gap.length : 0);
    offset = from + part.text.length;
    const whole = { start: 0, end: part.text.length };
    return (part.citations ?? []).flatMap((citation) =>
      // OpenAI's types require both ends; a citation without them is of the whole text (W2).
      encodeCitation(citation.type === 'url' ? { ...whole, ...citation } : citation, from, context),
    );
  });
}

/** W2. A citation of another vendor's own kind points into documents that Chat has no name for. */
export function encodeCitation(citation: Citation, offset: number, context: EncodeReplyContext): readonly JsonObject[] {
  reportCitation(context, citation, dialect);
  if (citation.type === 'native') return citation.dialect === dialect ? [citation.value] : [];
  const { url, title, start, end, quote } = citation;
  return [
    {
      type: 'url_citation',
      url_citation: {
        ...(start !== undefined && { start_index: start + offset }),
        ...(end !== undefined && { end_index: end + offset }),
        ...(title !== undefined && { title }),
        url,
        ...(quote !== undefined && { content: quote }),
      },
    },
  ];
}

interface EncodedMedia {
  readonly image?: NonNullable<ReplyMessage['images']>[number];
  readonly audio?: JsonObject;
}

/** Images stand in OpenRouter's member, as OpenAI's Chat has none for them. */
export function encodeMedia(part: MediaPart, context: EncodeReplyContext): EncodedMedia {
  const { kind, source, seal } = part;
  const data = source.type === 'base64' ? `data:${source.mediaType};base64,${source.data}` : undefined;
  const url = source.type === 'url' ? source.url : data;
  if (seal) reportLost(context, 'signature');
  if (kind === 'image' && url !== undefined) return { image: { type: 'image_url', image_url: { url } } };
  if (kind === 'audio' && source.type === 'base64') return { audio: { ...part.extras?.[dialect], data: source.data } };
  reportMedia(context, part, 'dropped');
  return {};
}
