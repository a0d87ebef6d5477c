import type { Conversation } from '../../conversation/conversation.ts';
import { Failure } from '../../conversation/failure.ts';
import { number, type JsonObject } from '../../json.ts';
import type { Counting, EncodedRequest, EncodeRequestContext } from '../dialect.ts';
import { decodeRequest } from './decode-request.ts';
import { encodeRequest } from './encode-request.ts';

/** POST /v1/responses/input_tokens: the request that would be counted, with what only matters for the reply left out. */
export const counting: Counting = {
  decodeRequest,
  encodeRequest: encodeCount,
  decodeReply(body) {
    const tokens = number(body.input_tokens);
    if (tokens === undefined)
      throw new Failure('bad-upstream', 'The upstream counted no tokens: its answer has no "input_tokens".');
    return tokens;
  },
  encodeReply: (inputTokens) => ({ object: 'response.input_tokens', input_tokens: inputTokens }),
};

/** InputTokenCountParams of the SDK. */
const counted = [
  'model',
  'instructions',
  'input',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'reasoning',
  'text',
  'truncation',
] as const;

function encodeCount(conversation: Conversation, context: EncodeRequestContext): EncodedRequest {
  // What shapes the reply alone is no loss to a count.
  const body: JsonObject = encodeRequest(conversation, { ...context, report: () => {} }).body;
  return {
    body: Object.fromEntries(counted.flatMap((name) => (body[name] === undefined ? [] : [[name, body[name]]]))),
  };
}
