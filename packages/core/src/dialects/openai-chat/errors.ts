import { decodeOpenaiError, encodeOpenaiError } from '../openai-errors.ts';

/** Chat and Responses share OpenAI's error envelope: see dialects/openai-errors.ts. */
export const decodeError = decodeOpenaiError;
export const encodeError = encodeOpenaiError;
