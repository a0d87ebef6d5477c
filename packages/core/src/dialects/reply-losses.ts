import type { Citation, Extras, MediaPart } from '../conversation/message.ts';
import type { Notice } from '../conversation/notice.ts';
import type { EncodeReplyContext } from './dialect.ts';

/** What encoders of replies leave out, in the same words in every dialect. They may say it at each place: it is told once a reply. */

type Telling = Pick<EncodeReplyContext, 'report'>;

const losses = {
  signature: 'A proof that the vendor gave has no place there, so the next request goes without it.',
  citations: 'A citation of a kind that only its vendor has was left out; the text that it stood at is whole.',
  candidates: 'Only the first candidate has a place there.',
  logprobs: 'Log probabilities are written in a form of the vendor’s own, which was left out.',
  web_search: 'The search that the vendor made has no form there; what cites it stands at the text.',
  tool_calls: 'A call was left out: it was cut amid its arguments, or the old form has room for one alone.',
} as const;

export function reportLost({ report }: Telling, what: keyof typeof losses): void {
  report({ type: 'dropped', field: `reply.${what}`, detail: losses[what] });
}

/** `dropped`: it has no form. `approximated`: a text stands for it. Its proof, if it has one, is lost with its own form. */
export function reportMedia(context: Telling, { kind, seal }: MediaPart, type: Notice['type']): void {
  const detail = type === 'dropped' ? 'Media of this kind have no form there.' : 'A text with a link stands for it.';
  context.report({ type, field: `reply.${kind}`, detail });
  if (seal) reportLost(context, 'signature');
}

/** A citation of another dialect's own kind. */
export function reportCitation(context: Telling, citation: Citation, dialect: string): void {
  if (citation.type === 'native' && citation.dialect !== dialect) reportLost(context, 'citations');
}

/** Of what another dialect said beside its reply, only what callers ask for is missed: the rest is its own bookkeeping. */
export function reportExtras(context: Telling, extras: Extras | undefined, dialect: string): void {
  if (!extras) return;
  for (const [owner, members] of Object.entries(extras))
    if (owner !== dialect && ('logprobs' in members || 'logprobsResult' in members)) reportLost(context, 'logprobs');
}
