import type { Frame } from '../../bytes/framing.ts';
import type { ReplyEvent } from '../../conversation/event.ts';
import type { Candidate, Reply } from '../../conversation/reply.ts';
import { laterUsage, type Usage } from '../../conversation/usage.ts';
import { object, text as textOf, type JsonObject } from '../../json.ts';
import { openaiErrorMembers } from '../openai-errors.ts';
import type { EncodeReplyContext, ReplyForm, StreamEncoder, StreamFollower } from '../dialect.ts';
import { encodeFinish } from './finish.ts';
import { followChoices } from './follow-choices.ts';
import { encodeUsage } from './usage.ts';

/** The reply of the older `/v1/completions`: a text, and nothing else. */
export const completions: ReplyForm = { encodeReply, encodeStream, followStream };

const idPrefix = 'cmpl-';
const kind = 'text_completion';

function encodeReply({ id, candidates, usage }: Reply, { created, model, newId }: EncodeReplyContext): JsonObject {
  const choices = candidates.map((candidate, index) => ({ ...said(index, textIn(candidate)), ...finish(candidate) }));
  const counts = usage && { usage: { ...encodeUsage(usage) } };
  return { id: id === '' ? newId(idPrefix) : id, object: kind, created, model, choices, ...counts };
}

function encodeStream({ created, model, newId, request }: EncodeReplyContext): StreamEncoder {
  const counting = object(request?.stream_options)?.include_usage === true;
  let id = '';
  let usage: Usage | undefined;

  const chunk = (choices: readonly JsonObject[], counts: JsonObject | null = null): Frame => {
    if (id === '') id = newId(idPrefix);
    const members = { id, object: kind, created, model, choices, ...(counting && { usage: counts }) };
    return { data: JSON.stringify(members) };
  };

  function push(event: ReplyEvent): readonly Frame[] {
    switch (event.type) {
      case 'reply-start':
        id = event.id;
        usage = laterUsage(usage, event.usage);
        return [];
      case 'text-delta':
        return [chunk([{ ...said(event.candidate ?? 0, event.text), finish_reason: null }])];
      case 'candidate-end':
        return [chunk([{ ...said(event.candidate ?? 0, ''), ...finish(event) }])];
      case 'usage':
        usage = laterUsage(usage, event.usage);
        return [];
      case 'reply-end': {
        const count = counting && usage ? [chunk([], { ...encodeUsage(usage) })] : [];
        return [...count, { data: '[DONE]' }];
      }
      case 'failure':
        return [{ data: JSON.stringify({ error: openaiErrorMembers(event.failure) }) }];
      default:
        return [];
    }
  }

  return { push };
}

function followStream(): StreamFollower {
  return followChoices({
    says: (text) => ({ text }),
    nothing: { text: '' },
    spoke: ({ text }) => Boolean(textOf(text)),
    called: () => false,
  });
}

function said(index: number, text: string): JsonObject {
  return { text, index, logprobs: null };
}

function textIn({ parts }: Candidate): string {
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
}

function finish({ finish: why }: Pick<Candidate, 'finish'>): JsonObject {
  return { finish_reason: encodeFinish(why, false).finish_reason };
}
