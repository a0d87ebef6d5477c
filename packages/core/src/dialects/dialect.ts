import type { Frame, Framing, ReplyFraming } from '../bytes/framing.ts';
import type { Conversation } from '../conversation/conversation.ts';
import type { Failure } from '../conversation/failure.ts';
import type { ReasoningDelta, ReplyEvent, TextDelta } from '../conversation/event.ts';
import type { Report } from '../conversation/notice.ts';
import type { Reply } from '../conversation/reply.ts';
import type { Usage } from '../conversation/usage.ts';
import type { Json, JsonObject } from '../json.ts';
import type { ModelFacts } from '../models/model-facts.ts';

/** Header names in lower case; several values of one name are joined by ", ". */
export type HeaderMap = Readonly<Record<string, string>>;

/** A wire language: where clients knock, and how requests, replies, streams and errors are read and written. */
export interface Dialect extends ReplyForm {
  /** `openai-chat`, `anthropic-messages` … also the issuer of its seals and the key of its extras. */
  readonly name: string;
  readonly doors: readonly Door[];
  /** How a streamed body is cut into frames, when `framingOf` does not say otherwise. Only read where nobody knocks. */
  readonly framing: ReplyFraming & Partial<Framing>;
  /** Gemini streams a JSON array to clients that do not ask for SSE. */
  framingOf?(knock: Knock): Framing;
  /** A frame that keeps an idle stream open; absent: the framing's own `idle`. */
  readonly keepAlive?: Frame;
  readonly limits: DialectLimits;
  /** The caller's words for the hub's fields, for notices: `sampling.topK` → `top_k`. */
  readonly fieldNames: Readonly<Record<string, string>>;

  /** A prompt that a filter stops is told by a reply that ends so, not by an error (refusal, promptFeedback). */
  readonly repliesWhenFiltered?: boolean;
  /** Calls are signed here as reasoning is (Gemini), and an unsigned one is refused. */
  readonly sealsCalls?: boolean;
  /**
   * Texts (each begins with a quotation mark) in a request that a model of these facts refuses: left there by replies of
   * other dialects, or words that only others of this dialect know. With one of them, or an envelope, a request of this
   * dialect goes over the hub although its upstream speaks the same.
   */
  foreignTraces?(facts: ModelFacts): readonly ForeignTrace[];

  /** Model and streaming, without decoding the body. Reads only top-level members. @throws Failure when they are malformed. */
  glance(knock: Knock, body: TopLevel): Glance;
  /** The same bytes, asking for another model. */
  rename(body: Uint8Array, model: string): Uint8Array;
  /** The member of replies, and of their events, that names the model; absent: none does. */
  readonly replyModel?: string;

  /** @throws Failure `bad-request` naming the field, when the body is not of this dialect. */
  decodeRequest(body: JsonObject, context: DecodeRequestContext): Conversation;
  encodeRequest(conversation: Conversation, context: EncodeRequestContext): EncodedRequest;
  /** @throws Failure when the body is an error or is not of this dialect (`bad-upstream`). */
  decodeReply(body: JsonObject, context: DecodeReplyContext): Reply;
  decodeStream(context: DecodeReplyContext): StreamDecoder;
  /**
   * The failure that ends a stream which somebody else wrote, of whose frames the first and the last whole ones are at hand. Absent, or
   * undefined: it is told as `encodeStream` does, which knows nothing of them.
   */
  breakOff?(failure: Failure, frames: readonly Frame[]): readonly Frame[] | undefined;
  /** `body` is the parsed JSON, or the text when it is not JSON. Never throws. */
  decodeError(status: number, body: Json, headers: HeaderMap): Failure;
  encodeError(failure: Failure, context: EncodeErrorContext): EncodedError;

  readonly watch: Watch;
  /** Absent: nobody knocks in this dialect. */
  readonly bounds?: Bounds;
  /** Absent: a stream always tells what it used. */
  readonly hiddenUsage?: HiddenUsage;
  readonly counting?: Counting;
  readonly models?: ModelLists;
}

/** How a model's reply is written. */
export interface ReplyForm {
  encodeReply(reply: Reply, context: EncodeReplyContext): JsonObject;
  encodeStream(context: EncodeReplyContext): StreamEncoder;
  /** Absent: nobody knocks in this dialect. */
  followStream?(): StreamFollower;
}

