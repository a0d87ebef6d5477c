import type { OneKey } from '../one-key.ts';
import { refusalFault } from '../refusal-fault.ts';
import { found, type FaultId, type Finding } from '../faults.ts';

export interface Listed {
  /** The upstream's own names; undefined: it told none. */
  readonly models?: readonly string[];
  readonly findings: readonly Finding[];
}

/** What a list refused for these reasons says of the key. Many places have no list at all, which is no fault. */
const ofKeys: ReadonlySet<FaultId> = new Set(['key-refused', 'billing', 'region-unsupported', 'region-wrong']);

/** The models that the upstream itself lists for this key. */
export async function probeList(
  { gateway, exchanges, name }: OneKey,
  subject: string,
  signal: AbortSignal,
): Promise<Listed> {
  const answer = await gateway.fetch(new Request('http://doctor/v1/models', { signal }));
  const { data = [] } = (await answer.json()) as { readonly data?: readonly { readonly id: string }[] }; // our own list
  const asked = exchanges.at(-1);
  const { status = 0, headers = {}, text = '' } = asked ?? {};
  if (status < 400)
    return { ...(data.length > 0 && { models: data.map(({ id }) => ownName(id, name)) }), findings: [] };
  const id = refusalFault(status, headers['content-type'] ?? '', text);
  return { findings: ofKeys.has(id) ? [found(id, subject, `${status} for the list of its models.`)] : [] };
}

function ownName(id: string, upstream: string): string {
  return id.startsWith(`${upstream}/`) ? id.slice(upstream.length + 1) : id;
}
