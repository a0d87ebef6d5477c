import type * as sdk from '@google/genai/web';
import { expectTypeOf, test } from 'vitest';
import type { JsonObject } from '../../json.ts';
import type * as wire from './wire.ts';

/** The SDK declares enums, whose members no string literal is assignable to; on the wire they are their strings. */
type Plain<T> = T extends string
  ? string extends T
    ? string
    : `${T}`
  : T extends readonly (infer Item)[]
    ? readonly Plain<Item>[]
    : T extends (...args: never) => unknown
      ? never
      : T extends object
        ? { readonly [Key in keyof T]: Plain<T[Key]> }
        : T;

/** The members of `Ours` as the SDK declares them. */
type Same<Theirs, Ours> = { readonly [Key in keyof Ours & keyof Theirs]?: Plain<Theirs[Key]> };

test('what we write is what the SDK sends', () => {
  expectTypeOf<wire.GenerationConfig>().toExtend<JsonObject>();
  expectTypeOf<wire.ThinkingConfig>().toExtend<Plain<sdk.ThinkingConfig>>();
  expectTypeOf<wire.ToolConfig>().toExtend<Plain<sdk.ToolConfig>>();
  // Schemas are opaque here, and typed there.
  type Opaque = 'responseSchema';
  expectTypeOf<Omit<wire.GenerationConfig, Opaque>>().toExtend<
    Same<sdk.GenerateContentConfig, Omit<wire.GenerationConfig, Opaque>>
  >();
  expectTypeOf<Omit<wire.FunctionDeclaration, 'parameters'>>().toExtend<Plain<sdk.FunctionDeclaration>>();
  expectTypeOf<NonNullable<wire.Tool['googleSearch']>>().toExtend<Plain<sdk.GoogleSearch>>();
  expectTypeOf<Omit<wire.FunctionCall, 'args'>>().toExtend<Plain<sdk.FunctionCall>>();
  expectTypeOf<Omit<wire.FunctionResponse, 'response'>>().toExtend<Same<sdk.FunctionResponse, wire.FunctionResponse>>();
  expectTypeOf<keyof wire.Part>().toExtend<keyof sdk.Part>();
  expectTypeOf<keyof wire.Content>().toExtend<keyof sdk.Content>();
  expectTypeOf<wire.Blob>().toExtend<Plain<sdk.Blob>>();
  expectTypeOf<wire.FileData>().toExtend<Plain<sdk.FileData>>();
});

test('what the SDK receives is what we read and write', () => {
  expectTypeOf<Plain<sdk.GenerateContentResponseUsageMetadata>>().toExtend<wire.UsageMetadata>();
  expectTypeOf<Plain<sdk.GroundingMetadata>>().toExtend<wire.GroundingMetadata>();
  expectTypeOf<Plain<sdk.GenerateContentResponsePromptFeedback>>().toExtend<wire.PromptFeedback>();
  expectTypeOf<Plain<sdk.PartialArg>>().toExtend<wire.PartialArg>();
  expectTypeOf<keyof wire.Candidate>().toExtend<keyof sdk.Candidate>();
  expectTypeOf<keyof wire.GenerateContentResponse>().toExtend<keyof sdk.GenerateContentResponse>();
});
