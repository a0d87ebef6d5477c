import { topLevel } from '../bytes/splice.ts';
import { Failure } from '../conversation/failure.ts';
import type { Glance, RelayedSocketDoor } from '../dialects/dialect.ts';
import type { JsonObject } from '../json.ts';
import type { Permit } from '../limits/limiter.ts';
import type { Caller, CancelSignal, OpenedSocket, Socket } from '../ports.ts';
import { named } from '../translate/decode.ts';
import { relayedRequestHeaders } from '../translate/headers.ts';
import type { Inbound } from '../translate/translation.ts';
import { failureOf } from '../translate/upstream-failure.ts';
import { account, record, withOurHeaders, type Story } from './account.ts';
import { authenticate } from './authenticate.ts';
import { Ending } from './ending.ts';
import { gateOf } from './gate.ts';
import type { AcceptedSocket, HttpAnswer, HttpRequest, SocketSession } from './http.ts';
import { limit } from './limit.ts';
import { permit as permitted } from './permitted.ts';
import { openAfterSetup } from './live-socket.ts';
import { recognize, type Call } from './recognize.ts';
import { refuse } from './refuse.ts';
import { relaySocket } from './relay-socket.ts';
import { respondOverSocket } from './respond-socket.ts';
import { routeRelayed } from './route-relayed.ts';
import type { Plan } from './plan.ts';
import type { Target } from './prospect.ts';
import type { Running } from './running.ts';
import { maxMessageBytes, openSocket, type Message } from './send.ts';
import { serve } from './serve.ts';
import { chosenProtocol, protocolsOf, withoutKey } from './subprotocols.ts';
import { ownFailure, tryTargets, type Outcome, type StreamEnd } from './try-targets.ts';

/** The story of a WebSocket, up to its handshake: the same stages, and nobody is let in before there is something to talk to. */
export async function connect(gateway: Running, request: HttpRequest): Promise<HttpAnswer | AcceptedSocket> {
  const call = recognize(gateway.doors, request);
  const door = call?.knock.door;
  if (!call || !door?.socket) return serve(gateway, request); // RFC 9110 §7.8: a server may go on in HTTP
  const requestId = gateway.newId('req_');
  const gate = gateOf(gateway, requestId, request, call);
  const story: Story = { requestId, startedAt: gateway.ports.clock.now(), request, call, gate };
  try {
    if (gate) await gate.admit();
    const caller = await authenticate(gateway, story);
    gate?.knows(caller);
    if (door.operation === 'live') return acceptLive(gateway, story, caller, door);
    if (door.operation === 'realtime') return await openRealtime(gateway, story, caller, door, request);
    return acceptResponses(gateway, story, request);
  } catch (thrown) {
    const failure = ownFailure(gateway, thrown);
    gate?.refused(failure);
    const refusal = refuse(call.dialect, failure, story.requestId);
    record(gateway, story, refusal.status, { failure });
    return withOurHeaders(refusal, story);
  }
}

/** Each message is routed, limited and accounted by itself. @throws Failure 426 where it is switched off: Codex goes on over HTTP (CX5). */
function acceptResponses(gateway: Running, { call, gate }: Story, request: HttpRequest): AcceptedSocket {
  const { dialect, knock } = call;
  if (gateway.options.sockets?.responses === false) {
    const message = 'Responses are not served over WebSockets here: use POST /v1/responses.';
    throw new Failure('bad-request', message, { status: 426 });
  }
  const protocol = chosenProtocol(withoutKey(protocolsOf(knock.headers)));
  return {
    ...settingsOf(gateway),
    headers: { ...gate?.answerHeaders },
    ...(protocol !== undefined && { protocol }),
    open: (socket) => (socket ? respondOverSocket(gateway, dialect, request, socket) : nothingRuns),
  };
}

/** The caller's first message names the model; from there on as a session of Realtime, only that refusals are closing reasons. */
function acceptLive(gateway: Running, story: Story, caller: Caller, door: RelayedSocketDoor): AcceptedSocket {
  const { socket: relay } = door;
  async function begin(setup: JsonObject, client: Socket, signal: CancelSignal): Promise<SocketSession> {
    const asked = inboundOf(story.call, { model: relay.read?.(setup) ?? '', streaming: true });
    const { inbound, plan } = await planned(gateway, story, asked, door);
    const permit = await limit(gateway, story, caller, inbound, plan);
    const opening = await openUpstream(gateway, plan, inbound, door, [], signal);
    const { opened, outcome } = opening;
    if (!opened) {
      account(gateway, story, permit, outcome);
      throw new Refused(outcome.failure ?? new Failure('server', 'No upstream was opened.'));
    }
    const session = accepted(gateway, story, permit, opening, door, undefined).open(client);
    const renamed = relay.rename?.(setup, outcome.target?.model ?? inbound.glance.model) ?? setup;
    opened.socket.send(JSON.stringify(renamed), false);
    return session;
  }
  return {
    ...settingsOf(gateway),
    headers: { ...story.gate?.answerHeaders, 'x-proxy-request-id': story.requestId },
    open(socket) {
      if (socket) return openAfterSetup(socket, begin, { failed, leftEarly });
      leftEarly();
      return nothingRuns;
    },
  };

  function failed(thrown: unknown): Failure {
    if (thrown instanceof Refused) return thrown.failure;
    const failure = ownFailure(gateway, thrown);
    story.gate?.refused(failure);
    record(gateway, story, failure.status, { failure });
    return failure;
  }

  /** A call like every other, for whoever asks what became of it. */
  function leftEarly(): void {
    const failure = new Failure('client-gone', 'The connection ended before its first message.');
    record(gateway, story, failure.status, { failure });
  }
}

