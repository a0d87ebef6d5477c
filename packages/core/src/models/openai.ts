import type { ModelFactsRow } from './model-facts.ts';

export const openaiModels: readonly ModelFactsRow[] = [];
