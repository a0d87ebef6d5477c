import type { EmbedContentConfig, EmbedContentResponse, Content } from '@google/genai';
import type OpenAI from 'openai';
import { expectTypeOf, test } from 'vitest';
import type {
  GeminiEmbeddingRequest,
  OpenAIEmbeddingRequest,
  OpenAIEmbeddings,
  VertexEmbedContentRequest,
} from './wire.ts';

type Mutable<T> = { -readonly [K in keyof T]: Mutable<T[K]> };

test('what is sent to OpenAI is what its SDK may send', () => {
  expectTypeOf<Mutable<OpenAIEmbeddingRequest>>().toExtend<OpenAI.EmbeddingCreateParams>();
});

test('what is answered to callers of OpenAI is what its SDK reads', () => {
  type Answer = Mutable<OpenAIEmbeddings>;
  expectTypeOf<Omit<Answer, 'data'>>().toExtend<Omit<OpenAI.CreateEmbeddingResponse, 'data'>>();
  type Item = Answer['data'][number];
  expectTypeOf<Omit<Item, 'embedding'>>().toExtend<Omit<OpenAI.Embedding, 'embedding'>>();
  expectTypeOf<OpenAI.Embedding['embedding']>().toExtend<Item['embedding']>();
});

test('what is sent to Google is what its SDK may send', () => {
  type Settings = Pick<EmbedContentConfig, 'taskType' | 'title' | 'outputDimensionality'>;
  type Request = Mutable<GeminiEmbeddingRequest>;
  expectTypeOf<Omit<Request, 'model' | 'content'>>().toExtend<Settings>();
  expectTypeOf<Request['content']>().toExtend<Content>();
  type Newer = Mutable<VertexEmbedContentRequest>;
  expectTypeOf<NonNullable<Newer['embedContentConfig']>>().toExtend<
    Settings & Pick<EmbedContentConfig, 'autoTruncate'>
  >();
  expectTypeOf<Newer['content']>().toExtend<Content>();
  expectTypeOf<{ values: number[] }[]>().toExtend<NonNullable<EmbedContentResponse['embeddings']>>();
});
