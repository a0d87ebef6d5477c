import type { Failure } from '../conversation/failure.ts';
import type { Caller } from '../ports.ts';
import type { HttpRequest } from './http.ts';
import type { Incoming } from './incoming.ts';
import type { KnownVisit, ListedTarget, Policy, PolicyTarget, Visit } from './policy.ts';
import type { Call } from './recognize.ts';
import type { Running } from './running.ts';

/** The policies, asked about one request. */
export class Gate {
  readonly #policies: readonly Policy[];
  readonly #visit: Visit & { caller?: Caller };

  constructor(policies: readonly Policy[], visit: Omit<Visit, 'answerHeaders'>) {
    this.#policies = policies;
    this.#visit = { ...visit, answerHeaders: {} };
  }

  get answerHeaders(): Readonly<Record<string, string>> {
    return this.#visit.answerHeaders;
  }

  /** @throws Failure, the first refusal. */
  async admit(): Promise<void> {
    for (const policy of this.#policies) {
      const admitting = policy.admit?.(this.#visit);
      if (admitting) await admitting;
    }
  }

  /** Who calls has been found out. */
  knows(caller: Caller): void {
    this.#visit.caller = caller;
  }

  /** What goes on: `inbound`, or what the policies made of it. @throws Failure, the first refusal. */
  async inspect(inbound: Incoming, targets: readonly PolicyTarget[]): Promise<Incoming> {
    const visit = this.#visit as KnownVisit; // authenticated by now
    let current = inbound;
    for (const policy of this.#policies) current = (await policy.inspect?.(visit, current, targets)) ?? current;
    return current;
  }

  lists(model: string, targets: readonly ListedTarget[]): boolean {
    const visit = this.#visit as KnownVisit; // authenticated by now
    return this.#policies.every((policy) => policy.lists?.(visit, model, targets) !== false);
  }

  refused(failure: Failure): void {
    for (const policy of this.#policies) policy.refused?.(this.#visit, failure);
  }
}

/** Undefined: there are no policies. */
export function gateOf({ options }: Running, requestId: string, request: HttpRequest, call?: Call): Gate | undefined {
  const { policies = [] } = options;
  if (policies.length === 0) return undefined;
  const door = request.direction?.door;
  return new Gate(policies, {
    requestId,
    request,
    ...(door !== undefined && { door }),
    ...(call && { dialect: call.dialect.name, operation: call.knock.door.operation }),
  });
}
