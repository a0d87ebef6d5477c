/** One interface over four SDKs: what a test asks, and what it gets to see. */
import type { DialectName } from '../dialects.ts';

export interface Target {
  /** Without a version and without a trailing slash. */
  readonly url: string;
  readonly key: string;
  readonly model: string;
}

export interface Ask {
  readonly system?: string;
  readonly user: string;
  /** Base64 of a PNG. */
  readonly image?: string;
  readonly tools?: readonly ToolSpec[];
  /** JSON Schema the reply must fit. */
  readonly schema?: Readonly<Record<string, unknown>>;
  /** Think hard, and show it. */
  readonly reasoning?: boolean;
  readonly stop?: readonly string[];
  readonly temperature?: number;
}

export interface ToolSpec {
  readonly name: string;
  readonly description: string;
  /** Absent for a tool without arguments. */
  readonly parameters?: Readonly<Record<string, unknown>>;
}

export interface Outcome {
  readonly text: string;
  readonly reasoning: string;
  readonly refusal: string;
  readonly calls: readonly Call[];
  /** The dialect's own word. */
  readonly finish: string;
  readonly usage: Usage;
  /** The model's name as the reply tells it. */
  readonly model: string;
  readonly error?: ErrorSeen;
}

export interface Call {
  readonly id: string;
  readonly name: string;
  readonly args: unknown;
  /** The arguments as text, where the dialect has them so. */
  readonly source?: string;
}

/** Absent where the dialect does not tell it apart. */
export interface Usage {
  /** The whole prompt. */
  readonly input?: number;
  readonly cached?: number;
  /** All output, reasoning included. */
  readonly output?: number;
  readonly reasoning?: number;
}

export interface ErrorSeen {
  readonly status?: number;
  readonly type?: string;
  readonly message: string;
  readonly retryAfter?: string;
}

export interface TurnOptions {
  readonly stream: boolean;
  readonly signal?: AbortSignal;
  /** Ask another model than the target's, in the same conversation. */
  readonly model?: string;
  /** Called when the first piece of a stream is there. */
  onFirst?(): void;
}

/** A conversation on the client's side. It sends back exactly what the SDK gave it. */
export interface Conversation {
  /** Never rejects: what the SDK throws is the outcome's error. */
  turn(options: TurnOptions): Promise<Outcome>;
  /** Answers the last turn's calls, in reversed order, because real clients answer in order of completion (T5). */
  answer(results: Readonly<Record<string, string>>): void;
  say(text: string): void;
}

export interface Client {
  readonly dialect: DialectName;
  open(target: Target, ask: Ask): Conversation;
}

export const nothing: Outcome = { text: '', reasoning: '', refusal: '', calls: [], finish: '', usage: {}, model: '' };

export function errorSeen(error: unknown): ErrorSeen {
  const { status, type, headers } = error as { status?: number; type?: string; headers?: Headers }; // SDK errors carry these
  const retryAfter = headers?.get?.('retry-after');
  return {
    message: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
    ...(status !== undefined && { status }),
    ...(typeof type === 'string' && { type }),
    ...(retryAfter && { retryAfter }),
  };
}