/** A text that says it alone, or one that is worth a closer look. */
export type ForeignTrace = string | { readonly mark: string; proves(body: TopLevel): boolean };

/** A usage that a stream tells only to those who ask for it: asked for on the way, and taken out again. */
export interface HiddenUsage {
  /** Whether the caller has not asked for it. */
  hiddenFrom(body: TopLevel): boolean;
  /** The same bytes, asking for it. */
  asked(body: Uint8Array, top: TopLevel): Uint8Array;
  /** The frame that a caller who has not asked does not expect. */
  isReport(frame: Frame): boolean;
}

/** What of a request bounds its cost, seen without decoding it. */
export interface Bounds {
  /** JSON strings, quotes included; with one of them there may be images or files in the body. */
  readonly media: readonly string[];
  /** From top-level members alone. Whatever is malformed bounds nothing. */
  of(body: TopLevel): RequestBounds;
  /** Of the operations that make pictures; absent: the dialect has none. */
  pictures?(body: TopLevel): AskedPictures;
}

export interface RequestBounds {
  /** Of one reply. */
  readonly maxOutputTokens?: number | undefined;
  /** Replies, all paid for. */
  readonly candidates?: number | undefined;
  /** A part of the prompt is kept by the vendor, and only named here. */
  readonly elsewhere?: boolean | undefined;
  /** How often the vendor may ask the model by itself, with what its own tools have found. */
  readonly rounds?: number | undefined;
  /** Guessed output of the caller's that is paid for as output where it is wrong. */
  readonly prediction?: boolean | undefined;
}

/** How many pictures a request is for, and of which price. */
export interface AskedPictures {
  readonly count: number;
  readonly size?: string;
  readonly quality?: string;
}

/** What a relay looks for in bytes that it passes on untouched. */
export interface Watch {
  /** A line of a stream is looked at only if it holds one of these: no delta is parsed (`"usage":{`, `[DONE]`). */
  readonly markers: readonly string[];
  /** Reads one such frame, or the first of a stream. Never throws. */
  frame(frame: Frame): Sighting | undefined;
  /** Reads a whole reply. Never throws. */
  whole(body: TopLevel): Sighting | undefined;
}

export interface Sighting {
  readonly usage?: Usage;
  /** The usage was told before there was a reply. */
  readonly early?: boolean;
  readonly failure?: Failure;
  /** The upstream finished in order. */
  readonly finished?: boolean;
}

/** `generate` runs the model; every other operation has a name of its own. */
export type Operation = 'generate' | 'count-tokens' | 'list-models' | 'get-model';

/** Operations that one dialect alone has: they pass through to a place that speaks it, over no hub. */
export type RelayedOperation =
  | 'complete'
  | 'embed'
  | 'moderate'
  | 'rerank'
  | 'generate-image'
  | 'edit-image'
  | 'vary-image'
  | 'speak'
  | 'transcribe'
  | 'translate-audio'
  | 'get-response'
  | 'delete-response'
  | 'cancel-response'
  | 'list-input-items'
  | 'upload-file'
  | 'list-files'
  | 'get-file'
  | 'delete-file'
  | 'get-file-content'
  | 'create-upload'
  | 'add-upload-part'
  | 'complete-upload'
  | 'cancel-upload'
  | 'list-batches'
  | 'create-batch'
  | 'get-batch'
  | 'cancel-batch'
  /** No door of ours: whatever stands at that path, where a request was directed to its upstream. */
  | 'other';

/** Operations over a WebSocket: `realtime` and `live` are relayed, `respond` is `generate` in frames. */
export type SocketOperation = 'realtime' | 'live' | 'respond';

export type Door = HubDoor | RelayDoor | SocketDoor;

interface HubDoor extends DoorPlace {
  readonly operation: Operation;
  readonly relay?: undefined;
  readonly socket?: undefined;
}

export type SocketDoor = RelayedSocketDoor | TranslatedSocketDoor;

/** Opened by a WebSocket's handshake alone. */
export interface RelayedSocketDoor extends DoorPlace {
  readonly operation: 'realtime' | 'live';
  readonly relay?: undefined;
  readonly socket: SocketRelay;
}

interface TranslatedSocketDoor extends DoorPlace {
  readonly operation: 'respond';
  readonly relay?: undefined;
  readonly socket: { readonly model: 'per-message' };
}

