import type { ModelFactsRow } from './model-facts.ts';

export const geminiModels: readonly ModelFactsRow[] = [];
