import { GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';
import { expect, test, vi } from 'vitest';
import { folder, start } from './support.ts';
import { recordingUpstream } from './upstream.ts';

// Whatever the form of a place, its members are looked at without asking which it is.
type Body = ReturnType<typeof JSON.parse>;
interface Content {
  readonly parts: readonly { readonly text: string }[];
}

/** The vector of a text: its length, and the code of its first character as a fraction. */
const vector = (text: string) => [text.length, text.charCodeAt(0) / 128];
const texts = ['Hello', 'How are you?', 'Bye'];
const vectors = texts.map(vector);

/** What each kind of place answers, by the address at which it is asked. */
const places: readonly (readonly [RegExp, (body: Body) => object])[] = [
  [
    /^\/v1\/embeddings$/,
    ({ input, encoding_format }: Body) => ({
      object: 'list',
      data: input.map((text: string, index: number) => ({
        object: 'embedding',
        index,
        embedding:
          encoding_format === 'base64'
            ? Buffer.from(Float32Array.from(vector(text)).buffer).toString('base64')
            : vector(text),
      })),
      model: 'theirs',
      usage: { prompt_tokens: 7, total_tokens: 7 },
    }),
  ],
  [
    /:batchEmbedContents$/,
    ({ requests }: Body) => ({
      embeddings: requests.map(({ content }: { content: Content }) => ({
        values: vector(content.parts[0]?.text ?? ''),
      })),
      usageMetadata: { promptTokenCount: 7 },
    }),
  ],
  [
    /:predict$/,
    ({ instances }: Body) => ({
      predictions: instances.map(({ content }: { content: string }) => ({
        embeddings: { values: vector(content), statistics: { truncated: false, token_count: 2 } },
      })),
      metadata: { billableCharacterCount: 20 },
    }),
  ],
  [
    /:embedContent$/,
    ({ content }: Body) => ({
      embedding: { values: vector(content.parts[0].text) },
      usageMetadata: { promptTokenCount: 2 },
    }),
  ],
  [/titan/, ({ inputText }: Body) => ({ embedding: vector(inputText), inputTextTokenCount: 2 })],
  [
    /cohere/,
    ({ texts: given }: Body) => ({
      response_type: 'embeddings_by_type',
      embeddings: { float: given.map(vector) },
    }),
  ],
];

async function world() {
  const asked: { readonly url: string; readonly headers: Record<string, unknown>; readonly body: Body }[] = [];
  const { url: vendor } = await recordingUpstream({
    listener(request, response) {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        const url = request.url ?? '';
        const body = JSON.parse(Buffer.concat(pieces).toString()) as Body;
        asked.push({ url, headers: request.headers, body });
        response.setHeader('content-type', 'application/json');
        const place = places.find(([address]) => address.test(url));
        response.statusCode = place ? 200 : 404;
        response.end(JSON.stringify(place ? place[1](body) : { error: { message: `Nothing at ${url}` } }));
      });
    },
  });
  const config = `
upstreams:
  - { name: oa, provider: openai, baseUrl: "${vendor}/v1", apiKeys: [key-of-openai] }
  - { name: go, provider: gemini, baseUrl: "${vendor}", apiKeys: [key-of-gemini] }
  - { name: vx, provider: vertex, baseUrl: "${vendor}", project: p, location: us-east5, apiKeys: [key-of-vertex] }
  - { name: aws, provider: bedrock, baseUrl: "${vendor}", region: us-east-1, apiKeys: ["AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"] }
accessKeys: [{ key: ours-0123456789, name: me }]
`;
  const server = await start({ cwd: folder({ 'proxy.config.yaml': config }) });
  return { server, asked };
}

