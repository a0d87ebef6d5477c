import {
  Failure,
  Gate,
  kindOfStatus,
  plainRefusal,
  shownPath,
  type HttpAnswer,
  type HttpRequest,
  type KeyedGateway,
  type Log,
  type Policy,
} from '@proxy/core';

/** What a page says. */
export interface PageAnswer extends HttpAnswer {
  /** Whoever asked has shown who they are: theirs are mistakes, and not counted (row C1). */
  readonly known?: true;
}

interface Guarding {
  readonly policies: readonly Policy[];
  readonly gateway: Pick<KeyedGateway, 'newRequestId'>;
  readonly log: Log;
}

/**
 * A page of the server's own, for whoever is let in: policies see it as they see the gateway's doors, and a refusal carries an id by
 * which the log has it, as theirs do.
 */
export async function guardedPage(
  page: () => PageAnswer | Promise<PageAnswer>,
  request: HttpRequest,
  { policies, gateway, log }: Guarding,
): Promise<HttpAnswer> {
  const requestId = gateway.newRequestId();
  const { known: _, ...answer } = await letIn(page, request, policies, requestId);
  const { status, headers } = answer;
  if (status < 400) return answer;
  const kind = headers['x-proxy-error'] ?? kindOfStatus(status);
  log(status >= 500 ? 'error' : 'warn', `request ${status} ${kind}`, {
    requestId,
    path: shownPath(request.url),
    ...(request.address !== undefined && { address: request.address }),
    status,
    failure: { kind },
  });
  return { ...answer, headers: { ...headers, 'x-proxy-error': kind, 'x-proxy-request-id': requestId } };
}

async function letIn(
  page: () => PageAnswer | Promise<PageAnswer>,
  request: HttpRequest,
  policies: readonly Policy[],
  requestId: string,
): Promise<PageAnswer> {
  if (policies.length === 0) return page();
  const gate = new Gate(policies, { requestId, request });
  try {
    await gate.admit();
    const answer = await page();
    if (!answer.known && (answer.status === 400 || answer.status === 404))
      gate.refused(new Failure('not-found', 'Nothing is served under that name.'));
    return answer;
  } catch (thrown) {
    if (thrown instanceof Failure) return plainRefusal(thrown);
    throw thrown;
  }
}
