/** The wire forms, as their vendors document them; wire.test.ts holds them to the SDKs where those have types. */

export interface OpenAIEmbeddingRequest {
  readonly model: string;
  readonly input: readonly string[] | readonly (readonly number[])[];
  readonly encoding_format: 'float';
  readonly dimensions?: number;
  readonly user?: string;
}

export interface OpenAIEmbeddings {
  readonly object: 'list';
  readonly data: readonly {
    readonly object: 'embedding';
    readonly index: number;
    readonly embedding: readonly number[] | string;
  }[];
  readonly model: string;
  readonly usage: { readonly prompt_tokens: number; readonly total_tokens: number };
}

/** One of `requests` in `:batchEmbedContents`, or the body of `:embedContent`. */
export interface GeminiEmbeddingRequest {
  readonly model: string;
  readonly content: { readonly parts: readonly { readonly text: string }[] };
  readonly taskType?: string;
  readonly title?: string;
  readonly outputDimensionality?: number;
}

/** cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api */
export interface VertexPredictRequest {
  readonly instances: readonly {
    readonly content: string;
    readonly task_type?: string;
    readonly title?: string;
  }[];
  readonly parameters?: { readonly outputDimensionality?: number; readonly autoTruncate?: boolean };
}

export interface VertexEmbedContentRequest {
  readonly content: { readonly role: 'user'; readonly parts: readonly { readonly text: string }[] };
  readonly embedContentConfig?: {
    readonly taskType?: string;
    readonly title?: string;
    readonly outputDimensionality?: number;
    readonly autoTruncate?: boolean;
  };
}

/** docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html */
export interface TitanRequest {
  readonly inputText: string;
  readonly dimensions?: number;
}

/** docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed.html */
export interface CohereRequest {
  readonly texts: readonly string[];
  readonly input_type: 'search_document' | 'search_query' | 'classification' | 'clustering';
  readonly embedding_types: readonly ['float'];
  readonly truncate?: string;
  /** Of v4 alone. */
  readonly output_dimension?: number;
}
