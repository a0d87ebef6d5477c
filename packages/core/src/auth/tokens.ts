import type { Json } from '../json.ts';

/** Tokens that places want instead of the secret itself. One a credential, kept while it lasts, asked for once however many wait. */
export interface Tokens {
  /** The token of this credential. @throws Failure when the place that issues them gives none. */
  get(credentialId: string, fetch: (post: PostForm) => Promise<Token>): Promise<string>;
  /** The upstream refused it before its time: the next request asks for another. */
  forget(credentialId: string): void;
}

export interface Token {
  readonly value: string;
  readonly lifetimeSeconds: number;
}

/** Posts an `application/x-www-form-urlencoded` body. The answer is the parsed JSON, or the text when it is none. */
export type PostForm = (
  url: string,
  form: Readonly<Record<string, string>>,
) => Promise<{ readonly status: number; readonly body: Json }>;