/** A refusal that is in the books already. */
class Refused extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** The model is in the query, so the upstream is there before the caller is let in: a refusal of its stays a status. */
async function openRealtime(
  gateway: Running,
  story: Story,
  caller: Caller,
  door: RelayedSocketDoor,
  request: HttpRequest,
): Promise<HttpAnswer | AcceptedSocket> {
  const { query, headers } = story.call.knock;
  const asked = inboundOf(story.call, { model: query.get('model') ?? '', streaming: true });
  const { inbound, plan } = await planned(gateway, story, asked, door);
  const permit = await limit(gateway, story, caller, inbound, plan);
  const protocols = withoutKey(protocolsOf(headers));
  const opening = await openUpstream(gateway, plan, inbound, door, protocols, request.signal);
  if (!opening.opened) return account(gateway, story, permit, opening.outcome);
  return accepted(gateway, story, permit, opening, door, chosenProtocol(protocols, opening.opened.protocol));
}

/** @throws Failure where no upstream fits, or a policy is against it. */
async function planned(
  gateway: Running,
  story: Story,
  asked: Inbound,
  door: RelayedSocketDoor,
): Promise<{ readonly inbound: Inbound; readonly plan: Plan }> {
  story.inbound = asked;
  if (story.caller) permitted(story.caller, asked);
  const plan = routeRelayed(gateway, asked, door);
  const inbound = (await story.gate?.inspect(asked, plan.possible())) ?? asked;
  story.inbound = inbound;
  return { inbound, plan };
}

interface Opening {
  readonly outcome: Outcome;
  readonly opened?: OpenedSocket;
  /** Says that the session is over, for the books. */
  end(end: StreamEnd): void;
}

async function openUpstream(
  gateway: Running,
  plan: Plan,
  inbound: Inbound,
  door: RelayedSocketDoor,
  protocols: readonly string[],
  signal: CancelSignal,
): Promise<Opening> {
  let opened: OpenedSocket | undefined;
  const streamed = new Ending<StreamEnd>();
  const outcome = await tryTargets(gateway, plan, {
    signal,
    async ask(target) {
      const tried = await openSocket(gateway, target, messageOf(target, inbound, door), protocols, signal);
      if ('failure' in tried) return tried;
      opened = tried;
      return { answer: { status: 101, headers: {} }, streamed };
    },
  });
  return {
    outcome: { ...outcome, notices: [], way: 'relay' },
    end: (end) => streamed.end(end),
    ...(opened && { opened }),
  };
}

function accepted(
  gateway: Running,
  story: Story,
  permit: Permit,
  { outcome, opened, end }: Opening,
  door: RelayedSocketDoor,
  protocol: string | undefined,
): AcceptedSocket {
  // What it used has been counted while it ran.
  const spent: Permit = { settle: () => permit.settle({ inputTokens: 0 }), spend: (usage) => permit.spend(usage) };
  const answer = account(gateway, story, spent, outcome);
  return {
    ...settingsOf(gateway),
    headers: answer.headers,
    ...(protocol !== undefined && { protocol }),
    open(socket) {
      const upstream = opened?.socket;
      if (!socket || !upstream) {
        upstream?.close(1001, 'The caller went away.');
        const failure = new Failure('client-gone', 'The caller went away during the handshake.');
        end({ progress: { begun: false, finished: false }, failure });
        return nothingRuns;
      }
      const session = relaySocket(socket, upstream, door.socket, (usage) => {
        void permit.spend(usage);
        return story.hold?.spend(usage);
      });
      void session.ended.then(end);
      return session;
    },
  };
}

const nothingRuns: SocketSession = { drain: () => undefined };

function settingsOf({ options }: Running): Pick<AcceptedSocket, 'maxMessageBytes' | 'idleMs'> {
  return { maxMessageBytes: maxMessageBytes(options), idleMs: options.sockets?.idleMs ?? 15 * 60_000 };
}

/** A handshake has no body, so there is nothing to decode. */
function inboundOf({ dialect, knock }: Call, glance: Glance): Inbound {
  const body = new Uint8Array();
  return {
    dialect,
    knock,
    glance: named(glance),
    body,
    top: topLevel(body),
    decoded() {
      throw new Error('A handshake has no body to decode.');
    },
  };
}

function messageOf(target: Target, { knock, glance }: Inbound, { path }: RelayedSocketDoor): Message {
  const { upstream, model, settings } = target;
  const query = new URLSearchParams(knock.query);
  for (const ours of ['upstream', 'api-version', 'deployment']) query.delete(ours);
  if (glance.model !== '' && query.has('model')) query.set('model', model);
  return {
    method: 'GET',
    headers: relayedRequestHeaders(knock.headers),
    url(baseUrl) {
      const { relay } = upstream.provider;
      if (!relay) throw new Error('The route led to an upstream that relays nothing.');
      return relay.endpoint({ path, model, baseUrl, settings, query });
    },
    failure: (...refusal) => failureOf(target, ...refusal),
  };
}