export interface SocketRelay {
  /** Where the model is named: in the handshake's query, or in the caller's first message. */
  readonly model: 'query' | 'first-message';
  /** The model that the first message names. @throws Failure when it names none. */
  read?(message: JsonObject): string;
  /** The first message, asking for another model. */
  rename?(message: JsonObject, model: string): JsonObject;
  /** An upstream's message is looked at only if it holds one of these. */
  readonly markers: readonly string[];
  sight(message: JsonObject): SocketSighting;
}

export interface SocketSighting {
  /** To be added to what the session has used so far. */
  readonly usage?: Usage;
  /** A response begins, or it is over. */
  readonly responding?: boolean;
}

export interface RelayDoor extends DoorPlace {
  readonly operation: RelayedOperation;
  readonly socket?: undefined;
  readonly relay: {
    /** Whether the body or the path names a model. `none`: the request is about something that an upstream keeps. */
    readonly model: 'required' | 'optional' | 'none';
    /** The body is a form (multipart/form-data), which is sent on while it comes in; absent: JSON. `or-json`: either. */
    readonly form?: 'only' | 'or-json';
    /** What a JSON reply, or an event of a stream, says that it cost. Absent: it costs nothing, whatever the reply says. */
    usage?(reply: TopLevel): Usage | undefined;
    /** The body, asking for another model; absent: as the dialect renames it. */
    rename?(body: Uint8Array, model: string): Uint8Array;
    /** Present: a model's reply is asked for, in which an error can be said to people. */
    readonly reply?: ReplyForm;
  };
}

interface DoorPlace {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Literal but for `{name}` holes, each matching one or more characters: `/v1beta/models/{model}:generateContent`. */
  readonly path: string;
  /** Said by the path itself (Gemini). */
  readonly streaming?: boolean;
  /** Several dialects share a path (`/v1/models`): whether this knock is ours. Absent: it is, if nobody else claims it. */
  claims?(headers: HeaderMap, query: URLSearchParams): boolean;
}

