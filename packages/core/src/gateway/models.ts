import { Failure } from '../conversation/failure.ts';
import type { ListedModel, ModelCard } from '../dialects/dialect.ts';
import { factsOf } from '../models/facts.ts';
import type { Caller } from '../ports.ts';
import type { Gate } from './gate.ts';
import type { Upstream, UpstreamModel } from './gateway.ts';
import type { HttpAnswer } from './http.ts';
import { listModels } from './list-models.ts';
import { mayUse } from './permitted.ts';
import type { Call } from './recognize.ts';
import { destinationsOf } from './route.ts';
import type { Running } from './running.ts';

/**
 * The models that callers can ask for by name, in the caller's dialect: those that are configured, and of an upstream
 * that takes anything those that it lists itself; a caller with models of its own sees no others, and nobody those that a policy keeps back. Patterns stand
 * for names nobody listed, and upstreams without a key for calls that would be refused: both are left out.
 */
export async function answerModels(
  gateway: Running,
  { dialect, knock }: Call,
  caller: Caller,
  gate: Gate | undefined,
): Promise<HttpAnswer> {
  const lists = dialect.models;
  if (!lists) throw new Failure('not-found', 'This dialect has no list of models.');
  const { models } = caller;
  const all = await modelCards(gateway);
  const allowed = models ? all.filter(({ id }) => mayUse(models, id)) : all;
  const cards = gate ? allowed.filter(({ id }) => gate.lists(id, placesOf(gateway, id))) : allowed;
  if (knock.door.operation === 'list-models') return json(lists.encodeList(cards, knock.query));
  const id = knock.params.model ?? '';
  const card = cards.find((candidate) => candidate.id === id) ?? addressed(cards, id);
  if (!card)
    throw new Failure(
      'not-found',
      `Unknown model "${id}". GET the list of models for the names that can be asked for.`,
      {
        field: 'model',
      },
    );
  return json(lists.encodeOne(card));
}

/** `upstream/model` always means that upstream, however its model is listed. */
function addressed(cards: readonly ModelCard[], id: string): ModelCard | undefined {
  const card = cards.find((candidate) => `${candidate.owner}/${candidate.id}` === id);
  return card && { ...card, id };
}

function placesOf(gateway: Running, id: string): readonly UpstreamModel[] {
  try {
    return gateway.destinationsOf(id);
  } catch {
    // An upstream lists it that nobody is sent to by this name.
    return [];
  }
}

async function modelCards(gateway: Running): Promise<readonly ModelCard[]> {
  const { routes = [], modelFacts = [] } = gateway.options;
  const upstreams = gateway.options.upstreams.filter(hasKey);
  const offers = await Promise.all(upstreams.map((upstream) => offerOf(gateway, upstream)));
  const cards = new Map<string, ModelCard>();
  const add = (id: string, owner: string, model?: ListedModel) => {
    if (id.includes('*') || cards.has(id)) return;
    const { contextWindow, maxOutputTokens, ...told } = model ?? {};
    const facts = { ...(contextWindow && { contextWindow }), ...(maxOutputTokens && { maxOutputTokens }) };
    const known = model ? [{ match: model.id, facts, source: `${owner}'s list` }, ...modelFacts] : modelFacts;
    cards.set(id, { ...told, id, owner, facts: factsOf(model?.id ?? id, known) });
  };
  for (const { model, targets } of routes) {
    const first = targets.find((target) => upstreams.some(({ name }) => name === target.upstream));
    if (first) add(model, first.upstream);
  }
  for (const { upstream, configured, listed } of offers) {
    for (const model of configured) add(model, upstream.name);
    for (const { model, bare } of listed) if (bare) add(model.id, upstream.name, model);
  }
  // What one upstream offers by its own name is no news from another.
  const known = new Set(cards.keys());
  for (const { upstream, listed } of offers)
    for (const { model } of listed) {
      if (known.has(model.id)) continue;
      known.add(model.id);
      add(`${upstream.name}/${model.id}`, upstream.name, model);
    }
  return [...cards.values()];
}

/** A server at an address of somebody's own, or one that is shown another proof in a header, may need none of ours. */
function hasKey({ provider, credentials, baseUrl, headers }: Upstream): boolean {
  if (provider.keyless || baseUrl !== undefined || headers) return credentials.length > 0;
  return credentials.some(({ secret }) => secret !== '');
}

interface Offer {
  readonly upstream: Upstream;
  readonly configured: readonly string[];
  /** `bare`: its own name leads to this upstream; else `upstream/model` alone does. */
  readonly listed: readonly { readonly model: ListedModel; readonly bare: boolean }[];
}

async function offerOf(gateway: Running, upstream: Upstream): Promise<Offer> {
  const { models } = upstream;
  if (models) {
    const configured = Array.isArray(models) ? (models as readonly string[]) : Object.keys(models); // Array.isArray does not narrow readonly arrays
    return { upstream, configured, listed: [] };
  }
  const listed = upstream.provider.listsModels
    ? await gateway.catalogues.of(upstream, () => listModels(gateway, upstream))
    : [];
  return {
    upstream,
    configured: [],
    listed: listed.map((model) => ({ model, bare: leadsTo(gateway, upstream, model.id) })),
  };
}

function leadsTo(gateway: Running, upstream: Upstream, id: string): boolean {
  try {
    const [first] = destinationsOf(gateway.options, id);
    return first?.upstream === upstream && first.model === id;
  } catch {
    // Nobody takes it by that name.
    return false;
  }
}

function json(body: object): HttpAnswer {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
