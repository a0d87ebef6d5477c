import { Failure } from '../conversation/failure.ts';
import type { Knock, RelayDoor } from '../dialects/dialect.ts';
import { relayedReplyHeaders, relayedRequestHeaders } from '../translate/headers.ts';
import { passThrough } from '../translate/pass-through.ts';
import type { Inbound } from '../translate/translation.ts';
import { failureOf } from '../translate/upstream-failure.ts';
import { answerOpened } from './answer-opened.ts';
import type { HttpRequest } from './http.ts';
import { readAll } from './read-all.ts';
import type { Plan, Target } from './route.ts';
import type { Running } from './running.ts';
import { send } from './send.ts';
import { tryTargets, type Outcome, type Tried } from './try-targets.ts';

/** An operation of the caller's dialect alone: the same bytes, but for an aliased model's name, both ways. Never throws. */
export async function relayOperation(
  gateway: Running,
  plan: Plan,
  inbound: Inbound,
  door: RelayDoor,
  request: HttpRequest,
): Promise<Outcome> {
  const outcome = await tryTargets(gateway, plan, {
    signal: request.signal,
    ask: (target) => askTarget(gateway, target, inbound, door, request.signal),
    // What an upstream keeps belongs to one of its keys, and nobody here knows to which.
    elsewhere: (failure) => door.relay.model === 'none' && failure.kind === 'not-found',
  });
  return { ...outcome, notices: [], way: 'relay' };
}

async function askTarget(
  gateway: Running,
  target: Target,
  inbound: Inbound,
  door: RelayDoor,
  signal: AbortSignal,
): Promise<Tried> {
  const sent = await send(gateway, target, messageOf(target, inbound, door), signal);
  if ('failure' in sent) return sent;
  const { status, headers, body } = sent.response;
  if (status >= 300) return redirected(status);
  if (status === 204) {
    await readAll(body, 0, () => new Failure('bad-upstream', 'A reply without content has some.'));
    return { answer: { status, headers: relayedReplyHeaders(headers) } };
  }
  const translator = passThrough(inbound, door, headers['content-type'] ?? '');
  return answerOpened(gateway, sent.response, translator, relayedReplyHeaders(headers), signal);
}

/** Whoever followed it would leave the gateway, and carry an access key of ours to a stranger. */
function redirected(status: number): Tried {
  const failure = new Failure('bad-upstream', `The upstream answered ${status}, a redirection: correct its address.`);
  return { failure, status: failure.status };
}

/** @throws Failure when the path or the model cannot be sent. */
function messageOf(
  target: Target,
  inbound: Inbound,
  { method, path: template, relay: rule }: RelayDoor,
): Parameters<typeof send>[2] {
  const { dialect, glance, knock } = inbound;
  const { upstream, model, settings } = target;
  const path = filled(template, knock.params, model);
  const rename = rule.rename ?? dialect.rename;
  const body = model === glance.model ? inbound.body : rename(inbound.body, model);
  return {
    method,
    headers: relayedRequestHeaders(knock.headers),
    ...(body.length > 0 && { body }),
    url: (baseUrl) => {
      const { relay } = upstream.provider;
      if (!relay) throw new Error('The route led to an upstream that relays nothing.');
      return relay.endpoint({ path, model, baseUrl, settings, query: withoutUpstream(knock.query) });
    },
    failure: (...refusal) => failureOf(target, ...refusal),
  };
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
