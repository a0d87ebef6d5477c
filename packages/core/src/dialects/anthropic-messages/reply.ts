import { Failure } from '../../conversation/failure.ts';
import type { Citation, Part, Seal, TextPart } from '../../conversation/message.ts';
import { settleFinish, type Candidate, type Finish, type Reply } from '../../conversation/reply.ts';
import { carrySeal, type Attachment } from '../../conversation/seal.ts';
import { isArray, isObject, object, text, type Json, type JsonObject } from '../../json.ts';
import type { DecodeReplyContext, EncodeReplyContext } from '../dialect.ts';
import { reportCitation, reportExtras, reportLost, reportMedia } from '../reply-losses.ts';
import { decodeContent, type BlockReader } from './decode-blocks.ts';
import { inputOf, webCitation } from './encode-blocks.ts';
import { decodeErrorBody } from './errors.ts';
import { textOfMedia } from './media-text.ts';
import { outputMeans, outputTool } from './output-form.ts';
import { ownExtras } from './own-extras.ts';
import { foreignSearchId } from './search-id.ts';
import {
  decodeUsage,
  dialect,
  encodeUsage,
  extrasOf,
  finishOf,
  leftover,
  stopReasonOf,
  withSearches,
} from './vocabulary.ts';
import type { WireBlock, WireCitation } from './wire.ts';

/** A whole Message as a Reply. @throws Failure when the body is an error, or no Message. */
export function decodeReply(body: JsonObject, context: DecodeReplyContext): Reply {
  if (body.type === 'error' || isObject(body.error)) throw decodeErrorBody(undefined, body, {});
  if (!isArray(body.content)) throw upstream('The upstream answered with something that is not a Message.');
  const reader: BlockReader = { signer: context.signer, fault: upstream };
  const parts = unwrapOutput(decodeContent(body.content, undefined, reader), context);
  return {
    ...replyHead(body),
    candidates: [
      {
        parts,
        finish: finishOfDelta(body, hasCalls(parts)),
        ...candidateExtras(body, object(body.usage)),
      },
    ],
    ...usageOf(body.usage),
  };
}

function upstream(message: string): Failure {
  return new Failure('bad-upstream', message);
}

/** What is known when a reply begins: also what `message_start` carries. */
export function replyHead(message: JsonObject): Pick<Reply, 'id' | 'model' | 'extras'> {
  const usage = object(message.usage);
  const told: Record<string, Json> = {};
  for (const name of ['service_tier', 'inference_geo', 'speed'])
    if (usage?.[name] !== undefined && usage[name] !== null) told[name] = usage[name];
  const head = {
    ...(message.diagnostics !== undefined && { diagnostics: message.diagnostics }),
    ...(Object.keys(told).length > 0 && { usage: told }),
  };
  return { id: text(message.id) ?? '', model: text(message.model) ?? '', ...extrasOf(leftover(head, [])) };
}

function usageOf(wire: Json | undefined): Pick<Reply, 'usage'> {
  const usage = decodeUsage(wire);
  return usage ? { usage } : {};
}

function hasCalls(parts: readonly Part[]): boolean {
  return parts.some((part) => part.type === 'tool-call');
}

/** Stop reason, sequence and details, from a Message or from the delta that ends one. */
export function finishOfDelta(delta: JsonObject, calls: boolean): Finish {
  const stopSequence = text(delta.stop_sequence);
  const explanation = text(object(delta.stop_details)?.explanation);
  const declared = {
    ...finishOf(text(delta.stop_reason) ?? 'end_turn'),
    ...(stopSequence !== undefined && { stopSequence }),
    ...(explanation !== undefined && { explanation }),
  };
  return settleFinish(declared, calls);
}

const knownUsage = [
  ...['input_tokens', 'output_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens', 'cache_creation'],
  ...['output_tokens_details', 'service_tier', 'inference_geo', 'speed'],
];
const knownMembers = [
  ...['id', 'type', 'role', 'model', 'content', 'usage', 'stop_reason', 'stop_sequence', 'diagnostics', 'stop_details'],
];

