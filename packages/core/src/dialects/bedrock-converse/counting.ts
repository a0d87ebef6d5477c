import { Failure } from '../../conversation/failure.ts';
import { number, object } from '../../json.ts';
import type { Counting } from '../dialect.ts';
import { decodeRequest } from './decode-request.ts';
import { encodeRequest } from './encode-request.ts';

/** N1: CountTokens takes the prompt of a Converse request, and nothing about its answer. */
export const counting: Counting = {
  decodeRequest: (body, context) => decodeRequest(object(object(body.input)?.converse) ?? {}, context),
  encodeRequest(conversation, context) {
    const { body } = encodeRequest(conversation, context);
    const converse = Object.fromEntries(Object.entries(body).filter(([name]) => countedMembers.has(name)));
    return { body: { input: { converse } } };
  },
  decodeReply(body) {
    const tokens = number(body.inputTokens);
    if (tokens === undefined) throw new Failure('bad-upstream', 'Bedrock counted no "inputTokens".');
    return tokens;
  },
  encodeReply: (inputTokens) => ({ inputTokens }),
};

const countedMembers = new Set(['messages', 'system', 'toolConfig', 'additionalModelRequestFields']);
