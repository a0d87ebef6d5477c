import { lookUp } from '../json.ts';
import type { EmbeddingTask } from './embedding.ts';

/** ai.google.dev/gemini-api/docs/embeddings, "supported task types"; Vertex AI has the same words. */
const words = {
  query: 'RETRIEVAL_QUERY',
  document: 'RETRIEVAL_DOCUMENT',
  similarity: 'SEMANTIC_SIMILARITY',
  classification: 'CLASSIFICATION',
  clustering: 'CLUSTERING',
  'question-answering': 'QUESTION_ANSWERING',
  'fact-verification': 'FACT_VERIFICATION',
  'code-query': 'CODE_RETRIEVAL_QUERY',
} as const satisfies Record<EmbeddingTask, string>;

const tasks: Readonly<Record<string, EmbeddingTask>> = Object.fromEntries(
  Object.entries(words).map(([task, word]) => [word, task as EmbeddingTask]), // the keys of the table above
);

export function geminiTaskOf(task: EmbeddingTask | undefined): string | undefined {
  return task && words[task];
}

export function taskOfGemini(word: string | undefined): EmbeddingTask | undefined {
  return lookUp(tasks, word);
}
