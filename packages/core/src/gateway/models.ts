import { Failure } from '../conversation/failure.ts';
import type { ModelCard } from '../dialects/dialect.ts';
import { factsOf } from '../models/facts.ts';
import type { GatewayOptions } from './gateway.ts';
import type { HttpAnswer } from './http.ts';
import type { Call } from './recognize.ts';

/** The models that callers can ask for by name, in the caller's dialect. Patterns stand for names nobody listed: left out. */
export function answerModels(options: GatewayOptions, { dialect, knock }: Call): HttpAnswer {
  const lists = dialect.models;
  if (!lists) throw new Failure('not-found', 'This dialect has no list of models.');
  const cards = modelCards(options);
  if (knock.door.operation === 'list-models') return json(lists.encodeList(cards, knock.query));
  const id = knock.params.model ?? '';
  const card = cards.find((candidate) => candidate.id === id);
  if (!card)
    throw new Failure('not-found', `Unknown model "${id}". GET the list of models for the names that are configured.`, {
      field: 'model',
    });
  return json(lists.encodeOne(card));
}

function modelCards({ upstreams, routes = [], modelFacts }: GatewayOptions): readonly ModelCard[] {
  const cards = new Map<string, ModelCard>();
  const add = (id: string, owner: string) => {
    if (id.includes('*') || cards.has(id)) return;
    cards.set(id, { id, owner, facts: factsOf(id, modelFacts) });
  };
  for (const { model, targets } of routes) add(model, targets[0]?.upstream ?? 'proxy');
  for (const { name, models = [] } of upstreams) {
    for (const model of Array.isArray(models) ? (models as readonly string[]) : Object.keys(models)) add(model, name); // Array.isArray does not narrow readonly arrays
  }
  return [...cards.values()];
}

function json(body: object): HttpAnswer {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