/** What is known when it ends and has no place in the hub: container, context_management, iterations … */
export function candidateExtras(message: JsonObject, usage: JsonObject | undefined): Pick<Candidate, 'extras'> {
  const rest: Record<string, Json> = { ...leftover(message, knownMembers) };
  const details = object(message.stop_details);
  if (details && leftover(details, ['type', 'explanation'])) rest.stop_details = details;
  const told = usage && usageExtras(usage);
  if (told) rest.usage = told;
  return extrasOf(leftover(rest, []));
}

function usageExtras(usage: JsonObject): JsonObject | undefined {
  const { server_tool_use: tools, ...rest } = leftover(usage, knownUsage) ?? {};
  const fetches = object(tools)?.web_fetch_requests;
  return leftover(
    { ...rest, ...(typeof fetches === 'number' && fetches > 0 && { server_tool_use: tools ?? null }) },
    [],
  );
}

/** O3: the input of the tool that stood in for structured output is the answer's text. */
function unwrapOutput(parts: readonly Part[], context: DecodeReplyContext): readonly Part[] {
  if (!unwrapsOutput(context)) return parts;
  return parts.map((part): Part =>
    part.type === 'tool-call' && part.name === outputTool ? { type: 'text', text: part.arguments } : part,
  );
}

export function unwrapsOutput({ conversation, facts }: DecodeReplyContext): boolean {
  return conversation !== undefined && outputMeans(conversation, facts) === 'tool';
}

/** A Reply as a whole Message, with every member the SDK's types require. */
export function encodeReply(reply: Reply, context: EncodeReplyContext): JsonObject {
  const [candidate] = reply.candidates;
  if (reply.candidates.length > 1) reportLost(context, 'candidates');
  reportExtras(context, candidate?.extras, dialect);
  const parts = candidate?.parts ?? [];
  const finish = settleFinish(candidate?.finish ?? { reason: 'stop' }, hasCalls(parts));
  const { usage: lateUsage, stop_details: _, ...late } = ownExtras(candidate?.extras);
  const { usage: earlyUsage, ...early } = ownExtras(reply.extras);
  return {
    id: reply.id === '' ? context.newId('msg_') : reply.id,
    type: 'message',
    role: 'assistant',
    model: context.model,
    content: parts.flatMap((part, index) =>
      index === parts.length - 1 ? lastBlocks(part, context) : blocksOf(part, context),
    ),
    ...encodeFinish(finish, candidate?.extras),
    container: null,
    diagnostics: null,
    ...early,
    ...late,
    usage: {
      ...encodeUsage(withSearches(reply.usage, foreignSearches(parts))),
      ...object(earlyUsage),
      ...object(lateUsage),
    },
  };
}

/** Claude ends with text, and clients read the answer from the last block: no carrier may stand behind it. */
function lastBlocks(part: Part, context: EncodeReplyContext): WireBlock[] {
  if (part.type !== 'text' || part.text === '') return blocksOf(part, context);
  return [...carrier(part.seal, 'text-ahead'), textBlock(part, context)];
}

/** The members that end a Message, whole or streamed. */
export function encodeFinish(finish: Finish, extras: Candidate['extras']): JsonObject {
  const reason = stopReasonOf(finish);
  const details = object(ownExtras(extras).stop_details);
  const explained = reason === 'refusal' && finish.explanation !== undefined;
  return {
    stop_reason: reason,
    stop_sequence: reason === 'stop_sequence' ? (finish.stopSequence ?? null) : null,
    stop_details: details ?? (explained ? { type: 'refusal', category: null, explanation: finish.explanation } : null),
  };
}

