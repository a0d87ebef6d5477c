import type { ModelFacts, ModelFactsRow } from './model-facts.ts';
import { anthropicModels } from './anthropic.ts';
import { bedrockModels } from './bedrock.ts';
import { geminiModels } from './gemini.ts';
import { openaiModels } from './openai.ts';

/** Every row we ship. A name is matched without its vendor prefix: `anthropic/claude-x` is `claude-x`. */
export const modelFacts: readonly ModelFactsRow[] = [
  ...openaiModels,
  ...anthropicModels,
  ...geminiModels,
  ...bedrockModels,
];

/** What is known of a model: our rows, then the user's, which win. An unknown name gives no facts. */
export function factsOf(model: string, userRows: readonly ModelFactsRow[] = []): ModelFacts {
  const name = model.slice(model.lastIndexOf('/') + 1).toLowerCase();
  const facts: ModelFacts = {};
  for (const row of modelFacts) if (matchesPattern(row.match, name)) Object.assign(facts, row.facts);
  for (const row of userRows)
    if (matchesPattern(row.match.toLowerCase(), name) || matchesPattern(row.match, model))
      Object.assign(facts, row.facts);
  return facts;
}

/** Whether `name` fits `pattern`, in which every `*` stands for any run of characters. */
export function matchesPattern(pattern: string, name: string): boolean {
  const pieces = pattern.split('*');
  const [first = '', ...rest] = pieces;
  if (rest.length === 0) return pattern === name;
  const last = rest.pop() ?? '';
  if (!name.startsWith(first) || name.length < first.length + last.length || !name.endsWith(last)) return false;
  let from = first.length;
  const end = name.length - last.length;
  for (const piece of rest) {
    const found = name.indexOf(piece, from);
    if (found < 0 || found + piece.length > end) return false;
    from = found + piece.length;
  }
  return true;
}
