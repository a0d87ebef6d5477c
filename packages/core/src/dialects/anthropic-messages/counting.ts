import { Failure } from '../../conversation/failure.ts';
import { number } from '../../json.ts';
import type { Counting } from '../dialect.ts';
import { headersFor } from './betas.ts';
import { decodeRequest } from './decode-request.ts';
import { askedFlags, encodeRequest } from './encode-request.ts';

/** N1: `POST /v1/messages/count_tokens` takes the prompt of a request and nothing about its answer. */
export const counting: Counting = {
  decodeRequest,
  encodeRequest(conversation, context) {
    const { body } = encodeRequest(conversation, {
      ...context,
      report: (notice) => {
        // No limit is sent here, so that none was assumed.
        if (notice.type !== 'defaulted') context.report(notice);
      },
    });
    const counted = Object.fromEntries(Object.entries(body).filter(([name]) => countedMembers.has(name)));
    return { body: counted, headers: headersFor(counted, askedFlags(conversation)) };
  },
  decodeReply(body) {
    const tokens = number(body.input_tokens);
    if (tokens === undefined) throw new Failure('bad-upstream', 'The upstream counted no "input_tokens".');
    return tokens;
  },
  encodeReply: (inputTokens) => ({ input_tokens: inputTokens }),
};

/** MessageCountTokensParams of SDK 1.11.0, beta members included. */
const countedMembers = new Set([
  ...['messages', 'model', 'cache_control', 'output_config', 'speed', 'system', 'thinking', 'tool_choice', 'tools'],
  ...['mcp_servers', 'context_management', 'compaction'],
]);
