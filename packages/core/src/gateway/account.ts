import type { Failure } from '../conversation/failure.ts';
import type { Notice } from '../conversation/notice.ts';
import type { Usage } from '../conversation/usage.ts';
import type { Permit } from '../limits/limiter.ts';
import type { AttemptRecord, CallRecord, Caller, Hold } from '../ports.ts';
import { asCompletion } from './error-as-completion.ts';
import type { HttpAnswer, HttpRequest } from './http.ts';
import type { Gate } from './gate.ts';
import type { Incoming } from './incoming.ts';
import type { Call } from './recognize.ts';
import { refuse } from './refuse.ts';
import type { Running } from './running.ts';
import { spentOf, type Ending } from './spent.ts';
import type { Outcome } from './try-targets.ts';

/** What is known of a call while it runs; caller and inbound are found out stage by stage. */
export interface Story {
  readonly requestId: string;
  readonly startedAt: number;
  readonly request: HttpRequest;
  readonly call: Call;
  /** Absent: there are no policies. */
  readonly gate: Gate | undefined;
  /** Whether a whole answer waits for `kept` before it goes. */
  readonly answersWhole?: boolean;
  caller?: Caller;
  inbound?: Incoming;
  /** Of an operation that has no outcome. */
  attempts?: AttemptRecord[];
  /** Absent: no budget bounds the caller. */
  hold?: Hold;
  /** Resolves when its record is in keeping. */
  kept?: Promise<void>;
}

/** The answer of an outcome, and its books: settled at once, or when the stream is over. */
export function account(gateway: Running, story: Story, permit: Permit, outcome: Outcome): HttpAnswer {
  const { answer, failure, notices, streamed } = outcome;
  if (!answer) {
    const { usage } = outcome;
    void permit.settle(usage ?? nothingSpent);
    const told = failure as Failure; // no answer means a failure
    const refusal = refuse(story.call.dialect, told, story.requestId);
    record(gateway, story, refusal.status, { outcome, usage, failure });
    return withOurHeaders(asCompletion(gateway, story.inbound, told, refusal, usage), story, notices);
  }
  const firstByteMs = gateway.ports.clock.now() - story.startedAt;
  if (streamed) {
    streamed.whenEnded((end) => {
      const { progress, failure: cut } = end;
      const { usage } = progress;
      void permit.settle(usage);
      record(gateway, story, answer.status, { outcome, end, firstByteMs, usage, failure: cut });
    });
  } else {
    void permit.settle(outcome.usage);
    record(gateway, story, answer.status, { outcome, firstByteMs, usage: outcome.usage });
  }
  return withOurHeaders(answer, story, notices);
}

/** A refused call costs nothing, whatever had been set aside for it. */
const nothingSpent: Usage = { inputTokens: 0 };

/** Writes a call into the ledger: every call, refused ones included. */
export function record({ ports }: Running, story: Story, status: number, ending: Ending): void {
  const { requestId, startedAt, request, call, caller, inbound } = story;
  const { url, address, direction } = request;
  const mark = url.indexOf('?');
  const { outcome, usage, failure, firstByteMs } = ending;
  const durationMs = ports.clock.now() - startedAt;
  const charges = story.hold?.settle(spentOf(inbound, ending, durationMs)) ?? [];
  const target = outcome?.target;
  story.gate?.over();
  // Every member by name: spreads of those that may be absent would copy as often, for every call.
  const entry: CallRecord = {
    requestId,
    startedAt,
    durationMs,
    firstByteMs,
    callerId: caller?.id,
    userId: caller?.userId,
    address,
    path: mark < 0 ? url : url.slice(0, mark),
    door: direction?.door,
    dialect: call.dialect.name,
    operation: call.knock.door.operation,
    model: inbound?.glance.model || undefined,
    streaming: inbound?.glance.streaming,
    status,
    upstream: target?.upstream.name,
    provider: target?.upstream.provider.name,
    upstreamModel: target?.model || undefined,
    way: outcome?.way,
    attempts: outcome?.attempts ?? story.attempts ?? [],
    usage,
    charges: charges.length > 0 ? charges : undefined,
    notices: outcome?.notices ?? [],
    why: outcome?.why?.(),
    failure: failure && { kind: failure.kind, message: failure.message },
  };
  // A stream cannot wait for its end to be on record.
  const kept = ports.ledger.append(entry, story.answersWhole && !ending.end);
  if (kept) story.kept = kept;
}

/** The answer once its call is on record, where that takes a moment. */
export function whenKept({ kept }: Story, answer: HttpAnswer): HttpAnswer | Promise<HttpAnswer> {
  return kept ? kept.then(() => answer) : answer;
}

/** The answer with what we have to say of it ourselves. */
export function withOurHeaders(answer: HttpAnswer, story: Story, notices: readonly Notice[] = []): HttpAnswer {
  const headers: Record<string, string> = { ...answer.headers, ...story.gate?.answerHeaders };
  // Behind the literal: a member that follows a spread is defined by the runtime.
  headers['x-proxy-request-id'] = story.requestId;
  if (notices.length > 0) headers['x-proxy-notices'] = noticesHeader(notices);
  return { ...answer, headers };
}

/** Enough for a person to see what was lost; proxies in front refuse headers of more than a few kilobytes. */
const maxHeaderLength = 2000;

/** `dropped logit_bias; approximated tools[0].strict`, in visible ASCII. */
function noticesHeader(notices: readonly Notice[]): string {
  const text = notices
    .map(({ type, field }) => `${type} ${field}`)
    .join('; ')
    .replace(/[^\x20-\x7e]+/g, '?');
  return text.length > maxHeaderLength
    ? `${text.slice(0, maxHeaderLength)} … ${notices.length} in all`.replace('…', '...')
    : text;
}
