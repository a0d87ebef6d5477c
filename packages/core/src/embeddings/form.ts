import type { Report } from '../conversation/notice.ts';
import type { HeaderMap } from '../dialects/dialect.ts';
import type { JsonObject } from '../json.ts';
import type { EmbeddingReply, EmbeddingRequest } from './embedding.ts';

/** How a place is asked for embeddings: one wire form, of which a place may have several. */
export interface EmbeddingForm {
  readonly name: string;
  /** What one call of this model takes; the rest goes by further calls. */
  callLimits(model: string): CallLimits;
  /** What is said once for a whole call: inputs that differ in it go by different calls. */
  readonly perCall: readonly ('task' | 'dimensions' | 'truncate')[];
  /** `report` takes `task`, `title`, `dimensions`, `truncate`, `endUser`, or an input's `at`. @throws Failure `bad-request` */
  encodeRequest(request: EmbeddingRequest, context: EncodeEmbeddingsContext): JsonObject;
  /** @throws Failure `bad-upstream` when it holds no vectors. */
  decodeReply(body: JsonObject, headers: HeaderMap): EmbeddingReply;
}

interface CallLimits {
  readonly inputs: number;
  /** Of all inputs together; absent: only each input is limited. */
  readonly tokens?: number;
}

export interface EncodeEmbeddingsContext {
  /** The upstream's own name. */
  readonly model: string;
  readonly report: Report;
}

/** How callers of one dialect ask for embeddings and hear of them. */
export interface EmbeddingCaller {
  /** The dialect's name. */
  readonly dialect: string;
  /** The caller's words for the hub's: `task` → `taskType`. */
  readonly fieldNames: Readonly<Record<string, string>>;
  /** @throws Failure `bad-request` naming the field. */
  decodeRequest(body: JsonObject, context: DecodeEmbeddingsContext): EmbeddingRequest;
  encodeReply(reply: EmbeddingReply, context: AnswerEmbeddingsContext): JsonObject;
}

export interface DecodeEmbeddingsContext {
  /** The door's own, with its holes: Gemini has one door for a batch and one for a single input. */
  readonly path: string;
  readonly report: Report;
}

export interface AnswerEmbeddingsContext {
  readonly path: string;
  /** The name that the caller asked for. */
  readonly model: string;
  readonly request: EmbeddingRequest;
  /** Tokens of all inputs, and whether that is our estimate. */
  readonly inputTokens: number;
  readonly estimated: boolean;
}