const google = '/v1beta1/projects/p/locations/us-east5/publishers/google/models';
const models = [
  ['oa/text-embedding-3-small', ['/v1/embeddings']],
  ['go/gemini-embedding-001', ['/v1beta/models/gemini-embedding-001:batchEmbedContents']],
  ['vx/text-embedding-005', [`${google}/text-embedding-005:predict`]],
  ['vx/gemini-embedding-001', texts.map(() => `${google}/gemini-embedding-001:predict`)],
  ['vx/gemini-embedding-2-preview', texts.map(() => `${google}/gemini-embedding-2-preview:embedContent`)],
  ['aws/amazon.titan-embed-text-v2:0', texts.map(() => '/model/amazon.titan-embed-text-v2%3A0/invoke')],
  ['aws/cohere.embed-english-v3', ['/model/cohere.embed-english-v3/invoke']],
  ['aws/us.cohere.embed-v4:0', ['/model/us.cohere.embed-v4%3A0/invoke']],
] as const;

test.each(models)('the openai SDK, its own base64 and floats: %s', async (model, urls) => {
  const { server, asked } = await world();
  const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'ours-0123456789', maxRetries: 0 });
  // Without a format the SDK asks for base64 and unpacks it.
  for (const encoding of [{}, { encoding_format: 'float' as const }]) {
    const { data, usage } = await client.embeddings.create({ model, input: texts, dimensions: 256, ...encoding });
    expect(data.map(({ embedding }) => embedding)).toEqual(vectors);
    expect(data.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(usage.prompt_tokens).toBeGreaterThan(0);
  }
  expect(asked.map(({ url }) => url)).toEqual([...urls, ...urls]);
  for (const { headers } of asked) expect(JSON.stringify(headers)).not.toContain('ours-0123456789');
  // Lines are written in batches, behind the replies.
  const line = `openai-chat embed ${model} → ${model} 200`;
  await vi.waitFor(() => expect(server.log.lines.join('').split(line)).toHaveLength(3));
});

test.each(models)('the @google/genai SDK, a batch and one alone: %s', async (model, urls) => {
  const { server, asked } = await world();
  const client = new GoogleGenAI({ apiKey: 'ours-0123456789', httpOptions: { baseUrl: server.url } });
  const config = { taskType: 'RETRIEVAL_DOCUMENT', outputDimensionality: 256 };
  // Of a list of texts the SDK makes one content for gemini-embedding-2: contents of their own are embedded each.
  const contents = texts.map((text) => ({ parts: [{ text }] }));
  const batch = await client.models.embedContent({ model: `models/${model}`, contents, config });
  expect(batch.embeddings?.map(({ values }) => values)).toEqual(vectors);
  expect(asked.map(({ url }) => url.replace('/v1/', '/v1beta/'))).toEqual(
    urls.map((url) => url.replace('/v1/', '/v1beta/')),
  );
  const one = await client.models.embedContent({ model: `models/${model}`, contents: 'Alone' });
  expect(one.embeddings?.map(({ values }) => values)).toEqual([vector('Alone')]);
  const said = JSON.stringify(asked[0]?.body);
  if (model.startsWith('vx')) expect(said).toMatch(/"task_?[tT]ype":"RETRIEVAL_DOCUMENT"/);
  if (model.includes('cohere')) expect(said).toContain('"input_type":"search_document"');
  if (model.startsWith('oa')) expect(said).not.toContain('RETRIEVAL_DOCUMENT');
});

test('errors reach either SDK in its own words', async () => {
  const { server } = await world();
  const openai = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'ours-0123456789', maxRetries: 0 });
  await expect(openai.embeddings.create({ model: 'go/e', input: [1, 2, 3] })).rejects.toMatchObject({
    status: 400,
    param: 'input',
  });
  const genai = new GoogleGenAI({ apiKey: 'ours-0123456789', httpOptions: { baseUrl: server.url } });
  const refused = genai.models.embedContent({ model: 'aws/anthropic.claude-x', contents: 'Hi' });
  await expect(refused).rejects.toMatchObject({ status: 400, message: expect.stringContaining('INVALID_ARGUMENT') });
  const stranger = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'nobody', maxRetries: 0 });
  await expect(stranger.embeddings.create({ model: 'go/e', input: 'Hi' })).rejects.toMatchObject({ status: 401 });
});
