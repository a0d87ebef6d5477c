import type { ReplyEvent } from './event.ts';
import type { Part } from './message.ts';
import type { Reply } from './reply.ts';

/** The events that a stream of this whole reply would have had, one delta a part. `collect(replay(r))` is `r`. */
export function replay(reply: Reply): readonly ReplyEvent[] {
  const { candidates, usage, ...head } = reply;
  const events: ReplyEvent[] = [{ type: 'reply-start', ...head }];
  candidates.forEach((candidate, index) => {
    const at = index === 0 ? {} : { candidate: index };
    candidate.parts.forEach((part, number) => events.push(...replayPart(part, { ...at, part: number })));
    events.push({
      type: 'candidate-end',
      ...at,
      finish: candidate.finish,
      ...(candidate.extras && { extras: candidate.extras }),
    });
  });
  if (usage) events.push({ type: 'usage', usage });
  events.push({ type: 'reply-end' });
  return events;
}

interface Place {
  readonly part: number;
  readonly candidate?: number;
}

function replayPart(part: Part, place: Place): readonly ReplyEvent[] {
  // Only these grow in a stream, and only while nothing hangs on them that their events cannot say.
  if (part.cache || part.at !== undefined) return [{ type: 'part', ...place, value: part }];
  switch (part.type) {
    case 'text':
      return [
        { type: 'text-start', ...place },
        ...delta('text-delta', part.text, place),
        ...(part.citations ?? []).map((citation) => ({ type: 'citation', ...place, citation }) as const),
        {
          type: 'text-end',
          ...place,
          ...(part.seal && { seal: part.seal }),
          ...(part.extras && { extras: part.extras }),
        },
      ];
    case 'refusal':
      return [
        { type: 'text-start', ...place, refusal: true },
        ...delta('text-delta', part.text, place),
        { type: 'text-end', ...place, ...(part.extras && { extras: part.extras }) },
      ];
    case 'reasoning': {
      const { type: _, text, ...rest } = part;
      return [
        { type: 'reasoning-start', ...place },
        ...delta('reasoning-delta', text, place),
        { type: 'reasoning-end', ...place, ...rest },
      ];
    }
    case 'tool-call': {
      const { type: _, arguments: written, ...call } = part;
      return [
        { type: 'tool-call-start', ...place, ...call },
        ...delta('tool-call-delta', written, place),
        { type: 'tool-call-end', ...place },
      ];
    }
    default:
  }
  return [{ type: 'part', ...place, value: part }];
}

function delta<T extends 'text-delta' | 'reasoning-delta' | 'tool-call-delta'>(type: T, text: string, place: Place) {
  return text === '' ? [] : [{ type, ...place, text }];
}
