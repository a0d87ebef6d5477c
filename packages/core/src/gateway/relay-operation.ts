import { topLevel } from '../bytes/splice.ts';
import { Failure } from '../conversation/failure.ts';
import type { HeaderMap, Knock, RelayDoor } from '../dialects/dialect.ts';
import type { CancelSignal, Source, UpstreamResponse } from '../ports.ts';
import { relayedReplyHeaders, relayedRequestHeaders } from '../translate/headers.ts';
import { passThrough } from '../translate/pass-through.ts';
import type { StreamTranslator } from '../translate/translation.ts';
import { asFailure, failureOf } from '../translate/upstream-failure.ts';
import { answerOpened } from './answer-opened.ts';
import { checkedPath } from './directed.ts';
import { completionForm, endingInWords } from './error-as-completion.ts';
import type { HttpRequest } from './http.ts';
import type { Incoming } from './incoming.ts';
import { readAll } from './read-all.ts';
import { lateName } from './route-relayed.ts';
import type { Plan } from './plan.ts';
import type { Target } from './prospect.ts';
import type { Running } from './running.ts';
import { send } from './send.ts';
import { tryTargets, type Outcome, type Tried } from './try-targets.ts';

/** An operation of the caller's dialect alone: the same bytes, but for an aliased model's name, both ways. Never throws. */
export async function relayOperation(
  gateway: Running,
  plan: Plan,
  inbound: Incoming,
  door: RelayDoor,
  request: HttpRequest,
): Promise<Outcome> {
  const { upload } = inbound;
  const outcome = await tryTargets(gateway, plan, {
    signal: request.signal,
    ask: (target) => askRelayed(gateway, target, inbound, door, request.signal),
    // What an upstream keeps belongs to one of its keys, and nobody here knows to which.
    elsewhere: (failure) => door.relay.model === 'none' && failure.kind === 'not-found',
    repeatable: () => upload?.repeatable !== false,
  });
  // An upstream may answer before it has everything.
  if (upload) {
    if (outcome.streamed) outcome.streamed.whenEnded(() => upload.cancel());
    else upload.cancel();
  }
  return { ...outcome, notices: inbound.notices ?? [], way: 'relay' };
}

/** One target, asked in the caller's own words. */
export async function askRelayed(
  gateway: Running,
  target: Target,
  inbound: Incoming,
  door: RelayDoor,
  signal: CancelSignal,
): Promise<Tried> {
  const sent = await send(gateway, target, messageOf(gateway, target, inbound, door), signal);
  if ('failure' in sent) return brokenUpload(inbound) ?? sent;
  const { status, headers, body } = sent.response;
  if (status >= 300) return redirected(status);
  if (status === 204) {
    await readAll(body, 0, () => new Failure('bad-upstream', 'A reply without content has some.'));
    return { answer: { status, headers: relayedReplyHeaders(headers) } };
  }
  const contentType = headers['content-type'] ?? '';
  const translator = passThrough(inbound, door, contentType);
  const answering = relayedReplyHeaders(headers);
  if (!completionForm(gateway.options, inbound))
    return answerOpened(gateway, sent.response, translator, answering, signal);
  if (!contentType.includes('event-stream')) return answerHeld(sent.response, translator, answering, inbound);
  return answerOpened(gateway, sent.response, endingInWords(gateway, inbound, translator), answering, signal);
}

const maxHeldReplyBytes = 256 * 1024 * 1024;

/** Whole, so that an error may stand in its place wherever it broke off (row F16). */
async function answerHeld(
  { status, body: source }: UpstreamResponse,
  translator: StreamTranslator,
  headers: HeaderMap,
  { dialect }: Incoming,
): Promise<Tried> {
  try {
    const tooLarge = () => new Failure('bad-upstream', 'The reply is too large.');
    const body = await readAll(source, maxHeldReplyBytes, tooLarge);
    const { failure } = dialect.watch.whole(topLevel(body)) ?? {};
    if (failure) return { failure, status: failure.status };
    translator.push(body);
    translator.end();
    const { usage } = translator.progress;
    return { answer: { status, headers, body }, ...(usage && { usage }) };
  } catch (thrown) {
    const failure = asFailure(thrown);
    return { failure, status: failure.status };
  }
}

/** Transports tell in their own ways of a body that broke off. */
function brokenUpload({ upload }: Incoming): Tried | undefined {
  return upload?.failure && { failure: upload.failure, status: upload.failure.status };
}

/** Whoever followed it would leave the gateway, and carry an access key of ours to a stranger. */
export function redirected(status: number): Extract<Tried, { readonly failure: Failure }> {
  const failure = new Failure('bad-upstream', `The upstream answered ${status}, a redirection: correct its address.`);
  return { failure, status: failure.status };
}

/** @throws Failure when the path or the model cannot be sent. */
function messageOf(gateway: Running, target: Target, inbound: Incoming, door: RelayDoor): Parameters<typeof send>[2] {
  const { knock } = inbound;
  const { upstream, model, settings } = target;
  const path = door.operation === 'other' ? checkedPath(door.path) : filled(door.path, knock.params, model);
  const { body, length } = bodyOf(gateway, target, inbound, door.relay);
  return {
    method: door.method,
    headers: {
      ...relayedRequestHeaders(knock.headers),
      ...(length !== undefined && { 'content-length': String(length) }),
    },
    ...(body && { body }),
    url: (baseUrl) => {
      const { relay } = upstream.provider;
      if (!relay) throw new Error('The route led to an upstream that relays nothing.');
      return relay.endpoint({ path, model, baseUrl, settings, query: withoutUpstream(knock.query) });
    },
    failure: (...refusal) => failureOf(target, ...refusal),
  };
}

/** With the upstream's name for the model. The length is said where it cannot be seen. */
function bodyOf(
  gateway: Running,
  target: Target,
  { dialect, glance, body, upload }: Incoming,
  rule: RelayDoor['relay'],
): { readonly body?: Uint8Array | Source; readonly length?: number } {
  const { model } = target;
  if (upload) {
    const length = upload.lengthWith(model === '' ? undefined : model);
    const rename = (name: string) => (model === '' ? lateName(gateway, target, name) : model);
    return { body: upload.body(rename), ...(length !== undefined && { length }) };
  }
  const renamed = model === glance.model ? body : (rule.rename ?? dialect.rename)(body, model);
  return renamed.length > 0 ? { body: renamed } : {};
}

/** `/v1/files/{file}` with the id in its hole, and the upstream's name for the model in `{model}`. */
function filled(template: string, params: Knock['params'], model: string): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) =>
    name === 'model'
      ? model
          .split('/')
          .map((part) => segment('model', part))
          .join('/')
      : segment(`${name} id`, params[name] ?? ''),
  );
}

/** One that is a path (`..`) would lead out of the operation. */
function segment(what: string, given: string): string {
  if (/^[\w-][\w.:=@-]*$/.test(given)) return encodeURIComponent(given);
  throw new Failure('bad-request', `Malformed ${what} in the path: letters, digits and any of "-_.:=@" make one.`);
}

/** Ours to read, not the upstream's. */
function withoutUpstream(query: URLSearchParams): URLSearchParams {
  if (!query.has('upstream')) return query;
  const rest = new URLSearchParams(query);
  rest.delete('upstream');
  return rest;
}
