import { Failure, Gate, plainRefusal, type HttpAnswer, type HttpRequest, type Policy } from '@proxy/core';

/** What a page says. */
export interface PageAnswer extends HttpAnswer {
  /** Whoever asked has shown who they are: theirs are mistakes, and not counted (row C1). */
  readonly known?: true;
}

/** A page of the server's own, for whoever is let in: policies see it as they see the gateway's doors. */
export async function guardedPage(
  page: () => PageAnswer | Promise<PageAnswer>,
  request: HttpRequest,
  policies: readonly Policy[],
): Promise<HttpAnswer> {
  if (policies.length === 0) return page();
  const gate = new Gate(policies, { requestId: '', request });
  try {
    await gate.admit();
    const { known, ...answer } = await page();
    if (!known && (answer.status === 400 || answer.status === 404))
      gate.refused(new Failure('not-found', 'Nothing is served under that name.'));
    return answer;
  } catch (thrown) {
    if (thrown instanceof Failure) return plainRefusal(thrown);
    throw thrown;
  }
}
