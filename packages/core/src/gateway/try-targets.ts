import { Failure, failureKinds } from '../conversation/failure.ts';
import type { Notice } from '../conversation/notice.ts';
import { addedUsage, type Usage } from '../conversation/usage.ts';
import type { Cooldown } from '../keys/cooldown.ts';
import { refuses } from '../keys/refused.ts';
import type { AttemptRecord, CancelSignal, RoutingRecord } from '../ports.ts';
import type { StreamProgress } from '../translate/translation.ts';
import type { Ending } from './ending.ts';
import type { HttpAnswer } from './http.ts';
import { spentMeanwhile, type Plan } from './plan.ts';
import type { Target } from './prospect.ts';
import type { Running } from './running.ts';

/** How the attempts ended: with an answer, or with the failure that the last of them met. */
export interface Outcome {
  readonly attempts: readonly AttemptRecord[];
  readonly notices: readonly Notice[];
  readonly target?: Target;
  readonly way?: 'relay' | 'convert' | undefined;
  readonly failure?: Failure;
  readonly answer?: HttpAnswer;
  /** A whole reply's usage. A stream's comes with its end. */
  readonly usage?: Usage | undefined;
  /** Absent: the call is over. Present: it is over when this says so. */
  readonly streamed?: Ending<StreamEnd> | undefined;
  readonly why?: (() => RoutingRecord) | undefined;
}

export interface StreamEnd {
  readonly progress: StreamProgress;
  /** From the upstream. */
  readonly receivedBytes?: number;
  readonly failure?: Failure;
}

/** `status` is what the upstream said, or 0 when it was never asked. */
export type Tried =
  /** A failure may have cost something: a part of it was answered. */
  | { readonly failure: Failure; readonly status: number; readonly usage?: Usage }
  | {
      readonly answer: HttpAnswer;
      readonly usage?: Usage | undefined;
      readonly streamed?: Ending<StreamEnd> | undefined;
    };

interface Trying {
  readonly signal: CancelSignal;
  /** One send. What it throws was never sent. */
  ask(target: Target): Promise<Tried>;
  /** Whether another target may do better, where the kind of failure alone does not say so. */
  elsewhere?(failure: Failure): boolean;
  /** Whether the request can be sent once more. Absent: it can. */
  repeatable?(): boolean;
}

type Tellable = Omit<Outcome, 'notices' | 'way'>;

/** The one loop that may send twice: asks, and either answers or goes on to the next target. Never throws. */
export async function tryTargets(
  gateway: Running,
  plan: Plan,
  { signal, ask, elsewhere, repeatable }: Trying,
): Promise<Tellable> {
  const { cooldown, ports } = gateway;
  const attempts: AttemptRecord[] = [];
  const spent: Target[] = [];
  let last: Target | undefined;
  let failure: Failure | undefined;
  let lost: Usage | undefined;

  for (const target of cooldown.quiet ? plan.targets : probedLast(cooldown, plan.targets)) {
    const { credential, model } = target;
    if (credential.quota !== undefined) {
      const taken = await takeCall(gateway, credential.id, credential.quota);
      if (taken instanceof Failure) failure = taken;
      else if (!taken) spent.push(target);
      if (taken !== true) continue;
    }
    last = target;
    const startedAt = ports.clock.now();
    const sending = beginSending(gateway, target);
    let tried: Tried;
    try {
      tried = await ask(target);
    } catch (thrown) {
      tried = { failure: ownFailure(gateway, thrown), status: 0 };
    }
    const durationMs = ports.clock.now() - startedAt;
    if (!('failure' in tried)) {
      attempts.push(recordOf(target, tried.answer.status, startedAt, durationMs));
      cooldown.succeeded(credential.id, model, startedAt);
      sending?.began(durationMs);
      if (tried.streamed) tried.streamed.whenEnded(() => sending?.over());
      else sending?.over();
      const usage = lost && !tried.streamed ? addedUsage(lost, tried.usage) : tried.usage;
      return { attempts, target, answer: tried.answer, streamed: tried.streamed, usage, why: plan.why };
    }
    sending?.over();
    if (credential.quota !== undefined) ports.quotas.giveBack(credential.id);
    failure = tried.failure;
    lost = addedUsage(lost, tried.usage);
    const goesOn =
      tried.status !== 0 && !signal.aborted && (retriesElsewhere(failure) || elsewhere?.(failure) === true);
    const consequence = goesOn
      ? restAfter(gateway, target, failure, startedAt)
      : cooldown.release(credential.id, model);
    attempts.push({
      ...recordOf(target, tried.status, startedAt, durationMs),
      failure: failure.kind,
      message: failure.message,
      ...consequence,
    });
    if (!goesOn || repeatable?.() === false) break;
  }
  return {
    attempts,
    ...(last && { target: last }),
    ...(lost && { usage: lost }),
    failure: failure ?? spentMeanwhile(gateway, spent),
    ...(plan.why && { why: plan.why }),
  };
}

