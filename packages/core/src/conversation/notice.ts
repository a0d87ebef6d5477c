/**
 * Something a translation could not carry over as it was. Never silent: the library returns notices, the gateway
 * puts them in a response header and the log, and `strict` turns a dropped or approximated one into a 400. Those of a reply
 * come too late for `strict`, and those of a stream for the header.
 */
export interface Notice {
  /** dropped: not sent. approximated: sent as the nearest thing. defaulted: the target needed a value nobody gave. */
  readonly type: 'dropped' | 'approximated' | 'defaulted';
  /**
   * Where it stands in the caller's own request, in the caller's words: `logit_bias`, `messages[3].content[1]`. Of a reply, what
   * is missing there: `reply.citations`.
   */
  readonly field: string;
  /** What happened instead and why, in one sentence for people. */
  readonly detail: string;
}

export type Report = (notice: Notice) => void;
