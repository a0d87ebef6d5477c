import type { Failure } from '../conversation/failure.ts';
import { addedUsage, type Usage } from '../conversation/usage.ts';
import type { Permit } from '../limits/limiter.ts';
import { pause } from './pause.ts';
import type { AttemptRecord, CancelSignal } from '../ports.ts';
import { callersFraming } from '../translate/callers-framing.ts';
import { withoutVendorIds } from '../translate/vendor-ids.ts';
import { account, whenKept, withOurHeaders, type Story } from './account.ts';
import { completionForm, streamedCompletion } from './error-as-completion.ts';
import { HeldAnswer, type Held } from './held-answer.ts';
import type { HttpAnswer, HttpRequest } from './http.ts';
import type { Incoming } from './incoming.ts';
import type { Place, Queue } from './queue.ts';
import type { Plan } from './plan.ts';
import type { Running } from './running.ts';
import { ownFailure, type Outcome } from './try-targets.ts';

interface Steps {
  readonly plan: Plan;
  /** The plan as it would be made now, when other keys rest. */
  replan(): Plan;
  ask(plan: Plan): Promise<Outcome>;
}

/**
 * The call when its turn has come, which ends with its answer. Whoever waits for the turn of a stream is answered at the first heartbeat
 * that is due; from then on a failure can only be told within the stream. Never throws.
 */
export async function inTurn(
  gateway: Running,
  queue: Queue,
  story: Story & { readonly inbound: Incoming },
  permit: Permit,
  request: HttpRequest,
  steps: Steps,
): Promise<HttpAnswer> {
  const { inbound } = story;
  const patience = new Patience(queue.heartbeatMs);
  const answering = outcomeInTurn(gateway, queue, story, request, steps, patience).then(
    async (outcome): Promise<Held> => {
      const answer = await whenKept(story, account(gateway, story, permit, outcome));
      return outcome.answer ? { answer } : { answer, failure: outcome.failure as Failure }; // no answer means a failure
    },
  );
  const { dialect, knock, glance } = inbound;
  const writer = glance.streaming && knock.door.operation === 'generate' && callersFraming(inbound).writer();
  if (!writer || writer.idle === '') return (await answering).answer;

  const soon = await Promise.race([answering, patience.exhausted]);
  if (soon) return soon.answer;
  const context = {
    model: glance.model,
    created: Math.floor(gateway.ports.clock.now() / 1000),
    newId: gateway.newId,
    report: () => undefined, // of an error nothing can be lost
  };
  const form = completionForm(gateway.options, inbound);
  const words = (failure: Failure) =>
    form
      ? streamedCompletion(gateway, inbound, form, failure)
      : withoutVendorIds(writer.write(dialect.encodeStream(context).push({ type: 'failure', failure }))) + writer.end();
  const body = new HeldAnswer(answering, { idle: writer.idle, everyMs: queue.heartbeatMs, words });
  const headers = { 'content-type': callersFraming(inbound).contentType, 'cache-control': 'no-cache' };
  return withOurHeaders({ status: 200, headers, body }, story);
}

async function outcomeInTurn(
  gateway: Running,
  queue: Queue,
  story: Story & { readonly inbound: Incoming },
  request: HttpRequest,
  steps: Steps,
  patience: Patience,
): Promise<Outcome> {
  const { clock } = gateway.ports;
  const deadline = clock.now() + queue.waitMs;
  const { signal, address } = request;
  let place: Place | undefined;
  try {
    const callerId = story.caller?.id ?? '';
    place = await patience.during(queue.enter({ callerId, signal, ...(address !== undefined && { address }) }));
    const outcome = await whenKeysAreFree(gateway, deadline, story.inbound, signal, steps, patience);
    if (outcome.streamed) outcome.streamed.whenEnded(() => place?.leave());
    else place.leave();
    return outcome;
  } catch (thrown) {
    const failure = ownFailure(gateway, thrown);
    if (place) place.leave();
    else story.gate?.refused(failure);
    story.inbound.upload?.cancel();
    return { attempts: [], notices: [], failure };
  }
}

/** That of a caller who waits: for a turn or for a key, not for an upstream that is being asked. */
class Patience {
  readonly #forMs: number;
  #exhaust: () => void = () => undefined;
  /** A heartbeat is due. */
  readonly exhausted: Promise<void>;

  constructor(forMs: number) {
    this.#forMs = forMs;
    this.exhausted = new Promise((resolve) => (this.#exhaust = resolve));
  }

  async during<T>(waiting: Promise<T>): Promise<T> {
    const timer = setTimeout(this.#exhaust, this.#forMs);
    try {
      return await waiting;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** A vendor that names no time is asked again after one second, two, four … */
const firstBackoffMs = 1000;
const maxBackoffMs = 15_000;

/** Asks; and again, as long as every key is over its rate and one of them is free before the deadline (row F13). */
async function whenKeysAreFree(
  gateway: Running,
  deadline: number,
  { upload }: Incoming,
  signal: CancelSignal,
  { plan: first, replan, ask }: Steps,
  patience: Patience,
): Promise<Outcome> {
  const { clock } = gateway.ports;
  const attempts: AttemptRecord[] = [];
  let lost: Usage | undefined;
  let plan = first;
  for (let round = 0; ; round += 1) {
    const outcome = await ask(plan);
    attempts.push(...outcome.attempts);
    const usage = outcome.streamed ? outcome.usage : addedUsage(lost, outcome.usage);
    const all = { ...outcome, attempts, ...(usage && { usage }) };
    lost = usage;
    const { failure } = outcome;
    if (failure?.kind !== 'rate-limited' || outcome.answer || upload || signal.aborted) return all;
    try {
      plan = replan();
      const backoff = Math.min(firstBackoffMs * 2 ** round, maxBackoffMs);
      const told = failure.details.retryAfterSeconds !== undefined;
      const freeAt = Math.min(freeAtMs(gateway, plan, outcome, backoff), told ? Infinity : clock.now() + backoff);
      if (freeAt > deadline) return all;
      await patience.during(pause(freeAt - clock.now(), signal));
      plan = replan();
    } catch (thrown) {
      // The last key may have been refused meanwhile: that ends the call, and what was tried stays on record.
      return { ...all, failure: ownFailure(gateway, thrown) };
    }
  }
}

/** A key whose upstream has its keys never rest is over its rate all the same: as long as it was told, or the backoff. */
function freeAtMs(
  { cooldown, ports }: Running,
  plan: Plan,
  { target: last, failure }: Outcome,
  backoff: number,
): number {
  const now = ports.clock.now();
  const told = failure?.details.retryAfterSeconds;
  const times = plan.possible().map(({ credential, model }) => {
    const freeAt = cooldown.freeAtMs(credential.id, model);
    if (freeAt > 0) return freeAt;
    const toldOfThis = told !== undefined && last?.credential === credential && last.model === model;
    return now + (toldOfThis ? Math.max(told * 1000, firstBackoffMs) : backoff);
  });
  return Math.min(...times);
}
