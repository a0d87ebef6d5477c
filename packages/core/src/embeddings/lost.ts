import { Failure } from '../conversation/failure.ts';
import type { Report } from '../conversation/notice.ts';
import type { EmbeddingInput } from './embedding.ts';

type Said = 'task' | 'title' | 'dimensions' | 'truncate';

/** Tells of what some input says and this form has no word for. */
export function noteLost(
  inputs: readonly EmbeddingInput[],
  fields: readonly Said[],
  report: Report,
  detail: string,
): void {
  for (const field of fields)
    if (inputs.some((input) => input[field] !== undefined)) report({ type: 'dropped', field, detail });
}

/** What a call says once. The form's `perCall` made sure that all its inputs agree. */
export function sameForAll<K extends Said>(inputs: readonly EmbeddingInput[], field: K): EmbeddingInput[K] | undefined {
  return inputs[0]?.[field];
}

/** @throws Failure for tokens: no other vendor's model has OpenAI's vocabulary. */
export function textOnly({ content, at }: EmbeddingInput): string {
  if (typeof content === 'string') return content;
  throw new Failure(
    'bad-request',
    `"${at}" holds tokens, which only models of OpenAI's understand: send the text itself.`,
    { field: at },
  );
}
