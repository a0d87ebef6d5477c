import type { Json, JsonObject } from '../json.ts';

/** What only one dialect has, by dialect name. Put back on the way out in the same dialect, else reported as dropped. */
export type Extras = Readonly<Record<string, JsonObject>>;

/**
 * A turn. Tool results form turns of their own, right after the assistant turn that called, whatever the wire does:
 * Anthropic and Gemini pack them into user turns, and their encoders merge adjacent `tool` and `user` turns again.
 */
export type Message = SystemMessage | UserMessage | AssistantMessage | ToolMessage;

interface MessageBase {
  /** Where it stood in the caller's request (`messages[3]`), so that a notice can name it in the caller's words. */
  readonly at?: string;
  readonly extras?: Extras;
}

export interface SystemMessage extends MessageBase {
  readonly role: 'system';
  /** `developer` is OpenAI's name for the same authority; kept so that it comes back as it was written. */
  readonly authority: 'system' | 'developer';
  /** `top` was a member of its own beside the turns (system, instructions, systemInstruction); `inline` stood among them. */
  readonly placement: 'top' | 'inline';
  readonly parts: readonly Part[];
}

export interface UserMessage extends MessageBase {
  readonly role: 'user';
  readonly parts: readonly Part[];
  /** Chat's participant name. */
  readonly name?: string;
}

export interface AssistantMessage extends MessageBase {
  readonly role: 'assistant';
  readonly parts: readonly Part[];
  readonly name?: string;
}

export interface ToolMessage extends MessageBase {
  readonly role: 'tool';
  readonly results: readonly ToolResult[];
}

export interface ToolResult {
  /** The call it answers; '' where the wire had none (Gemini before 3). */
  readonly callId: string;
  /** The tool's name where the wire gave it. */
  readonly name?: string;
  /** Which kind of call it answers (Responses tells custom and function outputs apart). */
  readonly kind: ToolCallKind;
  readonly content: readonly Part[];
  /**
   * Gemini's structured `functionResponse.response`, or another dialect's JSON result, as it was. When present `content`
   * holds the same as text.
   */
  readonly structured?: JsonObject;
  readonly failed: boolean;
  readonly at?: string;
  readonly cache?: CacheMark;
  readonly extras?: Extras;
}

export type Part =
  | TextPart
  | RefusalPart
  | MediaPart
  | ReasoningPart
  | ToolCallPart
  | ServerToolCallPart
  | ServerToolResultPart
  | NativePart;

interface PartBase {
  /** Where it stood in the caller's request: `messages[3].content[1]`. */
  readonly at?: string;
  readonly cache?: CacheMark;
  readonly extras?: Extras;
}

export interface TextPart extends PartBase {
  readonly type: 'text';
  readonly text: string;
  readonly citations?: readonly Citation[];
  /** Gemini signs text parts as well. */
  readonly seal?: Seal;
}

/** The model's own words for declining (Chat `refusal`, Responses refusal part). */
export interface RefusalPart extends PartBase {
  readonly type: 'refusal';
  readonly text: string;
}

/** An image, a document (PDF, plain text), audio or video. */
export interface MediaPart extends PartBase {
  readonly type: 'media';
  readonly kind: 'image' | 'document' | 'audio' | 'video';
  readonly source: MediaSource;
  /** File name or title, where given. */
  readonly name?: string;
  /** OpenAI's image detail. */
  readonly detail?: 'low' | 'high' | 'auto' | 'original';
  /** Anthropic document context, and whether citations of it are wanted. */
  readonly context?: string;
  readonly citable?: boolean;
  /** Gemini signs generated images. */
  readonly seal?: Seal;
}

export type MediaSource =
  /** `mediaType` like `image/png`, normalised (`image/jpg` is `image/jpeg`); `data` is base64 without prefix. */
  | { readonly type: 'base64'; readonly mediaType: string; readonly data: string }
  | { readonly type: 'text'; readonly mediaType: string; readonly text: string }
  | { readonly type: 'url'; readonly url: string; readonly mediaType?: string }
  /** A file kept by one vendor: no other vendor can read it. */
  | { readonly type: 'file'; readonly dialect: string; readonly id: string; readonly mediaType?: string };

export interface ReasoningPart extends PartBase {
  readonly type: 'reasoning';
  /** What may be shown; '' when the vendor hid it. Several summary sections are joined by a blank line. */
  readonly text: string;
  /** Proof that the vendor wrote it, or the hidden reasoning itself. Goes back to its issuer only. */
  readonly seal?: Seal;
  /** The seal is all there is: Anthropic's redacted_thinking. */
  readonly redacted?: boolean;
}

/**
 * Opaque bytes by which a vendor recognises its own reasoning (Claude's thinking signature, Gemini's thought signature,
 * OpenAI's encrypted content). See seal.ts for how one travels through a foreign dialect.
 */
export interface Seal {
  /** Name of the dialect it was born in, or the provider's `signer` where places of one dialect do not trust each other. */
  readonly issuer: string;
  readonly value: string;
}

export type ToolCallKind = 'function' | 'custom';

export interface ToolCallPart extends PartBase {
  readonly type: 'tool-call';
  readonly id: string;
  readonly name: string;
  /** Responses groups tools by namespace and wants it back. */
  readonly namespace?: string;
  readonly kind: ToolCallKind;
  /**
   * function: JSON text of an object, byte for byte as the model wrote it (numbers stay exact), `{}` when empty.
   * custom: the free text itself.
   */
  readonly arguments: string;
  readonly seal?: Seal;
}

/** A tool that the vendor runs itself. `native` is the original, for going back to the same dialect unchanged. */
export interface ServerToolCallPart extends PartBase {
  readonly type: 'server-tool-call';
  readonly id: string;
  readonly name: 'web_search';
  readonly query: string;
  readonly native?: { readonly dialect: string; readonly value: Json };
}

export interface ServerToolResultPart extends PartBase {
  readonly type: 'server-tool-result';
  readonly callId: string;
  readonly name: 'web_search';
  readonly results: readonly { readonly url: string; readonly title?: string }[];
  /** The vendor's error code, when the tool failed. */
  readonly error?: string;
  readonly native?: { readonly dialect: string; readonly value: Json };
}

/** A part with meaning in one dialect only. Put back there; elsewhere it is reported and left out. */
export interface NativePart extends PartBase {
  readonly type: 'native';
  readonly dialect: string;
  readonly value: JsonObject;
}

export interface CacheMark {
  readonly ttl?: '5m' | '30m' | '1h' | '12h';
}

/** Offsets count UTF-16 code units within the text part, end exclusive. */
export type Citation =
  | {
      readonly type: 'url';
      readonly url: string;
      readonly title?: string;
      readonly start?: number;
      readonly end?: number;
      readonly quote?: string;
      readonly extras?: Extras;
    }
  | { readonly type: 'native'; readonly dialect: string; readonly value: JsonObject };
