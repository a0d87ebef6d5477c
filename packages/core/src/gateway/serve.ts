import { Failure } from '../conversation/failure.ts';
import type { Inbound } from '../translate/translation.ts';
import { account, record, whenKept, withOurHeaders, type Story } from './account.ts';
import { attempt } from './attempt.ts';
import { authenticate } from './authenticate.ts';
import { countTokens } from './count-tokens.ts';
import { embed } from './embed.ts';
import { asCompletion, completionForm } from './error-as-completion.ts';
import { gateOf } from './gate.ts';
import { inTurn } from './in-turn.ts';
import type { HttpAnswer, HttpRequest } from './http.ts';
import { limit } from './limit.ts';
import { answerModels } from './models.ts';
import { permit } from './permitted.ts';
import type { Plan } from './plan.ts';
import { read } from './read.ts';
import { recognize } from './recognize.ts';
import { refuse } from './refuse.ts';
import { relayOperation } from './relay-operation.ts';
import { route } from './route.ts';
import { routeRelayed } from './route-relayed.ts';
import type { Running } from './running.ts';
import { refuseStranger } from './stranger.ts';
import { ownFailure, type Outcome } from './try-targets.ts';

/** The story of one request: each line takes what earlier lines made. */
export async function serve(gateway: Running, request: HttpRequest): Promise<HttpAnswer> {
  const call = recognize(gateway.doors, request);
  const requestId = gateway.newId('req_');
  const gate = gateOf(gateway, requestId, request, call);
  if (!call) return refuseStranger(gateway, requestId, request, gate);
  const startedAt = gateway.ports.clock.now();
  const story: Story = { requestId, startedAt, request, call, gate, answersWhole: true };
  /** Nobody but us has had a say yet. */
  let ours = true;
  try {
    const admitting = gate?.admit();
    if (admitting) await admitting;
    // What memory knows is there at once, and a promise for it would cost a turn of the queue.
    const found = authenticate(gateway, story);
    const caller = found instanceof Promise ? await found : found;
    gate?.knows(caller);
    const { door } = call.knock;
    const { operation } = door;
    if (operation === 'list-models' || operation === 'get-model')
      return recorded(await answerModels(gateway, call, caller, gate));

    if (door.socket) throw new Failure('bad-request', handshakeNeeded, { status: 426 });
    const asked = (story.inbound = await read(gateway.options, call, request));
    permit(caller, asked);
    const plan = door.relay ? routeRelayed(gateway, asked, door) : route(gateway, asked);
    const inspected = gate?.inspect(asked, plan.possible()) ?? asked;
    const inbound = (story.inbound = inspected instanceof Promise ? await inspected : inspected);
    const granting = limit(gateway, story, caller, inbound, plan);
    const granted = granting instanceof Promise ? await granting : granting;
    ours = false;
    if (operation === 'count-tokens') {
      const counted = countTokens(gateway, plan, inbound, request, (story.attempts = []));
      return recorded(await counted.finally(() => granted.settle({ inputTokens: 0 })));
    }
    // From here on somebody must account for whatever happens, so failures are values.
    const strict = wantsStrict(gateway, request);
    const counted = story.hold && inbound.glance.streaming ? { ...inbound, counted: true } : inbound;
    const ask = (targets: Plan): Promise<Outcome> => {
      if (!door.relay) return attempt(gateway, targets, counted, request, strict);
      if (operation === 'embed') return embed(gateway, targets, inbound, door, request, strict);
      return relayOperation(gateway, targets, inbound, door, request);
    };
    const { queue } = gateway.options;
    if (queue) {
      const replan = () => (door.relay ? routeRelayed(gateway, inbound, door) : route(gateway, inbound));
      return await inTurn(gateway, queue, { ...story, inbound }, granted, request, { plan, replan, ask });
    }
    const answer = account(gateway, story, granted, await ask(plan));
    // Awaited, since a promise that is returned as it is takes two turns of the queue more.
    if (story.kept) await story.kept;
    return answer;
  } catch (thrown) {
    story.inbound?.upload?.cancel();
    const failure = ownFailure(gateway, thrown);
    if (ours) gate?.refused(failure);
    const refusal = refuse(call.dialect, failure, story.requestId);
    record(gateway, story, refusal.status, { failure });
    const inbound = story.inbound ?? (await askedInVain(gateway, story, failure));
    return whenKept(story, withOurHeaders(asCompletion(gateway, inbound, failure, refusal), story));
  }

  function recorded(answer: HttpAnswer): HttpAnswer | Promise<HttpAnswer> {
    record(gateway, story, answer.status, {});
    return whenKept(story, withOurHeaders(answer, story));
  }
}

/** Of somebody unknown, so much is read as it takes to answer in the form that was asked for. */
const maxBytesInVain = 1024 * 1024;

async function askedInVain(
  { options }: Running,
  { call, request, caller }: Story,
  { kind }: Failure,
): Promise<Inbound | undefined> {
  if (caller || kind !== 'unauthenticated' || !completionForm(options, call)) return undefined;
  const maxBodyBytes = Math.min(options.maxBodyBytes ?? Infinity, maxBytesInVain);
  return read({ maxBodyBytes }, call, request).catch(() => undefined);
}

/** Codex goes on over HTTP when it hears 426 (CX5). */
const handshakeNeeded =
  'A WebSocket is spoken here: ask for the upgrade, from a server that can do it (@proxy/node, or the proxy command).';

function wantsStrict({ options }: Running, { headers }: HttpRequest): boolean {
  const asked = headers['x-proxy-strict'];
  return asked === undefined ? options.strict === true : asked === 'true';
}
