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
  readonly #visit: Visit & { caller: Caller | undefined };
  /** So many policies have been asked to inspect the call, and wait to hear of its end. */
  #inspected = 0;

  constructor(
    policies: readonly Policy[],
    {
      requestId,
      request,
      door,
      dialect,
      operation,
    }: Pick<Visit, 'requestId' | 'request' | 'door' | 'dialect' | 'operation'>,
  ) {
    this.#policies = policies;
    this.#visit = { requestId, request, door, dialect, operation, caller: undefined, answerHeaders: {} };
  }

  get answerHeaders(): Readonly<Record<string, string>> {
    return this.#visit.answerHeaders;
  }

  /** @throws Failure, the first refusal. */
  admit(from = 0): void | Promise<void> {
    for (let at = from; at < this.#policies.length; at += 1) {
      const admitting = this.#policies[at]?.admit?.(this.#visit);
      if (admitting) return admitting.then(() => this.admit(at + 1));
    }
  }

  /** Who calls has been found out. */
  knows(caller: Caller): void {
    this.#visit.caller = caller;
  }

  /** What goes on: `inbound`, or what the policies made of it. @throws Failure, the first refusal. */
  inspect(inbound: Incoming, targets: readonly PolicyTarget[], from = 0): Incoming | Promise<Incoming> {
    const visit = this.#visit as KnownVisit; // authenticated by now
    let current = inbound;
    for (let at = from; at < this.#policies.length; at += 1) {
      this.#inspected = at + 1;
      const inspected = this.#policies[at]?.inspect?.(visit, current, targets);
      if (inspected instanceof Promise) {
        const before = current;
        return inspected.then((changed) => this.inspect(changed ?? before, targets, at + 1));
      }
      current = inspected ?? current;
    }
    return current;
  }

  lists(model: string, targets: readonly ListedTarget[]): boolean {
    const visit = this.#visit as KnownVisit; // authenticated by now
    return this.#policies.every((policy) => policy.lists?.(visit, model, targets) !== false);
  }

  /** Only the first time counts. */
  over(): void {
    const visit = this.#visit as KnownVisit; // nothing is inspected before
    const inspected = this.#inspected;
    this.#inspected = 0;
    for (let at = 0; at < inspected; at += 1) this.#policies[at]?.over?.(visit);
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
    door,
    dialect: call?.dialect.name,
    operation: call?.knock.door.operation,
  });
}
