import { Failure } from '../conversation/failure.ts';
import type { ListedModel, ModelLists } from '../dialects/dialect.ts';
import { parseReply } from '../translate/parse-reply.ts';
import { asFailure, failureOf } from '../translate/upstream-failure.ts';
import type { Upstream } from './gateway.ts';
import { readAll } from './read-all.ts';
import { planOf } from './plan.ts';
import type { Target } from './prospect.ts';
import type { Running } from './running.ts';
import { send } from './send.ts';
import type { CancelSignal } from '../ports.ts';

const listTimeoutMs = 10_000;
const maxListBytes = 16 * 1024 * 1024;
const maxPages = 20;

/** Undefined, and a line in the log, when no key of the upstream gets a list. Never rejects. */
export async function listModels(gateway: Running, upstream: Upstream): Promise<readonly ListedModel[] | undefined> {
  try {
    return await askEachKey(gateway, upstream);
  } catch (thrown) {
    const { message } = asFailure(thrown);
    const fields = { upstream: upstream.name, error: message };
    gateway.ports.log('warn', 'The models of an upstream cannot be listed', fields);
    return undefined;
  }
}

async function askEachKey(gateway: Running, upstream: Upstream): Promise<readonly ListedModel[]> {
  const dialect = upstream.provider.listsModels;
  const lists = dialect?.models;
  if (!dialect || !lists) throw new Error(`The provider of "${upstream.name}" has no list of models.`);
  const glance = { model: '', streaming: false };
  const { targets } = planOf(gateway, [{ upstream, model: '' }], { dialect, glance });
  let failure: unknown;
  for (const target of targets) {
    try {
      return await allPages(gateway, { ...target, dialect }, lists);
    } catch (thrown) {
      failure = thrown;
    }
  }
  throw failure;
}

/** What one key may list, as far as the vendor's first page goes. @throws Failure */
export async function firstPage(gateway: Running, target: Target): Promise<readonly ListedModel[]> {
  const { models: lists, name } = target.dialect;
  if (!lists) throw new Error(`${name} has no list of models.`);
  const signal = AbortSignal.timeout(listTimeoutMs);
  return lists.decodeList(await ask(gateway, target, lists.firstPage, signal)).models;
}

async function allPages(gateway: Running, target: Target, lists: ModelLists): Promise<readonly ListedModel[]> {
  const models: ListedModel[] = [];
  let query: Readonly<Record<string, string>> | undefined = lists.firstPage;
  const signal = AbortSignal.timeout(listTimeoutMs);
  for (let page = 0; query && page < maxPages; page++) {
    const read: ReturnType<ModelLists['decodeList']> = lists.decodeList(await ask(gateway, target, query, signal));
    models.push(...read.models);
    query = read.nextPage;
  }
  return models;
}

async function ask(gateway: Running, target: Target, query: Readonly<Record<string, string>>, signal: CancelSignal) {
  const { upstream, settings, dialect } = target;
  const rest = { model: '', streaming: false, query: new URLSearchParams(query) };
  const sent = await send(
    gateway,
    target,
    {
      method: 'GET',
      headers: { accept: 'application/json' },
      url: (baseUrl) => upstream.provider.endpoint({ dialect, operation: 'list-models', baseUrl, settings, ...rest }),
      failure: (...refusal) => failureOf(target, ...refusal),
    },
    signal,
  );
  if ('failure' in sent)
    throw signal.aborted
      ? new Failure('timeout', `No list came within ${listTimeoutMs / 1000} seconds.`)
      : sent.failure;
  const { status, body } = sent.response;
  if (status >= 300) throw new Failure('bad-upstream', `The upstream answered ${status} when asked for its models.`);
  return parseReply(await readAll(body, maxListBytes, () => new Failure('bad-upstream', 'The list is too long.')));
}
