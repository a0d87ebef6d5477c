import type { ReasoningDelta, ReplyEvent, TextDelta } from '../conversation/event.ts';
import type { Failure } from '../conversation/failure.ts';
import type { Part } from '../conversation/message.ts';
import type { Notice, Report } from '../conversation/notice.ts';
import type { Finish } from '../conversation/reply.ts';
import { laterUsage, type Usage } from '../conversation/usage.ts';
import type { DecodeReplyContext, EncodeReplyContext } from '../dialects/dialect.ts';
import type { Accommodation } from './accommodate/accommodate.ts';
import { callersFraming } from './callers-framing.ts';
import type { Destination, Inbound, StreamProgress } from './translation.ts';
import { asFailure } from './upstream-failure.ts';
import { withoutVendorIds } from './vendor-ids.ts';

/** What one conversion knows, for all that is done with its reply. */
export interface Way {
  readonly inbound: Inbound;
  readonly destination: Destination;
  readonly fitted: Accommodation;
  readonly reading: DecodeReplyContext;
  readonly writing: Omit<EncodeReplyContext, 'report'>;
  /** Grows while the reply is written. */
  readonly notices: Notice[];
}

/** For writing one reply: what it leaves out joins the notices, once for each kind of thing. */
export function writingOf({ writing, notices }: Way): EncodeReplyContext {
  const told = new Set<string>();
  const report = (notice: Notice) => {
    if (told.has(notice.field)) return;
    told.add(notice.field);
    notices.push(notice);
  };
  return { ...writing, report };
}

/** The caller's side: events in, text of the caller's framing out, and what has been seen on the way. */
export function outputOf(way: Way) {
  const { dialect } = way.inbound;
  const framing = callersFraming(way.inbound);
  const writing = writingOf(way);
  const encoder = dialect.encodeStream(writing);
  const writer = framing.writer();
  const progress: Progress = { begun: false, finished: false };

  /** Nothing follows a failure or the end. */
  function write(events: readonly ReplyEvent[], restore?: ReturnType<Accommodation['restoreEvents']>): string {
    let text = '';
    for (const event of events) {
      if (progress.failure || progress.finished) break;
      if (event.type === 'part') reportForeign(way, event.value, writing.report);
      observe(progress, event);
      if (restore) for (const restored of restore(event)) text += writer.write(encoder.push(restored));
      else text += writer.write(encoder.push(event));
      if (progress.failure) text = withoutVendorIds(text);
    }
    return text;
  }

  /** Writes further texts of a delta that was just written, given as JSON; undefined when each must come as an event. */
  function repeat(delta: TextDelta | ReasoningDelta): ((json: string) => string) | undefined {
    const frame = progress.failure || progress.finished ? undefined : encoder.repeated?.(delta);
    if (!frame) return undefined;
    const { before, after, passed, event } = frame;
    const [head = '', tail = ''] = writer
      .write([{ ...(event !== undefined && { event }), data: before + hole + after }])
      .split(hole);
    return (json) => {
      passed?.(json);
      return head + json + tail;
    };
  }

  const fail = (failure: Failure) => write([{ type: 'failure', failure }]);

  function guarded(run: () => string): string {
    try {
      return run();
    } catch (thrown) {
      return fail(asFailure(thrown));
    }
  }

  const end = () => writer.end();
  const translator = {
    contentType: framing.contentType,
    fail: (failure: Failure) => fail(failure) + end(),
    leave: () => undefined,
    keepAlive: () => (dialect.keepAlive ? writer.write([dialect.keepAlive]) : writer.idle),
    progress,
  };
  return { write, repeat, guarded, end, translator };
}

/** Stands for the text; JSON never holds this character as it is. */
const hole = '\0';

/** What only the upstream's dialect has, the caller's has no words for. A stream's headers are gone by then; the record is not. */
export function reportForeign({ inbound }: Way, part: Part, report: Report): void {
  if (part.type !== 'native' || part.dialect === inbound.dialect.name) return;
  // Google's parts and AWS's blocks are told apart by the member that they have.
  const type = typeof part.value.type === 'string' ? part.value.type : (Object.keys(part.value)[0] ?? 'part');
  report({
    type: 'dropped',
    field: `reply.${type}`,
    detail: `The reply held a "${type}" of ${part.dialect}, for which ${inbound.dialect.name} has no form.`,
  });
}

interface Progress extends StreamProgress {
  begun: boolean;
  finished: boolean;
  usage?: Usage;
  current?: boolean;
  finish?: Finish;
  failure?: Failure;
}

function observe(progress: Progress, event: ReplyEvent): void {
  switch (event.type) {
    case 'reply-start':
    case 'usage': {
      const usage = laterUsage(progress.usage, event.usage);
      if (usage) progress.usage = usage;
      if (event.type === 'usage') progress.current = true;
      progress.begun = true;
      return;
    }
    case 'candidate-end':
      if (!event.candidate) progress.finish = event.finish;
      progress.begun = true;
      return;
    case 'reply-end':
      progress.finished = true;
      progress.begun = true;
      return;
    case 'failure':
      progress.failure ??= event.failure;
      return;
    default:
      progress.begun = true;
  }
}
