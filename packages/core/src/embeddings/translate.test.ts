import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Failure } from '../conversation/failure.ts';
import type { HeaderMap } from '../dialects/dialect.ts';
import { list, object, type JsonObject } from '../json.ts';
import { estimateTextTokens } from '../limits/estimate-text.ts';
import { bedrockFormOf, cohereEmbeddings, titanEmbeddings } from './bedrock.ts';
import type { EmbeddingForm } from './form.ts';
import { geminiEmbeddingCaller, geminiEmbeddings } from './gemini.ts';
import { openaiEmbeddingCaller, openaiEmbeddings } from './openai.ts';
import * as callers from './registry.ts';
import { translateEmbeddings } from './translate.ts';
import { vertexEmbedContent, vertexFormOf, vertexPredict } from './vertex.ts';

interface Case {
  readonly caller: string;
  readonly path: string;
  readonly form: string;
  readonly model: string;
  readonly request: JsonObject;
  readonly sent: readonly JsonObject[];
  readonly answered: readonly { readonly body: JsonObject; readonly headers?: HeaderMap }[];
  readonly reply: JsonObject;
  readonly estimated?: true;
  readonly notices: readonly string[];
}

const files = import.meta.glob('./cases/*.json', { query: '?raw', import: 'default', eager: true });
const cases = Object.entries(files).map(([path, text]) => [path, JSON.parse(text) as Case] as const); // as they are written
const forms = [
  openaiEmbeddings,
  geminiEmbeddings,
  vertexPredict,
  vertexEmbedContent,
  titanEmbeddings,
  cohereEmbeddings,
];
const batchPath = '/v1beta/models/{model}:batchEmbedContents';

function estimate({ content }: { readonly content: string | readonly number[] }): number {
  return typeof content === 'string' ? Math.ceil(estimateTextTokens(content)) : content.length;
}

describe('cases', () => {
  test.each(cases)('%s', (_, given) => {
    const caller = Object.values(callers).find(({ dialect }) => dialect === given.caller);
    const form = forms.find(({ name }) => name === given.form);
    if (!caller || !form) throw new Error('The case names a caller or a form that is not there.');
    const { model, path, request } = given;
    const settings = { path, model: String(request.model ?? 'e'), estimate };
    const translation = translateEmbeddings(caller, request, { form, model }, settings);
    expect(translation.bodies).toEqual(given.sent);
    const whole = translation.whole(given.answered.map((answer) => ({ headers: {}, ...answer })));
    expect(whole.body).toEqual(given.reply);
    expect(whole.estimated).toBe(given.estimated ?? false);
    expect(translation.notices.map(({ type, field }) => `${type} ${field}`)).toEqual(given.notices);
  });

  test('every form is in a case', () => {
    expect(new Set(cases.map(([, { form }]) => form))).toEqual(new Set(forms.map(({ name }) => name)));
  });
});

/** What a place of this form would answer: the vector of a text is its length and its first character. */
function answerOf(form: EmbeddingForm, body: JsonObject): JsonObject {
  const vector = (text: unknown) => [String(text).length, String(text).charCodeAt(0)];
  const textIn = (value: unknown) => object(list(object(object(value)?.content)?.parts)[0])?.text;
  switch (form.name) {
    case 'openai':
      return { data: list(body.input).map((text, index) => ({ index, embedding: vector(text) })) };
    case 'gemini':
      return { embeddings: list(body.requests).map((request) => ({ values: vector(textIn(request)) })) };
    case 'vertex-predict':
      return {
        predictions: list(body.instances).map((one) => ({ embeddings: { values: vector(object(one)?.content) } })),
      };
    case 'vertex-embed-content':
      return { embedding: { values: vector(textIn(body)) } };
    case 'bedrock-titan':
      return { embedding: vector(body.inputText) };
    default:
      return { embeddings: { float: list(body.texts).map(vector) } };
  }
}

