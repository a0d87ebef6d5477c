import type { DialectLimits } from '../dialect.ts';

/** J8: names as OpenAI's types say. T8: 40 is what Chat itself has enforced for call ids; 64 is Responses'. */
export const limits: DialectLimits = {
  toolNames: { pattern: /^[a-zA-Z0-9_-]+$/, maxLength: 64 },
  callIds: { pattern: /^[a-zA-Z0-9_-]+$/, maxLength: 40 },
  // OpenAI has them here since gpt-5, but hardly another vendor; wrapped as functions they work with all of them.
  customTools: false,
  namespaces: false,
};
