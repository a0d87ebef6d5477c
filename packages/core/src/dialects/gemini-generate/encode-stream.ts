import type { Frame } from '../../bytes/framing.ts';
import type { CandidateEnd, ReplyEvent, ToolCallEnd, ToolCallStart } from '../../conversation/event.ts';
import type { Citation, Part, Seal, ToolCallPart } from '../../conversation/message.ts';
import type { Candidate } from '../../conversation/reply.ts';
import type { Usage } from '../../conversation/usage.ts';
import { laterUsage } from '../../conversation/usage.ts';
import type { JsonObject } from '../../json.ts';
import type { EncodeReplyContext, StreamEncoder } from '../dialect.ts';
import { reportCitation, reportExtras, reportLost } from '../reply-losses.ts';
import { encodeErrorBody } from './errors.ts';
import {
  cutsCalls,
  encodeEnding,
  encodeHead,
  encodeReplyPart,
  isBlocked,
  isCut,
  promptFeedbackOf,
  replyWriter,
} from './reply.ts';
import { encodeUsage } from './vocabulary.ts';
import { geminiName } from './members.ts';

interface GrowingText {
  text: string;
  citations?: Citation[];
}

interface Growing {
  /** Calls wait until they are whole: this wire has no piece of a call. */
  readonly calls: Map<number, { readonly start: ToolCallStart; text: string }>;
  /** Text, and the searches among it, for the grounding at the end. */
  readonly texts: Map<number, GrowingText>;
  readonly searches: Part[];
  /** Calls whose arguments are no JSON: only the end tells whether they were cut. */
  readonly doubtful: Frame[];
  spoke: boolean;
  end?: CandidateEnd;
}

