import { Failure, failureKinds } from '../conversation/failure.ts';
import type { Notice } from '../conversation/notice.ts';
import type { Usage } from '../conversation/usage.ts';
import type { AttemptRecord, UpstreamResponse } from '../ports.ts';
import { convertedReplyHeaders, relayedReplyHeaders } from '../translate/headers.ts';
import { translate } from '../translate/translate.ts';
import type { Inbound, StreamProgress, Translation } from '../translate/translation.ts';
import { asFailure } from '../translate/upstream-failure.ts';
import type { HttpAnswer, HttpRequest } from './http.ts';
import { openStream } from './open-stream.ts';
import { readAll } from './read-all.ts';
import type { Plan, Target } from './route.ts';
import type { Running } from './running.ts';
import { send } from './send.ts';

/** How the attempts ended: with an answer, or with the failure that the last of them met. */
export interface Outcome {
  readonly attempts: readonly AttemptRecord[];
  readonly notices: readonly Notice[];
  readonly target?: Target;
  readonly way?: 'relay' | 'convert';
  readonly failure?: Failure;
  readonly answer?: HttpAnswer;
  /** A whole reply's usage. A stream's comes with its end. */
  readonly usage?: Usage;
  /** Absent: the call is over. Present: it is over when this says so. */
  readonly streamed?: Promise<StreamEnd>;
}

interface StreamEnd {
  readonly progress: StreamProgress;
  readonly failure?: Failure;
}

const maxReplyBytes = 256 * 1024 * 1024;
const defaultKeepAliveMs = 15_000;

/** The one loop that may send twice: translate, send, and either answer or go on to the next target. Never throws. */
export async function attempt(
  gateway: Running,
  plan: Plan,
  inbound: Inbound,
  request: HttpRequest,
  strict: boolean,
): Promise<Outcome> {
  const attempts: AttemptRecord[] = [];
  let translated: { readonly target: Target; readonly translation: Translation } | undefined;
  let failure: Failure | undefined;
  let notices: readonly Notice[] = [];

  for (const target of plan.targets) {
    const startedAt = gateway.ports.clock.now();
    const done = gateway.selectorOf(target.upstream).begin?.(target.credential);
    let tried: Tried;
    try {
      const translation =
        translated && sameDestination(translated.target, target)
          ? translated.translation
          : towards(gateway, inbound, target);
      translated = { target, translation };
      notices = translation.notices;
      if (strict) refuseLosses(notices, target);
      tried = await tryTarget(gateway, target, inbound, translation, request);
    } catch (thrown) {
      tried = { failure: ownFailure(gateway, thrown), status: 0 };
    }
    attempts.push(recordOf(gateway, target, tried, startedAt));
    if (!('failure' in tried)) {
      gateway.cooldown.succeeded(target.credential.id, target.model);
      if (tried.streamed) void tried.streamed.finally(done);
      else done?.();
      const way = translated?.translation.way;
      return { attempts, notices, target, ...(way && { way }), ...tried };
    }
    done?.();
    failure = tried.failure;
    if (tried.status === 0 || !failureKinds[failure.kind].retryElsewhere || request.signal.aborted) break;
    gateway.cooldown.rest(target.credential.id, target.model, failure);
  }
  const last = translated?.target;
  return {
    attempts,
    notices,
    ...(last && { target: last }),
    ...(translated && { way: translated.translation.way }),
    failure: failure ?? new Failure('server', 'No target was tried.'),
  };
}

/** `status` is what the upstream said, or 0 when it was never asked. */
type Tried =
  | { readonly failure: Failure; readonly status: number }
  | { readonly answer: HttpAnswer; readonly usage?: Usage; readonly streamed?: Promise<StreamEnd> };

