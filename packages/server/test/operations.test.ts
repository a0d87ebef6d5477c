import OpenAI from 'openai';
import { expect, test, vi } from 'vitest';
import { folder, start } from './support.ts';
import { recordingUpstream } from './upstream.ts';

const mp3 = new Uint8Array([0x49, 0x44, 0x33, 0, 0xff, 0xfb, 0x80, 0x0a]);
const usage = { prompt_tokens: 3, total_tokens: 3 };

/** What OpenAI would answer, by method and path. */
const replies: Readonly<Record<string, object>> = {
  'POST /v1/moderations': { id: 'modr-1', model: 'omni-moderation-latest', results: [{ flagged: false }] },
  'GET /v1/files': { object: 'list', data: [{ id: 'file-1', object: 'file' }], has_more: false },
  'GET /v1/files/file-1': { id: 'file-1', object: 'file' },
  'DELETE /v1/files/file-1': { id: 'file-1', object: 'file', deleted: true },
  'POST /v1/batches': { id: 'batch_1', object: 'batch', status: 'validating' },
  'POST /v1/batches/batch_1/cancel': { id: 'batch_1', object: 'batch', status: 'cancelling' },
  'GET /v1/responses/resp_1': { id: 'resp_1', object: 'response', status: 'completed', output: [] },
  'POST /v1/responses/resp_1/cancel': { id: 'resp_1', object: 'response', status: 'cancelled', output: [] },
  'GET /v1/responses/resp_1/input_items': { object: 'list', data: [{ id: 'msg_1', type: 'message' }] },
};

async function openai() {
  const asked: string[] = [];
  const upstream = await recordingUpstream({
    listener(request, response) {
      const line = `${request.method} ${request.url}`;
      asked.push(`${line} ${request.headers.authorization}`);
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        const body = JSON.parse(Buffer.concat(pieces).toString() || '{}') as { encoding_format?: string };
        if (line === 'POST /v1/audio/speech') {
          response.setHeader('content-type', 'audio/mpeg');
          response.write(mp3.subarray(0, 3));
          response.end(mp3.subarray(3));
          return;
        }
        if (line === 'GET /v1/files/file-1/content') {
          response.setHeader('content-type', 'application/octet-stream');
          response.end('{"custom_id":"1"}\n');
          return;
        }
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(line === 'POST /v1/embeddings' ? embeddings(body) : replies[line]));
      });
    },
  });
  return { url: upstream.url, asked };
}

/** The SDK asks for base64 of float32 unless told otherwise, and unpacks it. */
function embeddings({ encoding_format }: { encoding_format?: string }) {
  const bytes = Buffer.from(Float32Array.of(0.5, -0.25).buffer);
  const embedding = encoding_format === 'base64' ? bytes.toString('base64') : [0.5, -0.25];
  return { object: 'list', data: [{ object: 'embedding', index: 0, embedding }], model: 'e', usage };
}

test('the openai SDK’s embeddings, moderations, speech, files, batches and stored responses, with our key', async () => {
  const upstream = await openai();
  const config = `
upstreams: [{ name: oa, provider: openai, baseUrl: "${upstream.url}", apiKeys: [theirs] }]
accessKeys: [{ name: me, key: ours-0123456789 }]
`;
  const { url, log } = await start({ cwd: folder({ 'proxy.config.yaml': config }) });
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'ours-0123456789', maxRetries: 0 });

  const embedded = await client.embeddings.create({ model: 'text-embedding-3-small', input: 'Hi' });
  expect(embedded.data[0]?.embedding).toEqual([0.5, -0.25]);
  expect(embedded.usage).toEqual(usage);
  expect((await client.moderations.create({ input: 'Hi' })).results[0]?.flagged).toBe(false);
  const speech = await client.audio.speech.create({ model: 'gpt-4o-mini-tts', voice: 'alloy', input: 'Hi' });
  expect(new Uint8Array(await speech.arrayBuffer())).toEqual(mp3);
  expect(speech.headers.get('content-type')).toBe('audio/mpeg');

  expect((await client.files.list()).data.map(({ id }) => id)).toEqual(['file-1']);
  expect((await client.files.retrieve('file-1')).id).toBe('file-1');
  expect(await (await client.files.content('file-1')).text()).toBe('{"custom_id":"1"}\n');
  expect((await client.files.delete('file-1')).deleted).toBe(true);
  const batch = { input_file_id: 'file-1', endpoint: '/v1/responses', completion_window: '24h' } as const;
  expect((await client.batches.create(batch)).status).toBe('validating');
  expect((await client.batches.cancel('batch_1')).status).toBe('cancelling');
  expect((await client.responses.retrieve('resp_1')).status).toBe('completed');
  expect((await client.responses.cancel('resp_1')).status).toBe('cancelled');
  expect((await client.responses.inputItems.list('resp_1')).data).toMatchObject([{ id: 'msg_1' }]);

  expect(upstream.asked).toHaveLength(12);
  for (const line of upstream.asked) expect(line).toMatch(/ Bearer theirs$/);
  // Lines are written in batches, behind the replies.
  await vi.waitFor(() => expect(log.lines.some((line) => line.includes('openai-chat list-files → oa 200'))).toBe(true));

  const stranger = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'nobody', maxRetries: 0 });
  await expect(stranger.files.list()).rejects.toMatchObject({ status: 401 });
  expect(upstream.asked).toHaveLength(12);
});
