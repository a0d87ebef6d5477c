export type DialectName = 'chat' | 'responses' | 'messages' | 'gemini';

/** One dialect as both ends of the benchmark need it: what a client sends, and what a vendor answers. */
export interface Shape {
  readonly name: DialectName;
  /** How long the text of one delta is, so that the whole event has about 300 bytes. */
  readonly deltaLength: number;
  /** What stands in the data of a finished stream, and in no other. */
  readonly finishMark: string;
  /** Each delta carries a number of its own, so that no two are the same bytes. */
  readonly numbered?: true;
  path(model: string, streaming: boolean): string;
  headers(key: string): Record<string, string>;
  /** A client's request; `image` is base64. */
  request(model: string, streaming: boolean, image?: string): string;

  reply(text: string): string;
  opening(): string;
  delta(text: string, index: number): string;
  /** `text` is all that was streamed. */
  closing(text: string, deltas: number): string;

  /** The text of a whole reply, or undefined when it is not one. */
  textOfReply(body: unknown): string | undefined;
  /** The text a streamed event adds, '' when it adds none. */
  textOfEvent(event: unknown): string;
}

/** Which dialect a request path is of, whatever stands before it. */
export function dialectOfPath(path: string): { dialect: DialectName; streaming?: true } | undefined {
  const [route = ''] = path.split('?');
  if (route.endsWith('/chat/completions')) return { dialect: 'chat' };
  if (route.endsWith('/responses')) return { dialect: 'responses' };
  if (route.endsWith('/messages')) return { dialect: 'messages' };
  if (route.endsWith(':generateContent')) return { dialect: 'gemini' };
  if (route.endsWith(':streamGenerateContent')) return { dialect: 'gemini', streaming: true };
  return undefined;
}

/** The member at a path of names and indices, or undefined. */
export function at(value: unknown, ...path: (string | number)[]): unknown {
  let here = value;
  for (const step of path) {
    if (typeof here !== 'object' || here === null) return undefined;
    here = (here as Record<string | number, unknown>)[step]; // arrays and objects alike are read by key
  }
  return here;
}

/** The member at a path, if it is a string. */
export function textAt(value: unknown, ...path: (string | number)[]): string | undefined {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : undefined;
}