/** A part of a reply as blocks: its own, and a carrier for a seal that has no place on it. */
export function blocksOf(part: Part, context: EncodeReplyContext): WireBlock[] {
  switch (part.type) {
    case 'text':
      return [...(part.text === '' ? [] : [textBlock(part, context)]), ...carrier(part.seal, 'text')];
    case 'refusal':
      return part.text === '' ? [] : [{ type: 'text', text: part.text, citations: null }];
    case 'reasoning':
      return reasoningBlock(part.text, part.seal, part.redacted);
    case 'tool-call':
      return [
        ...carrier(part.seal, 'call'),
        {
          type: 'tool_use',
          id: part.id,
          name: part.name,
          input: inputOf(part),
          ...directCaller,
          ...ownExtras(part.extras),
        },
      ];
    case 'server-tool-call':
    case 'server-tool-result':
      return [searchBlock(part)];
    case 'media':
      reportMedia(context, part, 'approximated');
      return [{ type: 'text', text: textOfMedia(part), citations: null }];
    case 'native':
      return part.dialect === dialect ? [{ ...part.value }] : [];
  }
}

/** What the SDK's types require of a call, and what goes without saying. */
export const directCaller = { caller: { type: 'direct' } };

function textBlock(part: TextPart, context: EncodeReplyContext): WireBlock {
  const citations = (part.citations ?? []).flatMap((citation) => citationBlock(citation, part.text, context));
  reportExtras(context, part.extras, dialect);
  return {
    ...ownExtras(part.extras),
    type: 'text',
    text: part.text,
    citations: citations.length > 0 ? citations : null,
  };
}

/** W2: pages cited by other vendors are web search results here; `cited_text` is what the citation hangs on. */
export function citationBlock(citation: Citation, whole: string, context: EncodeReplyContext): WireCitation[] {
  reportCitation(context, citation, dialect);
  if (citation.type === 'native') return citation.dialect === dialect ? [citation.value] : [];
  const index = text(citation.extras?.[dialect]?.['@encrypted_index']) ?? '';
  const { start = 0, end = start } = citation;
  return [webCitation(citation, citation.quote ?? whole.slice(start, end), index)];
}

/** Z7: any seal travels in a signature; a foreign one in an envelope that names its issuer. */
export function reasoningBlock(thinking: string, seal: Seal | undefined, redacted: boolean | undefined): WireBlock[] {
  const signature = seal ? carrySeal(seal, dialect) : '';
  if (redacted && seal) return [{ type: 'redacted_thinking', data: signature }];
  return thinking === '' && !seal ? [] : [{ type: 'thinking', thinking, signature }];
}

export function carrier(seal: Seal | undefined, attachment: Attachment): WireBlock[] {
  return seal ? [{ type: 'thinking', thinking: '', signature: carrySeal(seal, dialect, attachment) }] : [];
}

type SearchPart = Extract<Part, { type: 'server-tool-call' | 'server-tool-result' }>;
type SearchResult = Extract<Part, { type: 'server-tool-result' }>;

/** W1: Claude Code counts searches by these two blocks, which name each other. */
function searchBlock(part: SearchPart): WireBlock {
  if (part.native?.dialect === dialect && isObject(part.native.value)) return { ...part.native.value };
  if (part.type === 'server-tool-call')
    return {
      type: 'server_tool_use',
      id: foreignSearchId(part.id),
      name: part.name,
      input: { query: part.query },
      ...directCaller,
    };
  return {
    type: 'web_search_tool_result',
    tool_use_id: foreignSearchId(part.callId),
    content: searchContent(part),
    ...directCaller,
  };
}

/** Searches that another vendor made, of which it gave no count. */
export function foreignSearches(parts: readonly Part[]): number {
  return parts.filter((part) => part.type === 'server-tool-call' && part.native?.dialect !== dialect).length;
}

function searchContent({ results, error }: SearchResult): Json {
  if (error !== undefined) return { type: 'web_search_tool_result_error', error_code: 'unavailable' };
  return results.map(({ url, title = '' }) => ({
    type: 'web_search_result',
    url,
    title,
    encrypted_content: '',
    page_age: null,
  }));
}