async function tryTarget(
  gateway: Running,
  target: Target,
  inbound: Inbound,
  translation: Translation,
  request: HttpRequest,
): Promise<Tried> {
  const sent = await send(gateway, target, inbound, translation, 'generate', request.signal);
  if ('failure' in sent) return answerFiltered(sent, translation) ?? sent;
  const { response } = sent;
  const headers =
    translation.way === 'relay' ? relayedReplyHeaders(response.headers) : convertedReplyHeaders(response.headers);
  return inbound.glance.streaming
    ? answerStream(gateway, response, translation, headers, request)
    : answerWhole(response, translation, headers);
}

/** B7: Azure and others answer 400 to a prompt that their filter stops; a client may know that as a reply alone. */
function answerFiltered({ failure }: { readonly failure: Failure }, translation: Translation): Tried | undefined {
  if (failure.kind !== 'content-filtered') return undefined;
  const told = translation.filtered?.(failure);
  return told && { answer: { status: 200, headers: { 'content-type': told.contentType }, body: told.body } };
}

async function answerWhole(
  response: UpstreamResponse,
  translation: Translation,
  headers: Record<string, string>,
): Promise<Tried> {
  try {
    const body = await readAll(
      response.body,
      maxReplyBytes,
      () => new Failure('bad-upstream', 'The reply is too large.'),
    );
    const whole = translation.whole(body, response.headers['content-type'] ?? '');
    const answer = {
      status: response.status,
      headers: { ...headers, 'content-type': whole.contentType },
      body: whole.body,
    };
    return { answer, ...(whole.usage && { usage: whole.usage }) };
  } catch (thrown) {
    const failure = asFailure(thrown);
    return { failure, status: failure.status };
  }
}

async function answerStream(
  gateway: Running,
  response: UpstreamResponse,
  translation: Translation,
  headers: Record<string, string>,
  request: HttpRequest,
): Promise<Tried> {
  const translator = translation.stream(response.headers['content-type'] ?? '');
  let close: (end: StreamEnd) => void = () => undefined;
  const streamed = new Promise<StreamEnd>((resolve) => (close = resolve));
  const opened = await openStream(response.body, translator, {
    signal: request.signal,
    keepAliveMs: gateway.options.keepAliveMs ?? defaultKeepAliveMs,
    onClose: (progress, failure) => close({ progress, ...(failure && { failure }) }),
  });
  if ('failure' in opened) return { failure: opened.failure, status: opened.failure.status };
  const answer: HttpAnswer = {
    status: response.status,
    headers: { ...headers, 'content-type': translator.contentType, 'cache-control': 'no-cache' },
    body: opened.source,
  };
  return { answer, streamed };
}

function towards(gateway: Running, inbound: Inbound, target: Target): Translation {
  const created = Math.floor(gateway.ports.clock.now() / 1000);
  return translate(inbound, target, { created, newId: gateway.newId });
}

/** Only the credential differs: the translation is the same. */
function sameDestination(a: Target, b: Target): boolean {
  return a.upstream === b.upstream && a.model === b.model && a.dialect === b.dialect;
}

/** @throws Failure naming the first field that would be left out or changed. */
function refuseLosses(notices: readonly Notice[], target: Target): void {
  const loss = notices.find(({ type }) => type !== 'defaulted');
  if (!loss) return;
  throw new Failure(
    'bad-request',
    `"${loss.field}" cannot be carried to ${target.upstream.name}/${target.model} (${loss.type}): ${loss.detail} ` +
      'Leave it out, or ask without strict.',
    { field: loss.field },
  );
}

/** A Failure is for the caller; anything else is a bug of ours: the caller hears 500, the log the rest. */
export function ownFailure({ ports }: Pick<Running, 'ports'>, thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  ports.log('error', 'A bug in the gateway', {
    error: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown),
  });
  return new Failure('server', 'The gateway itself failed; the log has the reason.', { cause: thrown });
}

function recordOf({ ports }: Running, target: Target, tried: Tried, startedAt: number): AttemptRecord {
  return {
    upstream: target.upstream.name,
    model: target.model,
    credential: target.credential.id,
    status: 'failure' in tried ? tried.status : tried.answer.status,
    durationMs: ports.clock.now() - startedAt,
    ...('failure' in tried && { failure: tried.failure.kind }),
  };
}
