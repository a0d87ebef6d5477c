import type { ModelFacts } from '../../models/model-facts.ts';

/** What a Chat request may hold that a Chat server of these facts refuses. */
export function foreignTraces(facts: ModelFacts): readonly string[] {
  return [
    // OpenAI's own servers refuse what other vendors add to messages; those vendors want it back.
    ...(facts.openaiMembers === true ? ['"extra_content"', '"reasoning_content"', '"reasoning_details"'] : []),
    // S5: not only OpenAI's own clients send the role everywhere.
    ...(facts.developerRole === false ? ['"developer"'] : []),
    // Mistral refuses other vendors' ids, of which nearly all begin with one of these.
    ...(facts.callIdLength !== undefined ? ['"call_', '"toolu_', '"chatcmpl-tool-'] : []),
    ...(facts.seedField === 'random_seed' ? ['"seed"'] : []),
    ...(facts.jsonObjectOutput === false ? ['"json_object"'] : []),
  ];
}
