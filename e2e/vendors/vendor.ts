/** A vendor that decides what to say when it is asked. What is read and said is the same for all; each dialect is a file. */
import type { Headers } from '../dialects.ts';
import type { Members } from '../rules/json.ts';

export const vendorDialects = [
  'openai-chat',
  'openai-responses',
  'anthropic-messages',
  'gemini-generate',
  'bedrock-converse',
] as const;
export type VendorDialect = (typeof vendorDialects)[number];

/** One thing of a conversation, in the order in which it stands there. */
export type Piece =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'call'; readonly id: string; readonly name: string }
  | { readonly type: 'result'; readonly id: string; readonly text: string }
  | { readonly type: 'seal'; readonly seal: string };

export interface Seen {
  readonly pieces: readonly Piece[];
  /** Names of the tools on offer. */
  readonly tools: readonly string[];
}

export interface Call {
  readonly id: string;
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
}

export interface Reply {
  /** What it thought; absent where the dialect shows no thoughts. */
  readonly thought: string;
  /** The proof of that thought, which only this vendor may be shown again. */
  readonly seal: string;
  readonly text?: string;
  readonly calls: readonly Call[];
}

export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Vendor {
  readonly dialect: VendorDialect;
  /** Where it is asked for a stream. */
  readonly path: RegExp;
  readonly model: string;
  readonly contentType: string;
  key(headers: Headers): string | undefined;
  read(body: Members): Seen;
  /** The pieces of a whole stream; `id` makes what it calls its own unlike any other reply's. */
  stream(reply: Reply, id: string): readonly Uint8Array[];
  /** Too many requests: come back in so many seconds. */
  refusal(seconds: number): Refusal;
}

export function bearer(headers: Headers): string | undefined {
  return /^Bearer (.+)$/.exec(String(headers['authorization']))?.[1];
}

/** Server-sent events, named where the dialect names them. */
export function sse(events: readonly object[], named: boolean): readonly Uint8Array[] {
  return events.map((event) => {
    const name = named ? `event: ${(event as { type: string }).type}\n` : ''; // named dialects give every event a type
    return Buffer.from(`${name}data: ${JSON.stringify(event)}\n\n`);
  });
}

/** A text in pieces of a few characters, as models write. */
export function pieces(text: string): readonly string[] {
  return text.match(/[\s\S]{1,17}/g) ?? [];
}

/** The text of a string, or of the text parts of a list. */
export function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part: unknown) => String((part as Members)['text'] ?? '')).join(''); // objects, by the schema
}
