import { Failure } from '../conversation/failure.ts';
import { meansModel } from '../models/model-patterns.ts';
import type { Caller } from '../ports.ts';
import type { Incoming } from './incoming.ts';

/** Holds a caller to its own lists. @throws Failure `forbidden` that says what is allowed. */
export function permit({ models, operations }: Caller, { glance, knock, upload }: Incoming): void {
  const { operation } = knock.door;
  if (operations && !operations.includes(operation) && !free.has(operation))
    throw new Failure(
      'forbidden',
      `The operation "${operation}" is not among those of this access key: ${operations.join(', ')}.`,
    );
  if (!models) return;
  if (upload?.undecided)
    throw new Failure('forbidden', 'This access key has models of its own: put "model" before the file.', {
      field: 'model',
    });
  if (glance.model === '' || mayUse(models, glance.model)) return;
  throw new Failure(
    'forbidden',
    `The model "${glance.model}" is not among those of this access key: ${models.join(', ')}.`,
    { field: 'model' },
  );
}

/** Nobody is kept from asking what there is. */
const free = new Set<string>(['list-models', 'get-model', 'count-tokens']);

/** `upstream/model` is the model as well. */
export function mayUse(models: readonly string[], name: string): boolean {
  return meansModel(models, [name, name.slice(name.indexOf('/') + 1)]);
}