const tasks = ['RETRIEVAL_QUERY', 'RETRIEVAL_DOCUMENT', 'CLUSTERING', 'SEMANTIC_SIMILARITY'] as const;
const geminiInput = fc.record(
  {
    content: fc.record({ parts: fc.tuple(fc.record({ text: fc.string({ minLength: 1 }) })) }),
    taskType: fc.constantFrom(...tasks),
    outputDimensionality: fc.constantFrom(256, 512),
    autoTruncate: fc.boolean(),
  },
  { requiredKeys: ['content'] },
);

describe('laws', () => {
  test.each(forms)('$name: every vector comes back at the place of its text, in calls within the limits', (form) => {
    fc.assert(
      fc.property(fc.array(geminiInput, { minLength: 1, maxLength: 230 }), (requests) => {
        const model = 'text-embedding-005';
        const destination = { form, model };
        const settings = { path: batchPath, model, estimate };
        const body = { requests } as unknown as JsonObject; // it holds JSON alone
        const translation = translateEmbeddings(geminiEmbeddingCaller, body, destination, settings);
        const whole = translation.whole(
          translation.bodies.map((sent) => ({ body: answerOf(form, sent), headers: {} })),
        );
        const texts = requests.map(({ content }) => content.parts[0].text);
        expect(whole.body.embeddings).toEqual(texts.map((text) => ({ values: [text.length, text.charCodeAt(0)] })));
        const { inputs } = form.callLimits(model);
        const kinds = new Set(
          requests.map((request) =>
            JSON.stringify([request.taskType, request.outputDimensionality, request.autoTruncate]),
          ),
        );
        expect(translation.bodies.length).toBeLessThanOrEqual(Math.ceil(texts.length / inputs) + kinds.size);
      }),
      { numRuns: 30 },
    );
  });

  test('home: OpenAI’s own request means the same after the hub', () => {
    const texts = fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 20 });
    const tokens = fc.array(fc.array(fc.nat(200_000), { minLength: 1, maxLength: 9 }), { minLength: 1, maxLength: 9 });
    const wire = fc.record(
      {
        model: fc.constant('m'),
        input: fc.oneof(texts, tokens),
        dimensions: fc.integer({ min: 1, max: 4096 }),
        user: fc.string(),
      },
      { requiredKeys: ['model', 'input'] },
    );
    fc.assert(
      fc.property(wire, (body) => {
        const { bodies, notices } = translateEmbeddings(
          openaiEmbeddingCaller,
          body as JsonObject, // it holds JSON alone
          { form: openaiEmbeddings, model: 'm' },
          { path: '/v1/embeddings', model: 'm', estimate },
        );
        expect(bodies).toEqual([{ ...body, encoding_format: 'float' }]);
        expect(notices).toEqual([]);
      }),
    );
  });

  test('home: Gemini’s own batch means the same after the hub', () => {
    fc.assert(
      fc.property(fc.array(geminiInput, { minLength: 1, maxLength: 100 }), (given) => {
        const requests = given.map(({ autoTruncate: _autoTruncate, ...request }) => ({
          ...request,
          model: 'models/m',
        }));
        const { bodies } = translateEmbeddings(
          geminiEmbeddingCaller,
          { requests } as unknown as JsonObject, // it holds JSON alone
          { form: geminiEmbeddings, model: 'm' },
          { path: batchPath, model: 'm', estimate },
        );
        expect(bodies).toEqual([{ requests }]);
      }),
    );
  });

  test('Vertex AI is given no more tokens at once than it takes', () => {
    const input = Array.from({ length: 20 }, () => 'word '.repeat(1000));
    const { bodies } = translateEmbeddings(
      openaiEmbeddingCaller,
      { model: 'm', input },
      { form: vertexPredict, model: 'text-embedding-005' },
      { path: '/v1/embeddings', model: 'm', estimate },
    );
    expect(bodies.length).toBeGreaterThan(1);
    for (const body of bodies) {
      const tokens = list(body.instances).reduce<number>(
        (sum, one) => sum + estimate({ content: String(object(one)?.content) }),
        0,
      );
      expect(tokens).toBeLessThanOrEqual(20_000);
    }
  });
});