/** A key whose calls cannot be counted is not asked: another may be. */
async function takeCall({ ports }: Running, credential: string, quota: number): Promise<boolean | Failure> {
  try {
    return await ports.quotas.take(credential, quota);
  } catch (thrown) {
    ports.log('error', 'The quota of an upstream key could not be asked for', { credential, error: String(thrown) });
    const message = 'What is left of the quota of an upstream key cannot be told at the moment. Try again later.';
    return new Failure('server', message, { status: 503, cause: thrown });
  }
}

/** Whose rest is over is tried by one call alone; the others go elsewhere meanwhile, where there is an elsewhere. */
function* probedLast(cooldown: Cooldown, targets: Iterable<Target>): Generator<Target> {
  const probed: Target[] = [];
  for (const target of targets)
    if (cooldown.probed(target.credential.id, target.model)) probed.push(target);
    else yield target;
  yield* probed;
}

interface BothSendings {
  began(afterMs: number): void;
  over(): void;
}

/** Told to whoever chose the credential, and whoever chose its upstream. */
function beginSending(gateway: Running, { upstream, credential, model, from }: Target): BothSendings | undefined {
  gateway.cooldown.begin(credential.id, model);
  const { branch } = from;
  const key = gateway.selectorOf(upstream).begin?.(credential, from.model);
  const place = branch && gateway.selectorOf(branch.route).begin?.(branch, '');
  if (!key && !place) return undefined;
  return {
    began(afterMs) {
      key?.began?.(afterMs);
      place?.began?.(afterMs);
    },
    over() {
      key?.over?.();
      place?.over?.();
    },
  };
}

function retriesElsewhere({ kind }: Failure): boolean {
  return failureKinds[kind].retryElsewhere;
}

/** A key that is refused may leave the pool; another rests. */
function restAfter(
  { cooldown, refused }: Running,
  { upstream, credential, model }: Target,
  failure: Failure,
  startedAt: number,
): Pick<AttemptRecord, 'restsUntil' | 'removed'> {
  if (upstream.refusedKeys === 'remove' && refuses(failure)) {
    refused.put(credential.id, failure);
    return { removed: true };
  }
  const restsUntil = cooldown.rest(credential.id, model, failure, upstream.breaker, startedAt);
  return restsUntil === undefined ? {} : { restsUntil };
}

/** A Failure is for the caller; anything else is a bug of ours: the caller hears 500, the log the rest. */
export function ownFailure({ ports }: Pick<Running, 'ports'>, thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  ports.log('error', 'A bug in the gateway', {
    error: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown),
  });
  return new Failure('server', 'The gateway itself failed; the log has the reason.', { cause: thrown });
}

export function recordOf(
  { upstream, model, credential }: Target,
  status: number,
  startedAt: number,
  durationMs: number,
): AttemptRecord {
  return { upstream: upstream.name, model, credential: credential.id, status, startedAt, durationMs };
}
