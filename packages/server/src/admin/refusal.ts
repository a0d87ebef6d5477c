/** Why something is not done; the message is for whoever asked, and holds no secret. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly type: RefusalType;
  readonly headers: Readonly<Record<string, string>>;
  /** One for each member that is wrong. */
  readonly problems: readonly string[] | undefined;

  constructor(type: RefusalType, message: string, { headers = {}, problems }: RefusalDetails = {}) {
    super(message);
    this.type = type;
    this.status = statuses[type];
    this.headers = headers;
    this.problems = problems;
  }
}

export interface RefusalDetails {
  readonly headers?: Readonly<Record<string, string>>;
  readonly problems?: readonly string[];
}

const statuses = {
  invalid: 400,
  unauthorized: 401,
  forbidden: 403,
  'not-found': 404,
  'method-not-allowed': 405,
  conflict: 409,
  'too-large': 413,
  'unsupported-media-type': 415,
  internal: 500,
} as const;

export type RefusalType = keyof typeof statuses;

/** What the handler found, or 404. @throws Refusal */
export function found<Thing>(thing: Thing | undefined, what: string): Thing {
  if (thing === undefined) throw new Refusal('not-found', `There is no such ${what}.`);
  return thing;
}
