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
  guarding: Guarding,
): Promise<HttpAnswer> {
  const { gateway, log } = guarding;
  const requestId = gateway.newRequestId();
  const { known: _, ...answer } = await letIn(page, request, guarding, requestId);
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
  { policies, log }: Guarding,
  requestId: string,
): Promise<PageAnswer> {
  try {
    if (policies.length === 0) return await page();
    const gate = new Gate(policies, { requestId, request });
    await gate.admit();
    const answer = await page();
    if (!answer.known && (answer.status === 400 || answer.status === 404))
      gate.refused(new Failure('not-found', 'Nothing is served under that name.'));
    return answer;
  } catch (thrown) {
    if (thrown instanceof Failure) return plainRefusal(thrown);
    const error = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    log('error', 'A page could not be made', { requestId, error });
    return plainRefusal(new Failure('server', 'The server itself failed; the log has the reason.'));
  }
}
