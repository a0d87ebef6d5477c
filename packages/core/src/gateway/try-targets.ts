import { Failure, failureKinds } from '../conversation/failure.ts';
import type { Notice } from '../conversation/notice.ts';
import type { Usage } from '../conversation/usage.ts';
import type { AttemptRecord } from '../ports.ts';
import type { StreamProgress } from '../translate/translation.ts';
import type { Ending } from './ending.ts';
import type { HttpAnswer } from './http.ts';
import type { Plan, Target } from './route.ts';
import type { Running } from './running.ts';

/** How the attempts ended: with an answer, or with the failure that the last of them met. */
export interface Outcome {
  readonly attempts: readonly AttemptRecord[];
  readonly notices: readonly Notice[];
  readonly target?: Target;
  readonly way?: 'relay' | 'convert';
  readonly failure?: Failure;
  readonly answer?: HttpAnswer;
  /** A whole reply's usage. A stream's comes with its end. */
  readonly usage?: Usage;
  /** Absent: the call is over. Present: it is over when this says so. */
  readonly streamed?: Ending<StreamEnd>;
}

export interface StreamEnd {
  readonly progress: StreamProgress;
  /** From the upstream. */
  readonly receivedBytes?: number;
  readonly failure?: Failure;
}

/** `status` is what the upstream said, or 0 when it was never asked. */
export type Tried =
  | { readonly failure: Failure; readonly status: number }
  | { readonly answer: HttpAnswer; readonly usage?: Usage; readonly streamed?: Ending<StreamEnd> };

interface Trying {
  readonly signal: AbortSignal;
  /** One send. What it throws was never sent. */
  ask(target: Target): Promise<Tried>;
  /** Whether another target may do better, where the kind of failure alone does not say so. */
  elsewhere?(failure: Failure): boolean;
  /** Whether the request can be sent once more. Absent: it can. */
  repeatable?(): boolean;
}

/** The one loop that may send twice: asks, and either answers or goes on to the next target. Never throws. */
export async function tryTargets(
  gateway: Running,
  plan: Plan,
  { signal, ask, elsewhere, repeatable }: Trying,
): Promise<Omit<Outcome, 'notices' | 'way'>> {
  const attempts: AttemptRecord[] = [];
  let last: Target | undefined;
  let failure: Failure | undefined;

  for (const target of plan.targets) {
    last = target;
    const startedAt = gateway.ports.clock.now();
    const done = gateway.selectorOf(target.upstream).begin?.(target.credential);
    let tried: Tried;
    try {
      tried = await ask(target);
    } catch (thrown) {
      tried = { failure: ownFailure(gateway, thrown), status: 0 };
    }
    attempts.push(recordOf(gateway, target, tried, startedAt));
    if (!('failure' in tried)) {
      gateway.cooldown.succeeded(target.credential.id, target.model);
      if (tried.streamed) tried.streamed.whenEnded(() => done?.());
      else done?.();
      return { attempts, target, ...tried };
    }
    done?.();
    failure = tried.failure;
    const { retryElsewhere } = failureKinds[failure.kind];
    if (tried.status === 0 || signal.aborted || !(retryElsewhere || elsewhere?.(failure))) break;
    gateway.cooldown.rest(target.credential.id, target.model, failure);
    if (repeatable?.() === false) break;
  }
  return {
    attempts,
    ...(last && { target: last }),
    failure: failure ?? new Failure('server', 'No target was tried.'),
  };
}

/** A Failure is for the caller; anything else is a bug of ours: the caller hears 500, the log the rest. */
export function ownFailure({ ports }: Pick<Running, 'ports'>, thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  ports.log('error', 'A bug in the gateway', {
    error: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown),
  });
  return new Failure('server', 'The gateway itself failed; the log has the reason.', { cause: thrown });
}

function recordOf({ ports }: Running, target: Target, tried: Tried, startedAt: number): AttemptRecord {
  return {
    upstream: target.upstream.name,
    model: target.model,
    credential: target.credential.id,
    status: 'failure' in tried ? tried.status : tried.answer.status,
    durationMs: ports.clock.now() - startedAt,
    ...('failure' in tried && { failure: tried.failure.kind }),
  };
}
