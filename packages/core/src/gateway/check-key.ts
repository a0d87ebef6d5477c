import type { Credential } from '../auth/authorize.ts';
import type { Failure } from '../conversation/failure.ts';
import type { Dialect, Knock } from '../dialects/dialect.ts';
import { inboundOf } from '../translate/decode.ts';
import { translate } from '../translate/translate.ts';
import { asFailure } from '../translate/upstream-failure.ts';
import type { Upstream } from './gateway.ts';
import { firstPage } from './list-models.ts';
import { prospectAt, type Target } from './prospect.ts';
import { readAll } from './read-all.ts';
import type { Running } from './running.ts';
import { messageOf, send } from './send.ts';

/** What a vendor said of one of its keys. */
export type KeyVerdict =
  | { readonly verdict: 'valid'; readonly models?: readonly string[] }
  | { readonly verdict: 'refused' | 'unclear'; readonly failure: Failure }
  | { readonly verdict: 'unchecked'; readonly why: string };

const checkTimeoutMs = 20_000;
const maxReplyBytes = 1024 * 1024;

/** Asks for the list of models, which costs nothing; a place without one for a word of the first model that is configured there. */
export async function checkKey(
  gateway: Running,
  upstream: Upstream,
  credential: Credential,
  freeOnly: boolean,
): Promise<KeyVerdict> {
  if (credential.secret === '') return { verdict: 'unchecked', why: 'The upstream needs no key.' };
  try {
    const { listsModels } = upstream.provider;
    if (listsModels)
      return { verdict: 'valid', models: await listedModels(gateway, upstream, credential, listsModels) };
    if (freeOnly)
      return { verdict: 'unchecked', why: 'The provider has no list to ask for, and a word of a model costs.' };
    const model = firstModel(upstream);
    if (model === undefined)
      return { verdict: 'unchecked', why: 'Name a model in "models": the provider has no list to ask for instead.' };
    await askWord(gateway, upstream, credential, model);
    return { verdict: 'valid' };
  } catch (thrown) {
    const failure = asFailure(thrown);
    const refused = failure.kind === 'unauthenticated' || failure.kind === 'billing';
    return { verdict: refused ? 'refused' : 'unclear', failure };
  }
}

async function listedModels(gateway: Running, upstream: Upstream, credential: Credential, dialect: Dialect) {
  const asking = { dialect, glance: { model: '', streaming: false } };
  const target = prospectAt(gateway, { upstream, model: '' }, asking).targetFor(credential);
  const models = await firstPage(gateway, { ...target, dialect });
  return models.map(({ id }) => id);
}

/** One that is no pattern. */
function firstModel({ models = [] }: Upstream): string | undefined {
  const names = Array.isArray(models) ? (models as readonly string[]) : Object.values(models); // Array.isArray does not narrow readonly arrays
  return names.find((name) => !name.includes('*'));
}

async function askWord(gateway: Running, upstream: Upstream, credential: Credential, model: string): Promise<void> {
  const inbound = wordFrom(gateway, model);
  const target: Target = prospectAt(gateway, { upstream, model }, inbound).targetFor(credential);
  const created = Math.floor(gateway.ports.clock.now() / 1000);
  const translation = translate(inbound, target, { created, newId: gateway.newId });
  const message = messageOf(target, inbound, translation, 'generate');
  const sent = await send(gateway, target, message, AbortSignal.timeout(checkTimeoutMs));
  if ('failure' in sent) throw sent.failure;
  await readAll(sent.response.body, maxReplyBytes, () => new Error('The reply is too large.'));
}

/** The cheapest question there is. */
function wordFrom({ dialects }: Running, model: string) {
  const dialect = dialects.find(({ name }) => name === 'openai-chat');
  const door = dialect?.doors.find(({ operation }) => operation === 'generate');
  if (!dialect || !door) throw new Error('Chat Completions has a door.');
  const knock: Knock = { door, params: {}, query: new URLSearchParams(), headers: {} };
  const question = { model, max_tokens: 1, messages: [{ role: 'user', content: 'Hi' }] };
  return inboundOf(dialect, knock, new TextEncoder().encode(JSON.stringify(question)));
}
