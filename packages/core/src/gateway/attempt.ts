import { Failure } from '../conversation/failure.ts';
import type { Notice } from '../conversation/notice.ts';
import type { UpstreamResponse } from '../ports.ts';
import { convertedReplyHeaders, relayedReplyHeaders } from '../translate/headers.ts';
import { translate } from '../translate/translate.ts';
import type { Inbound, Translation } from '../translate/translation.ts';
import { asFailure } from '../translate/upstream-failure.ts';
import type { HttpRequest } from './http.ts';
import { answerOpened } from './answer-opened.ts';
import { endingInWords } from './error-as-completion.ts';
import { readAll } from './read-all.ts';
import { refuseLosses } from './refuse-losses.ts';
import type { Plan } from './plan.ts';
import type { Target } from './prospect.ts';
import type { Running } from './running.ts';
import { messageOf, send } from './send.ts';
import { tryTargets, type Outcome, type Tried } from './try-targets.ts';

const maxReplyBytes = 256 * 1024 * 1024;

/** Asks the model, of each target in its turn. Never throws. */
export async function attempt(
  gateway: Running,
  plan: Plan,
  inbound: Inbound,
  request: HttpRequest,
  strict: boolean,
): Promise<Outcome> {
  let translated: Translated | undefined;
  const outcome = await tryTargets(gateway, plan, {
    signal: request.signal,
    ask(target) {
      if (!translated || !sameDestination(translated.target, target)) translated = towards(gateway, inbound, target);
      if (strict) refuseLosses(translated.lost, target);
      return tryTarget(gateway, target, inbound, translated.translation, request);
    },
  });
  const { notices = [], way } = translated?.translation ?? {};
  return { ...outcome, notices, way };
}

async function tryTarget(
  gateway: Running,
  target: Target,
  inbound: Inbound,
  translation: Translation,
  request: HttpRequest,
): Promise<Tried> {
  const sent = await send(gateway, target, messageOf(target, inbound, translation, 'generate'), request.signal);
  if ('failure' in sent) return answerFiltered(sent, translation) ?? sent;
  const { response } = sent;
  const headers =
    translation.way === 'relay' ? relayedReplyHeaders(response.headers) : convertedReplyHeaders(response.headers);
  // Awaited, since a promise that is returned as it is takes two turns of the queue more.
  return inbound.glance.streaming
    ? await answerStream(gateway, response, translation, headers, inbound, request)
    : await answerWhole(response, translation, headers);
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
    headers['content-type'] = whole.contentType;
    return { answer: { status: response.status, headers, body: whole.body }, usage: whole.usage };
  } catch (thrown) {
    const failure = asFailure(thrown);
    return { failure, status: failure.status };
  }
}

function answerStream(
  gateway: Running,
  response: UpstreamResponse,
  translation: Translation,
  headers: Record<string, string>,
  inbound: Inbound,
  request: HttpRequest,
): Promise<Tried> {
  const translator = endingInWords(gateway, inbound, translation.stream(response.headers['content-type'] ?? ''));
  return answerOpened(gateway, response, translator, { ...headers, 'cache-control': 'no-cache' }, request.signal);
}

interface Translated {
  readonly target: Target;
  readonly translation: Translation;
  /** What the request lost: `strict` is about that alone, and the translation's own list grows with what a reply loses. */
  readonly lost: readonly Notice[];
}

function towards(gateway: Running, inbound: Inbound, target: Target): Translated {
  const created = Math.floor(gateway.ports.clock.now() / 1000);
  const translation = translate(inbound, target, { created, newId: gateway.newId });
  return { target, translation, lost: [...translation.notices] };
}

/** Only the credential differs: the translation is the same. */
function sameDestination(a: Target, b: Target): boolean {
  return a.upstream === b.upstream && a.model === b.model && a.dialect === b.dialect;
}