/** Writes a reply as the chunks of streamGenerateContent. It ends with its last chunk: a mark of any kind would be a fault (X2). */
export function encodeStream(context: EncodeReplyContext): StreamEncoder {
  /** `,"modelVersion":…}`: how every chunk ends. */
  let tail = tailOf(encodeHead({ id: '' }, context));
  let head: JsonObject = {};
  let usage: Usage | undefined;
  const candidates = new Map<number, Growing>();

  function growing(index: number | undefined): Growing {
    let found = candidates.get(index ?? 0);
    if (!found)
      candidates.set(
        index ?? 0,
        (found = { calls: new Map(), texts: new Map(), searches: [], doubtful: [], spoke: false }),
      );
    return found;
  }

  /** A chunk with one part, given as JSON. */
  function chunk(part: string, candidate: number | undefined): readonly Frame[] {
    const place = `],"role":"model"},"index":${candidate ?? 0}}]`;
    return [{ data: `{"candidates":[{"content":{"parts":[${part}${place}${tail}` }];
  }

  /** A seal comes last, in a part without text of its own (Z5). */
  function trailing(
    members: JsonObject,
    seal: Seal | undefined,
    own: JsonObject | undefined,
    redacted: boolean,
    candidate?: number,
  ) {
    if (!seal && !own) return [];
    const signature = seal && replyWriter.signature(seal, redacted ? 'redacted' : undefined);
    return chunk(JSON.stringify({ ...own, ...members, ...(signature && { thoughtSignature: signature }) }), candidate);
  }

  function call(end: ToolCallEnd): readonly Frame[] {
    const found = growing(end.candidate).calls.get(end.part);
    growing(end.candidate).calls.delete(end.part);
    // F3: arguments that were cut must not be run.
    if (end.truncated) reportLost(context, 'tool_calls');
    if (!found || end.truncated) return [];
    const { type: _, part: __, candidate: ___, ...start } = found.start;
    const part: ToolCallPart = { ...start, type: 'tool-call', arguments: found.text };
    const frames = chunk(JSON.stringify(encodeReplyPart(part, context)), end.candidate);
    if (!isCut(part)) return frames;
    growing(end.candidate).doubtful.push(...frames);
    return [];
  }

  function whole(value: Part, number: number, candidate: number | undefined): readonly Frame[] {
    const state = growing(candidate);
    state.spoke = true;
    if (value.type === 'text')
      state.texts.set(number, { text: value.text, ...(value.citations && { citations: [...value.citations] }) });
    if (value.type === 'server-tool-call' || value.type === 'server-tool-result') state.searches.push(value);
    const part = encodeReplyPart(value, context);
    return part ? chunk(JSON.stringify(part), candidate) : [];
  }

  function withoutCut({ finish }: CandidateEnd, doubtful: readonly Frame[]): readonly Frame[] {
    if (!cutsCalls(finish)) return doubtful;
    if (doubtful.length > 0) reportLost(context, 'tool_calls');
    return [];
  }

  function finish(): readonly Frame[] {
    const ordered = [...candidates].sort(([one], [other]) => one - other);
    const endings = ordered.map(([index, state]) => ({ index, spoke: state.spoke, ...ending(state) }));
    const [first] = endings;
    const promptFeedback = first && promptFeedbackOf(first);
    const blocked = first !== undefined && isBlocked(first) && !candidates.get(0)?.spoke;
    const body: JsonObject = {
      ...(!blocked && { candidates: endings.map(encodeLast) }),
      ...(promptFeedback && { promptFeedback }),
      ...(usage && { usageMetadata: encodeUsage(usage) }),
      ...head,
    };
    return [{ data: JSON.stringify(body) }];
  }

  return {
    push(event: ReplyEvent): readonly Frame[] {
      switch (event.type) {
        case 'reply-start':
          head = { ...event.extras?.[geminiName], ...encodeHead(event, context) };
          tail = tailOf(head);
          usage = laterUsage(usage, event.usage);
          return [];
        case 'text-start':
          growing(event.candidate).spoke = true;
          growing(event.candidate).texts.set(event.part, { text: '' });
          return [];
        case 'text-delta': {
          const text = growing(event.candidate).texts.get(event.part);
          if (text) text.text += event.text;
          return chunk(`{"text":${JSON.stringify(event.text)}}`, event.candidate);
        }
        case 'citation': {
          const text = growing(event.candidate).texts.get(event.part);
          if (text) (text.citations ??= []).push(event.citation);
          reportCitation(context, event.citation, geminiName);
          return [];
        }
        case 'text-end':
          reportExtras(context, event.extras, geminiName);
          return trailing({ text: '' }, event.seal, event.extras?.[geminiName], false, event.candidate);
        case 'reasoning-start':
          growing(event.candidate).spoke = true;
          return [];
        case 'reasoning-delta':
          return chunk(`{"text":${JSON.stringify(event.text)},"thought":true}`, event.candidate);
        case 'reasoning-end': {
          const own = event.extras?.[geminiName];
          return trailing({ text: '', thought: true }, event.seal, own, event.redacted === true, event.candidate);
        }
        case 'tool-call-start':
          growing(event.candidate).spoke = true;
          growing(event.candidate).calls.set(event.part, { start: event, text: '' });
          return [];
        case 'tool-call-delta': {
          const found = growing(event.candidate).calls.get(event.part);
          if (found) found.text += event.text;
          return [];
        }
        case 'tool-call-end':
          return call(event);
        case 'part':
          return whole(event.value, event.part, event.candidate);
        case 'usage':
          usage = laterUsage(usage, event.usage);
          return [];
        case 'candidate-end':
          growing(event.candidate).end = event;
          reportExtras(context, event.extras, geminiName);
          return withoutCut(event, growing(event.candidate).doubtful);
        case 'reply-end':
          return finish();
        case 'failure':
          // E5: an error in place of a chunk; the stream ends with it.
          return [{ data: JSON.stringify(encodeErrorBody(event.failure)) }];
      }
    },
  };
}

/** A candidate as far as its ending needs it: only text and searches have a say in the grounding. */
function ending({ texts, searches, end }: Growing): Candidate {
  const parts: Part[] = [...texts.values()].map((text) => ({ type: 'text', ...text }));
  const finish = end?.finish ?? ({ reason: 'other' } as const);
  return { parts: [...parts, ...searches], finish, ...(end?.extras && { extras: end.extras }) };
}

/**
 * The last chunk of a candidate. As Google's own, it has an empty text: the SDK's chats forget a whole turn when one of
 * its chunks has no content.
 */
function encodeLast({
  index,
  spoke,
  ...candidate
}: Candidate & { readonly index: number; readonly spoke: boolean }): JsonObject {
  return { ...(spoke && { content: { parts: [{ text: '' }], role: 'model' } }), ...encodeEnding(candidate, index) };
}

function tailOf(head: JsonObject): string {
  const members = JSON.stringify(head);
  return members === '{}' ? members.slice(1) : `,${members.slice(1)}`;
}
