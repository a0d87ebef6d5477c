import { elementsOf, SpliceError } from '../bytes/splice.ts';
import { isObject } from '../json.ts';
import type { Inbound } from '../translate/translation.ts';

/** Keeps a conversation with the candidate whose vendor has its beginning in a cache. */
export interface Affinity {
  /** Request headers that name a session, the first that is there counts; absent: those that agents send. */
  readonly headers?: readonly string[];
}

/** What a request belongs to. */
interface Session {
  readonly id: string;
  /** Where it was found, for records: the session itself may be a secret or a prompt. */
  readonly source: string;
}

/** Claude Code's, Codex's (with and without the hyphen), and what others agree on. */
const usualHeaders = ['x-session-id', 'x-claude-code-session-id', 'session-id', 'session_id', 'thread-id'] as const;

/** Undefined: the request tells of none. */
export function sessionOf(
  { knock, top, body }: Partial<Pick<Inbound, 'knock' | 'top' | 'body'>>,
  { headers = usualHeaders }: Affinity,
): Session | undefined {
  for (const name of headers) {
    const id = knock?.headers[name];
    if (id !== undefined && id !== '') return { id, source: `header ${name}` };
  }
  if (!top || !body || body.length === 0) return undefined;
  try {
    return named(top) ?? firstWords(body);
  } catch (thrown) {
    if (thrown instanceof SpliceError) return undefined; // whoever decodes the body says what is wrong with it
    throw thrown;
  }
}

function named(top: Inbound['top']): Session | undefined {
  const cacheKey = top.get('prompt_cache_key');
  if (typeof cacheKey === 'string' && cacheKey !== '') return { id: cacheKey, source: 'prompt_cache_key' };
  const metadata = top.get('metadata');
  const user = isObject(metadata) ? metadata.user_id : undefined;
  return typeof user === 'string' && user !== '' ? { id: user, source: 'metadata.user_id' } : undefined;
}

/** Instructions before the first word of the user's are often alike, and are no conversation. */
const maxInstructions = 4;
/** Longer beginnings are told apart by their length. */
const maxBeginningBytes = 4096;

/** A conversation grows at its end, so its first message names it. */
function firstWords(body: Uint8Array): Session | undefined {
  for (const member of ['messages', 'input', 'contents']) {
    const elements = elementsOf(body, member, maxInstructions);
    const spoken = elements.map(textOf).find((text) => /"role"\s*:\s*"user"/.test(text));
    const first = spoken ?? (elements[0] && textOf(elements[0]));
    if (first !== undefined) return { id: first, source: `the first of ${member}` };
  }
  return undefined;
}

function textOf(bytes: Uint8Array): string {
  return `${bytes.length}:${new TextDecoder().decode(bytes.subarray(0, maxBeginningBytes))}`;
}
