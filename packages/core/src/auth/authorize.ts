import type { HeaderMap } from '../dialects/dialect.ts';
import type { Tokens } from './tokens.ts';

/** One upstream API key (or another secret by which an upstream knows us). */
export interface Credential {
  /** Names it in logs and records: never the secret or a part that could be guessed from. */
  readonly id: string;
  readonly secret: string;
  /** Relative share for the `weighted` strategy; absent is 1. */
  readonly weight?: number;
  /** What a call costs, for the strategies that choose by it; absent is 0. */
  readonly cost?: number;
  /** So many successful calls it is good for; absent: any number. */
  readonly quota?: number;
}

/** What is about to be sent, before it is authorized. */
export interface Unauthorized {
  readonly method: string;
  readonly url: string;
  readonly headers: HeaderMap;
  readonly body?: Uint8Array | string | undefined;
  readonly settings: Settings;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** For schemes that show a token instead of the secret. */
  readonly tokens: Tokens;
}

/** An upstream's own options, by the names that its provider gives them: `region`, `project`. */
export type Settings = Readonly<Record<string, string>>;

/** Puts a credential on a request: returns the URL and headers to use instead. */
export type Authorize = (request: Unauthorized, credential: Credential) => Authorized | Promise<Authorized>;

export interface Authorized {
  readonly url: string;
  readonly headers: HeaderMap;
}
