import type { ReasoningEnd, ReplyEvent, TextEnd, ToolCallEnd } from './event.ts';
import { Failure } from './failure.ts';
import type { Citation, Extras, Part, ToolCallPart } from './message.ts';
import type { Candidate, Finish, Reply } from './reply.ts';
import { laterUsage, type Usage } from './usage.ts';

/** Accumulates one reply from its events; `reply()` once they are over. */
interface Collector {
  push(event: ReplyEvent): void;
  /** @throws Failure when the stream broke off or never finished. */
  reply(): Reply;
}

/** The whole reply that a stream of events amounts to. @throws Failure when the stream broke off or never finished. */
export function collect(events: Iterable<ReplyEvent>): Reply {
  const collector = createCollector();
  for (const event of events) collector.push(event);
  return collector.reply();
}

interface OpenPart {
  text: string;
  refusal?: boolean;
  citations?: Citation[];
  call?: Omit<ToolCallPart, 'arguments' | 'type'>;
}

interface Growing {
  readonly open: Map<number, OpenPart>;
  readonly parts: Map<number, Part>;
  finish?: Finish;
  extras?: Extras;
}

function createCollector(): Collector {
  const candidates = new Map<number, Growing>();
  let start: { id: string; model: string; created?: number; extras?: Extras } | undefined;
  let usage: Usage | undefined;
  let ended = false;
  let failure: Failure | undefined;

  function candidate(index: number | undefined): Growing {
    const at = index ?? 0;
    let growing = candidates.get(at);
    if (!growing) candidates.set(at, (growing = { open: new Map(), parts: new Map() }));
    return growing;
  }

  function push(event: ReplyEvent): void {
    switch (event.type) {
      case 'reply-start': {
        const { type: _, usage: early, ...rest } = event;
        start = rest;
        usage = laterUsage(usage, early);
        return;
      }
      case 'text-start':
        candidate(event.candidate).open.set(event.part, { text: '', refusal: event.refusal === true });
        return;
      case 'reasoning-start':
        candidate(event.candidate).open.set(event.part, { text: '' });
        return;
      case 'tool-call-start': {
        const { type: _, part, candidate: at, ...call } = event;
        candidate(at).open.set(part, { text: '', call });
        return;
      }
      case 'text-delta':
      case 'reasoning-delta':
      case 'tool-call-delta': {
        const open = candidate(event.candidate).open.get(event.part);
        if (open) open.text += event.text;
        return;
      }
      case 'citation': {
        const open = candidate(event.candidate).open.get(event.part);
        if (open) (open.citations ??= []).push(event.citation);
        return;
      }
      case 'text-end':
      case 'reasoning-end':
      case 'tool-call-end': {
        const growing = candidate(event.candidate);
        const open = growing.open.get(event.part);
        if (!open) return;
        growing.open.delete(event.part);
        growing.parts.set(event.part, closed(open, event));
        return;
      }
      case 'part':
        candidate(event.candidate).parts.set(event.part, event.value);
        return;
      case 'usage':
        usage = laterUsage(usage, event.usage);
        return;
      case 'candidate-end': {
        const growing = candidate(event.candidate);
        growing.finish = event.finish;
        if (event.extras) growing.extras = event.extras;
        return;
      }
      case 'reply-end':
        ended = true;
        return;
      case 'failure':
        failure ??= event.failure;
    }
  }

  function reply(): Reply {
    if (failure) throw failure;
    if (!ended) throw new Failure('bad-upstream', 'The reply broke off before its end.');
    return {
      id: start?.id ?? '',
      model: start?.model ?? '',
      ...(start?.created !== undefined && { created: start.created }),
      candidates: [...candidates].sort(([a], [b]) => a - b).map(([, growing]) => candidateOf(growing)),
      ...(usage && { usage }),
      ...(start?.extras && { extras: start.extras }),
    };
  }

  return { push, reply };
}

function closed(open: OpenPart, end: TextEnd | ReasoningEnd | ToolCallEnd): Part {
  if (open.call) return { type: 'tool-call', ...open.call, arguments: argumentsOf(open.call.kind, open.text) };
  if (end.type === 'reasoning-end') {
    const { type: _, part: __, candidate: ___, ...rest } = end;
    return { type: 'reasoning', text: open.text, ...rest };
  }
  const extras = end.type === 'text-end' && end.extras ? { extras: end.extras } : {};
  if (open.refusal) return { type: 'refusal', text: open.text, ...extras };
  return {
    type: 'text',
    text: open.text,
    ...(open.citations && { citations: open.citations }),
    ...(end.type === 'text-end' && end.seal && { seal: end.seal }),
    ...extras,
  };
}

/** A function without arguments was called with an empty object, however little was streamed (D7). */
function argumentsOf(kind: 'function' | 'custom', written: string): string {
  return kind === 'function' && written.trim() === '' ? '{}' : written;
}

function candidateOf(growing: Growing): Candidate {
  return {
    parts: [...growing.parts].sort(([a], [b]) => a - b).map(([, part]) => part),
    finish: growing.finish ?? { reason: 'other' },
    ...(growing.extras && { extras: growing.extras }),
  };
}
