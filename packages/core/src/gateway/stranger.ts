import { Failure } from '../conversation/failure.ts';
import type { Gate } from './gate.ts';
import type { HttpAnswer, HttpRequest } from './http.ts';
import { plainRefusal, unknownDoor } from './refuse.ts';
import type { Running } from './running.ts';
import { ownFailure } from './try-targets.ts';

/** Nothing is served at that path. Policies have their say here too: whoever tries doors is to be noticed. */
export async function refuseStranger(
  gateway: Running,
  { method, url }: HttpRequest,
  gate: Gate | undefined,
): Promise<HttpAnswer> {
  const answer = unknownDoor(method, url, gateway.doors.paths);
  if (!gate) return answer;
  try {
    await gate.admit();
    gate.refused(new Failure('not-found', 'Nothing is served at that path.'));
    return { ...answer, headers: { ...answer.headers, ...gate.answerHeaders } };
  } catch (thrown) {
    const failure = ownFailure(gateway, thrown);
    gate.refused(failure);
    const refusal = plainRefusal(failure);
    return { ...refusal, headers: { ...refusal.headers, ...gate.answerHeaders } };
  }
}
