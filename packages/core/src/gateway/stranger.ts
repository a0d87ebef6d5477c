import { Failure } from '../conversation/failure.ts';
import type { Gate } from './gate.ts';
import type { HttpAnswer, HttpRequest } from './http.ts';
import { plainRefusal } from './refuse.ts';
import type { Running } from './running.ts';
import { ownFailure } from './try-targets.ts';

/**
 * Nothing is served at that path. Policies have their say here too: whoever tries doors is to be noticed. The log has a line of it, the
 * ledger nothing: it is no call of anything.
 */
export async function refuseStranger(
  gateway: Running,
  requestId: string,
  request: HttpRequest,
  gate: Gate | undefined,
): Promise<HttpAnswer> {
  const { refusal: standing, doors, ports } = gateway;
  const nothing = new Failure('not-found', nothingServed(request));
  const failure = (await notAdmitted(gateway, gate)) ?? standing ?? nothing;
  gate?.refused(failure);
  ports.log(failure.status >= 500 ? 'error' : 'warn', ...logLine(requestId, request, failure));
  const told = failure === nothing ? new Failure('not-found', `${nothing.message} Served: ${doors.paths.join(', ')}.`) : failure; // prettier-ignore
  const answer = plainRefusal(told);
  return { ...answer, headers: { ...answer.headers, ...gate?.answerHeaders, 'x-proxy-request-id': requestId } };
}

async function notAdmitted(gateway: Running, gate: Gate | undefined): Promise<Failure | undefined> {
  try {
    await gate?.admit();
    return undefined;
  } catch (thrown) {
    return ownFailure(gateway, thrown);
  }
}

function nothingServed({ method, url }: HttpRequest): string {
  return `Nothing is served at ${method} ${shownPath(url)}.`;
}

/** As that of a call that was refused. */
function logLine(requestId: string, { url, address }: HttpRequest, { kind, message, status }: Failure) {
  const fields = {
    requestId,
    path: shownPath(url),
    ...(address !== undefined && { address }),
    status,
    failure: { kind, message },
  };
  return [`request ${status} ${kind}: ${message}`, fields] as const;
}

/** Longer ones are nobody's but those of whoever fills logs. */
const maxPathUnits = 200;

/** The path of a request as a log may have it: without its query, which may hold a key, and not too long. */
export function shownPath(url: string): string {
  const [path = ''] = url.split('?');
  return path.length > maxPathUnits ? `${path.slice(0, maxPathUnits)}…` : path;
}
