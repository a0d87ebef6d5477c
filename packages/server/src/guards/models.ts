import { Failure, matchesPattern, type ListedTarget, type Policy } from '@proxy/core';
import type { ModelsGate } from '../config/guards.ts';
import { familyOf } from './families.ts';
import { forbidden } from './refusals.ts';

/** Which models may be asked for, by name and by family, whoever asks (row C24). */
export function models({ allow, deny = [], families }: ModelsGate): Policy {
  const named = (patterns: readonly string[], names: readonly string[]) =>
    names.some((name) => patterns.some((pattern) => matchesPattern(pattern, name)));
  const familiar = ({ upstream, model }: ListedTarget) => families?.includes(familyOf(upstream.provider.name, model));
  // The names it would get are looked at too: an alias leads around no rule.
  function passes(model: string, targets: readonly ListedTarget[]): boolean {
    const names = [model, ...targets.map((target) => target.model)];
    if (named(deny, names) || (allow && !named(allow, names))) return false;
    return !families || targets.every(familiar);
  }
  return {
    name: 'models',
    lists: (_visit, model, targets) => passes(model, targets),
    inspect(_visit, { glance, upload }, targets) {
      if (upload?.undecided) throw modelTooLate();
      const { model } = glance;
      if (model === '') return;
      if (!passes(model, targets)) throw forbidden(`The model "${model}" may not be used here.`, { field: 'model' });
    },
  };
}

function modelTooLate(): Failure {
  const message = 'The form names its model behind the file, where it is seen too late: put "model" before it.';
  return new Failure('bad-request', message, { field: 'model' });
}
