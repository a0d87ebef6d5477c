import { Failure } from '../conversation/failure.ts';
import { account, record, type Story } from './account.ts';
import { attempt } from './attempt.ts';
import { authenticate } from './authenticate.ts';
import { countTokens } from './count-tokens.ts';
import { embed } from './embed.ts';
import type { HttpAnswer, HttpRequest } from './http.ts';
import { limit } from './limit.ts';
import { answerModels } from './models.ts';
import { permit } from './permitted.ts';
import { read } from './read.ts';
import { recognize } from './recognize.ts';
import { refuse, unknownDoor } from './refuse.ts';
import { relayOperation } from './relay-operation.ts';
import { route } from './route.ts';
import { routeRelayed } from './route-relayed.ts';
import type { Running } from './running.ts';
import { ownFailure } from './try-targets.ts';

/** The story of one request: each line takes what earlier lines made. */
export async function serve(gateway: Running, request: HttpRequest): Promise<HttpAnswer> {
  const call = recognize(gateway.doors, request);
  if (!call) return unknownDoor(request.method, request.url, gateway.doors.paths);
  const story: Story = { requestId: gateway.newId('req_'), startedAt: gateway.ports.clock.now(), call };
  try {
    const caller = (story.caller = await authenticate(gateway, call));
    const { door } = call.knock;
    const { operation } = door;
    if (operation === 'list-models' || operation === 'get-model')
      return recorded(await answerModels(gateway, call, caller));

    if (door.socket) throw new Failure('bad-request', handshakeNeeded, { status: 426 });
    const inbound = (story.inbound = await read(gateway, call, request));
    permit(caller, inbound);
    const plan = door.relay ? routeRelayed(gateway, inbound, door) : route(gateway, inbound);
    const granted = await limit(gateway, story, caller, inbound, plan);
    if (operation === 'count-tokens') {
      const counted = countTokens(gateway, plan, inbound, request);
      return recorded(await counted.finally(() => granted.settle({ inputTokens: 0 })));
    }
    // From here on somebody must account for whatever happens, so failures are values.
    const strict = wantsStrict(gateway, request);
    const outcome = !door.relay
      ? await attempt(gateway, plan, inbound, request, strict)
      : operation === 'embed'
        ? await embed(gateway, plan, inbound, door, request, strict)
        : await relayOperation(gateway, plan, inbound, door, request);
    return account(gateway, story, granted, outcome);
  } catch (thrown) {
    story.inbound?.upload?.cancel();
    const failure = ownFailure(gateway, thrown);
    const refusal = refuse(call.dialect, failure, story.requestId);
    record(gateway, story, refusal.status, { failure });
    return { ...refusal, headers: { ...refusal.headers, 'x-proxy-request-id': story.requestId } };
  }

  function recorded(answer: HttpAnswer): HttpAnswer {
    record(gateway, story, answer.status, {});
    return { ...answer, headers: { ...answer.headers, 'x-proxy-request-id': story.requestId } };
  }
}

/** Codex goes on over HTTP when it hears 426 (CX5). */
const handshakeNeeded =
  'A WebSocket is spoken here: ask for the upgrade, from a server that can do it (@proxy/node, or the proxy command).';

function wantsStrict({ options }: Running, { headers }: HttpRequest): boolean {
  const asked = headers['x-proxy-strict'];
  return asked === undefined ? options.strict === true : asked === 'true';
}