/** One request at one door. */
export interface Knock {
  readonly door: Door;
  /** What the holes of the path held, percent-decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: HeaderMap;
}

/** Top-level members of a JSON object, found without parsing the rest. */
export interface TopLevel {
  get(name: string): Json | undefined;
}

export interface Glance {
  readonly model: string;
  readonly streaming: boolean;
}

export interface DialectLimits {
  /** Tool names that this dialect's servers take. */
  readonly toolNames: { readonly pattern: RegExp; readonly maxLength: number };
  /** Call ids that they take. */
  readonly callIds: { readonly pattern: RegExp; readonly maxLength: number };
  /** Free-text tools exist (a model's facts may take that back). */
  readonly customTools: boolean;
  readonly namespaces: boolean;
}

export interface DecodeRequestContext {
  readonly glance: Glance;
  readonly headers: HeaderMap;
  /** For what is lost while reading already, which should be next to nothing. */
  readonly report: Report;
}

export interface EncodeRequestContext {
  readonly facts: ModelFacts;
  /** Seals issued by it may be sent; all others stay behind. The dialect's name unless the provider has its own. */
  readonly signer: string;
  /** `field` may be a hub path (`sampling.topK`) or a part's `at`; the translation puts it into the caller's words. */
  readonly report: Report;
}

export interface EncodedRequest {
  readonly body: JsonObject;
  /** Headers the body depends on: anthropic-version, anthropic-beta. */
  readonly headers?: HeaderMap;
}

export interface DecodeReplyContext {
  readonly facts: ModelFacts;
  /** Issuer to put on the seals found. */
  readonly signer: string;
  /** How many turns the request had: makes synthesised call ids deterministic and distinct over turns. */
  readonly turn: number;
  /** Whether the request asked for a tool, so that a decoder may unwrap what an encoder wrapped. */
  readonly conversation?: Conversation;
}

export interface EncodeReplyContext {
  /** The name the caller asked for: it is echoed, never the upstream's. */
  readonly model: string;
  /** Seconds since 1970. */
  readonly created: number;
  /** A fresh id beginning with `prefix`. */
  newId(prefix: string): string;
  /** What of a reply has no place in the caller's dialect (`reply.citations`); told once each, however often it is reported. */
  readonly report: Report;
  /** The caller's request in its own dialect, for what must be echoed or was asked for (include_usage, tools). */
  readonly request?: JsonObject;
  /** The same, decoded. */
  readonly conversation?: Conversation;
}

export interface EncodeErrorContext {
  readonly requestId?: string;
}

export interface EncodedError {
  readonly status: number;
  readonly headers: HeaderMap;
  readonly body: JsonObject;
}

export interface StreamDecoder {
  /** Never throws: rubbish becomes a `failure` event, after which all further input is ignored. */
  push(frame: Frame): readonly ReplyEvent[];
  /**
   * Asked right after a push that gave one delta and nothing else: the JSON members that its text may have stood in, if
   * another frame, alike but for that text, would give just such a delta and change nothing else. Lets a pump go without
   * parsing it. Absent: every frame must be pushed.
   */
  repeats?(delta: TextDelta | ReasoningDelta): readonly string[];
  /** Closes what is open. Without a clean finish seen, the last event is a `failure` (bad-upstream). */
  end(): readonly ReplyEvent[];
}

export interface StreamEncoder {
  /** A `failure` event writes this dialect's way of breaking off, a `reply-end` its way of finishing. */
  push(event: ReplyEvent): readonly Frame[];
  /**
   * Asked right after a push of this delta: how the next delta of the same part would be written, as long as nothing else is
   * pushed. Lets a pump write it without an event. Absent or undefined: every delta must be pushed.
   */
  repeated?(delta: TextDelta | ReasoningDelta): RepeatedFrame | undefined;
}

/** Knows where a stream stands that goes to a caller, whoever wrote it, and can end it as a reply that has something to say. */
export interface StreamFollower {
  /** It has begun, and something of it has not ended: should nothing more come, it broke off. */
  readonly running: boolean;
  /**
   * A frame that is to go out, and whether it may: no mark of the end before all has ended. Such a frame waits for a better word.
   * Never throws.
   */
  follow(frame: Frame): boolean;
  /** What a frame that tells an error says of the reply besides. Absent: no frame does both. */
  besideError?(frame: Frame): Frame | undefined;
  /**
   * Closes what is open, says the text behind it, and ends the reply in order; of a reply that had finished, only what its end still
   * lacks. Undefined: it has not begun. A call that may have been cut is never told as one to be run.
   */
  conclude(text: string, context: ConcludeContext): readonly Frame[] | undefined;
}

export interface ConcludeContext extends Pick<EncodeReplyContext, 'newId' | 'request'> {
  /** As far as it is known. */
  readonly usage?: Usage;
}

/** What stands between the reply so far and the text that ends it. */
export const concludingGap = '\n\n';

/** A frame that is the same for all deltas of a part, but for the text within. */
export interface RepeatedFrame {
  readonly event?: string;
  /** The payload before the text, and behind it. Between them goes a JSON string, quotes included. */
  readonly before: string;
  readonly after: string;
  /** Hears of every text that was written in this way, as JSON. */
  passed?(json: string): void;
}

/** Counting tokens, where the dialect has an operation for it. */
export interface Counting {
  /** The Conversation whose prompt is to be counted. */
  decodeRequest(body: JsonObject, context: DecodeRequestContext): Conversation;
  encodeRequest(conversation: Conversation, context: EncodeRequestContext): EncodedRequest;
  decodeReply(body: JsonObject): number;
  encodeReply(inputTokens: number): JsonObject;
}

export interface ModelCard {
  readonly id: string;
  readonly displayName?: string;
  /** Seconds since 1970. */
  readonly created?: number;
  readonly owner?: string;
  readonly facts: ModelFacts;
}

/** A model as a vendor's own list tells of it. */
export interface ListedModel extends Omit<ModelCard, 'facts' | 'owner'> {
  /** Tokens. */
  readonly contextWindow?: number;
  readonly maxOutputTokens?: number;
}

export interface ModelLists {
  /** The query by which the first page is asked for, as long as pages get. */
  readonly firstPage: Readonly<Record<string, string>>;
  /** A page off the wire; entries without a name are left out. `nextPage`: the query of the next. @throws Failure `bad-upstream` */
  decodeList(body: JsonObject): {
    readonly models: readonly ListedModel[];
    readonly nextPage?: Readonly<Record<string, string>>;
  };
  encodeList(models: readonly ModelCard[], query: URLSearchParams): JsonObject;
  encodeOne(model: ModelCard): JsonObject;
}