describe('refusals', () => {
  const tell =
    (body: JsonObject, form: EmbeddingForm = geminiEmbeddings) =>
    () =>
      translateEmbeddings(
        openaiEmbeddingCaller,
        body,
        { form, model: 'm' },
        { path: '/v1/embeddings', model: 'm', estimate },
      );
  const tellGemini = (body: JsonObject) => () =>
    translateEmbeddings(
      geminiEmbeddingCaller,
      body,
      { form: openaiEmbeddings, model: 'm' },
      { path: batchPath, model: 'm', estimate },
    );

  test.each<[string, JsonObject, string]>([
    ['no input', { model: 'm' }, 'input'],
    ['no inputs', { input: [] }, 'input'],
    ['an empty text', { input: ['a', ''] }, 'input[1]'],
    ['a number among texts', { input: ['a', 1] }, 'input[1]'],
    ['too many', { input: Array.from({ length: 2049 }, () => 'a') }, 'input'],
    ['no dimensions', { input: 'a', dimensions: 0 }, 'dimensions'],
    ['another encoding', { input: 'a', encoding_format: 'int8' }, 'encoding_format'],
    ['another type', { input: 'a', input_type: 'poem' }, 'input_type'],
    ['tokens for a stranger', { input: [1, 2, 3] }, 'input'],
    ['lists of tokens for a stranger', { input: [[1], [2]] }, 'input[0]'],
  ])('OpenAI: %s', (_, body, field) => {
    expect(tell(body)).toThrow(expect.objectContaining({ kind: 'bad-request', details: { field } }));
  });

  test.each<[string, JsonObject, string]>([
    ['no requests', {}, 'requests'],
    ['no content', { requests: [{}] }, 'requests[0].content'],
    [
      'a picture',
      { requests: [{ content: { parts: [{ inlineData: { mimeType: 'image/png', data: 'AA==' } }] } }] },
      'requests[0].content.parts[0]',
    ],
  ])('Gemini: %s', (_, body, field) => {
    expect(tellGemini(body)).toThrow(expect.objectContaining({ kind: 'bad-request', details: { field } }));
  });

  test('texts and tokens at once are refused by name', () => {
    expect(tell({ input: ['a', [1]] }, openaiEmbeddings)).toThrow(/"input\[0\]"/);
  });

  test.each(forms)('$name: an answer without vectors is no answer', (form) => {
    const { whole } = tell({ input: 'a' }, form)();
    for (const body of [
      {},
      { data: [{}] },
      { embeddings: 'no' },
      { predictions: [null] },
      { embedding: { values: ['x'] } },
    ])
      expect(() => whole([{ body, headers: {} }])).toThrow(Failure);
  });
});

test('forms by name', () => {
  const named = [
    ['amazon.titan-embed-text-v2:0', titanEmbeddings],
    ['cohere.embed-v4:0', cohereEmbeddings],
    ['arn:aws:bedrock:us-east-1::foundation-model/amazon.titan-embed-text-v1', titanEmbeddings],
    ['amazon.titan-embed-image-v1', undefined],
    ['anthropic.claude-sonnet-4', undefined],
  ] as const;
  for (const [id, form] of named) expect(bedrockFormOf(id), id).toBe(form);
  const google = [
    ['text-embedding-005', vertexPredict],
    ['gemini-embedding-001', vertexPredict],
    ['gemini-embedding-2-preview', vertexEmbedContent],
    ['multimodalembedding@001', undefined],
    ['gemini-2.5-pro', undefined],
  ] as const;
  for (const [id, form] of google) expect(vertexFormOf(id), id).toBe(form);
});
