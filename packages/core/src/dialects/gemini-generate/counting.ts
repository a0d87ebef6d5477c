import { Failure } from '../../conversation/failure.ts';
import { isObject, type JsonObject } from '../../json.ts';
import type { Counting } from '../dialect.ts';
import { decodeRequest } from './decode-request.ts';
import { encodeRequest } from './encode-request.ts';
import { codeOf, decodeError } from './errors.ts';
import { readNumber, readObject } from './members.ts';

/** `:countTokens`. Bare contents, or a whole request inside: only the latter counts instructions and tools as well. */
export const counting: Counting = {
  decodeRequest: (body, context) => decodeRequest(readObject(body, 'generateContentRequest') ?? body, context),
  encodeRequest(conversation, context) {
    const { body, headers } = encodeRequest(conversation, context);
    // What only steers the writing is refused or not counted.
    const { generationConfig: _, toolConfig: __, serviceTier: ___, ...prompt } = body;
    const model = conversation.model.startsWith('models/') ? conversation.model : `models/${conversation.model}`;
    return { body: { generateContentRequest: { model, ...prompt } }, ...(headers && { headers }) };
  },
  decodeReply(body) {
    if (isObject(body['error'])) throw decodeError(codeOf(body['error']) ?? 500, body, {});
    const total = readNumber(body, 'totalTokens');
    if (total === undefined) throw new Failure('bad-upstream', 'The token count came without "totalTokens".');
    return total;
  },
  encodeReply: (inputTokens): JsonObject => ({ totalTokens: inputTokens }),
};
