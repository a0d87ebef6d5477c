/** An upstream's refusal, as each client's SDK sees it: status, kind, retry-after, in the client's own envelope (E1, E2, E7). */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { upstreamWords, type DialectName } from '../dialects.ts';
import type { RunningGateway } from '../gateway.ts';
import { freshGateway, hello, pairs, startUpstreams, type Upstreams } from '../stages.ts';
import { fixture } from '../upstream.ts';

let upstreams: Upstreams;
let gateway: RunningGateway;

beforeAll(async () => {
  upstreams = await startUpstreams();
});
afterAll(() => upstreams.close());
beforeEach(async () => {
  gateway = await freshGateway(upstreams, () => ['only-key']);
});
afterEach(() => gateway.close());

/** Both OpenAI dialects share one envelope. */
const openai = {
  400: [400, /^invalid_request_error$/],
  401: [401, /^(invalid_request_error|authentication_error)$/],
  403: [403, /^permission_error$/],
  404: [404, /^invalid_request_error$/],
  429: [429, /^(rate_limit_error|tokens)$/],
  500: [500, /^server_error$/],
  overloaded: [503, /^server_error$/],
} as const;

/** Status and type by client (translation.md, table a6). The upstream's overload is 503 or 529. */
const seen: Readonly<Record<DialectName, Readonly<Record<string, readonly [number, RegExp]>>>> = {
  'openai-chat': openai,
  'openai-responses': openai,
  'anthropic-messages': {
    400: [400, /^invalid_request_error$/],
    401: [401, /^authentication_error$/],
    403: [403, /^permission_error$/],
    404: [404, /^not_found_error$/],
    429: [429, /^rate_limit_error$/],
    500: [500, /^api_error$/],
    overloaded: [529, /^overloaded_error$/],
  },
  'gemini-generate': {
    400: [400, /^(INVALID_ARGUMENT|FAILED_PRECONDITION)$/],
    401: [401, /^UNAUTHENTICATED$/],
    403: [403, /^PERMISSION_DENIED$/],
    404: [404, /^NOT_FOUND$/],
    429: [429, /^RESOURCE_EXHAUSTED$/],
    500: [500, /^INTERNAL$/],
    overloaded: [503, /^UNAVAILABLE$/],
  },
};

describe.each(pairs)('%s client, %s upstream', (client, to) => {
  describe.each([
    ['whole', false],
    ['streamed', true],
  ] as const)('%s', (_, stream) => {
    test.each(['400', '401', '403', '404', '429', '500', 'overloaded'])('%s', async (name) => {
      const status = name === 'overloaded' ? upstreamWords[to].overloaded : Number(name);
      const upstream = upstreams.of(to);
      upstream.script({ type: 'error', status, ...(status === 429 && { headers: { 'retry-after': '7' } }) });
      const { error } = await hello(gateway, client, to).turn({ stream });
      const [wantedStatus, wantedType] = seen[client][name] ?? [0, /never/];
      expect(error?.status).toBe(wantedStatus);
      expect(error?.type).toMatch(wantedType);
      if (status === 429) expect(error?.retryAfter).toBe('7');
      expect(error?.message, 'the vendor’s own words').toContain(messageOf(to, status));
      expect(error?.message).not.toContain('only-key');
      expect(upstream.requests.length).toBe(1);
    });
  });
});

/** The beginning: a vendor's message may be shortened where it tells of keys. */
function messageOf(to: DialectName, status: number): string {
  const body = JSON.parse(fixture(to, `error-${status}.json`).toString()) as { error: { message: string } }; // our own file
  return body.error.message.slice(0, 16);
}
