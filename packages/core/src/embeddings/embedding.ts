/** What a vector is to be good for. Symmetric ones compare like with like; `query` looks for `document`. */
export type EmbeddingTask =
  | 'query'
  | 'document'
  | 'similarity'
  | 'classification'
  | 'clustering'
  | 'question-answering'
  | 'fact-verification'
  | 'code-query';

/** One thing to be embedded. What it says of itself may differ from input to input (Gemini's batches). */
export interface EmbeddingInput {
  /** A text, or ids of OpenAI's tokenizers. */
  readonly content: string | readonly number[];
  /** Where it stands in the caller's request: `input[3]`. */
  readonly at: string;
  readonly task?: EmbeddingTask;
  /** Of a document. */
  readonly title?: string;
  /** How long the vector is to be. */
  readonly dimensions?: number;
  /** True: a text that is too long is cut. False: it is an error. Absent: as the caller's dialect does, see `truncates`. */
  readonly truncate?: boolean;
}

/** A request for vectors, in nobody's wire format. */
export interface EmbeddingRequest {
  readonly inputs: readonly EmbeddingInput[];
  /** Whether the caller's dialect cuts what is too long where nothing is said. */
  readonly truncates: boolean;
  /** base64: of float32, little-endian. */
  readonly encoding: 'float' | 'base64';
  /** Whoever is behind the request, for the vendor. */
  readonly endUser?: string;
}

export interface EmbeddingReply {
  /** One an input, in the order of the inputs. */
  readonly vectors: readonly Vector[];
  /** Tokens of all inputs; absent where the vendor told nothing. */
  readonly inputTokens?: number;
}

export interface Vector {
  readonly values: readonly number[];
  /** The vendor cut the input to fit. */
  readonly truncated?: boolean;
}
