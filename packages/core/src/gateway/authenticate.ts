import { bearerToken } from '../auth/bearer.ts';
import { Failure } from '../conversation/failure.ts';
import type { Caller } from '../ports.ts';
import type { Story } from './account.ts';
import { keyAmong, protocolsOf } from './subprotocols.ts';
import type { Call } from './recognize.ts';
import type { Running } from './running.ts';

const anonymous: Caller = { id: 'anonymous' };

/**
 * Who calls, and in the story also whose key is good no longer, or not from there: its refusal is on record as theirs.
 * @throws Failure `unauthenticated`, or the refusal that stands already.
 */
export function authenticate(gateway: Running, story: Story): Caller | Promise<Caller> {
  const { refusal, callersRefusal } = gateway;
  if (refusal) throw refusal;
  const caller = known(gateway, story);
  return callersRefusal ? refusedCaller(caller, callersRefusal) : caller;
}

async function refusedCaller(caller: Caller | Promise<Caller>, refusal: Failure): Promise<never> {
  await caller;
  throw refusal;
}

function known({ ports }: Running, story: Story): Caller | Promise<Caller> {
  if (ports.callers.open) return (story.caller = anonymous);
  const accessKey = accessKeyOf(story.call);
  if (accessKey === undefined) {
    throw new Failure(
      'unauthenticated',
      'An access key is required: send it as "x-api-key", "Authorization: Bearer", "x-goog-api-key" or "?key=".',
    );
  }
  const admitted = (caller: Caller | undefined): Caller => {
    if (!caller) throw new Failure('unauthenticated', 'Unknown access key.');
    story.caller = caller;
    refuseEnded(caller, ports.clock.now());
    caller.admit?.(story.request.address);
    return caller;
  };
  const found = ports.callers.find(accessKey);
  return found instanceof Promise ? found.then(admitted) : admitted(found);
}

/** @throws Failure when the key was good once. */
function refuseEnded({ disabled, expiresAt, role }: Caller, now: number): void {
  if (disabled !== undefined) throw new Failure('forbidden', disabled);
  if (expiresAt === undefined || now < expiresAt) return;
  const what = role === 'temporary' ? 'Temporary token expired.' : 'This access key has expired.';
  throw new Failure('forbidden', `${what} It was good until ${new Date(expiresAt).toISOString()}.`);
}

/** Every vendor's way of showing a key is accepted at every door; x-api-key wins, as it does with Anthropic (H1, H6). */
function accessKeyOf({ knock: { headers, query } }: Call): string | undefined {
  return (
    headers['x-api-key'] ??
    bearerToken(headers) ??
    headers['x-goog-api-key'] ??
    headers['api-key'] ??
    keyAmong(protocolsOf(headers)) ??
    query.get('key') ??
    undefined
  );
}
