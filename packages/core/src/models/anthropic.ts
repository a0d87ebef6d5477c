import type { ModelFactsRow } from './model-facts.ts';

export const anthropicModels: readonly ModelFactsRow[] = [];
