import type { ModelFacts } from '../../models/model-facts.ts';
import type { ForeignTrace } from '../dialect.ts';
import { isOutOfOrder } from './turn-order.ts';

/** What a Chat request may hold that a Chat server of these facts refuses. */
export function foreignTraces(facts: ModelFacts): readonly ForeignTrace[] {
  return [
    // OpenAI's own servers refuse what other vendors add to messages; those vendors want it back.
    ...(facts.openaiMembers === true ? ['"extra_content"', '"reasoning_content"', '"reasoning_details"'] : []),
    // S5: not only OpenAI's own clients send the role everywhere.
    ...(facts.developerRole === false ? ['"developer"'] : []),
    // Mistral refuses other vendors' ids, of which nearly all begin with one of these.
    ...(facts.callIdLength !== undefined ? ['"call_', '"toolu_', '"chatcmpl-tool-'] : []),
    ...(facts.seedField === 'random_seed' ? ['"seed"'] : []),
    ...(facts.strictTurns === true ? [outOfOrder] : []),
    ...(facts.jsonObjectOutput === false ? ['"json_object"'] : []),
  ];
}

const outOfOrder: ForeignTrace = { mark: '"messages"', proves: (body) => isOutOfOrder(body.get('messages')) };
