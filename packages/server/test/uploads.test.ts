import { request, type IncomingMessage, type ServerResponse } from 'node:http';
import OpenAI, { toFile } from 'openai';
import { describe, expect, test, vi } from 'vitest';
import { memoryOf, proxy, started } from './process.ts';
import { folder, start, until } from './support.ts';
import { recordingUpstream } from './upstream.ts';

interface Got {
  readonly line: string;
  readonly headers: IncomingMessage['headers'];
  readonly form: FormData;
}

/** What a vendor answers, once it has the whole form and has read it with the platform's own parser. */
async function vendor(answer: (got: Got, response: ServerResponse) => void) {
  const got: Got[] = [];
  const upstream = await recordingUpstream({
    listener(asked, response) {
      const pieces: Buffer[] = [];
      asked.on('data', (piece: Buffer) => pieces.push(piece));
      asked.on('end', () => {
        const headers = { 'content-type': asked.headers['content-type'] ?? '' };
        void new Response(Buffer.concat(pieces), { headers }).formData().then((form) => {
          const one = { line: `${asked.method} ${asked.url}`, headers: asked.headers, form };
          got.push(one);
          answer(one, response);
        });
      });
    },
  });
  return { url: upstream.url, got };
}

function json(response: ServerResponse, body: object, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

const access = 'accessKeys: [{ name: me, key: ours-0123456789 }]';
const clientOf = (url: string, apiKey = 'ours-0123456789') =>
  new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
const gatewayOver = (upstreams: string) =>
  start({ cwd: folder({ 'proxy.config.yaml': `upstreams: [${upstreams}]\n${access}\n` }) });

const bytes = Uint8Array.from({ length: 300_000 }, (_, index) => index * 7);
const contentOf = async (form: FormData, name: string) => {
  const entry = form.get(name);
  return entry instanceof Blob ? new Uint8Array(await entry.arrayBuffer()) : undefined;
};

test('the openai SDK’s files, uploads, transcriptions, translations and image edits, with our key and the upstream’s model', async () => {
  const usage = { type: 'tokens', input_tokens: 14, output_tokens: 45, total_tokens: 59 };
  const up = await vendor(({ line, form }, response) => {
    if (form.get('stream') === 'true') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const done = JSON.stringify({ type: 'transcript.text.done', text: 'Hi', usage });
      response.end(`data: {"type":"transcript.text.delta","delta":"Hi"}\n\ndata: ${done}\n\n`);
    } else if (line.includes('/files')) json(response, { id: 'file-1', object: 'file', bytes: 300_000 });
    else if (line.includes('/parts')) json(response, { id: 'part_1', object: 'upload.part' });
    else if (line.includes('/images')) json(response, { created: 1, data: [{ b64_json: 'AA==' }] });
    else json(response, { text: 'Hi', usage });
  });
  const { url, log } = await gatewayOver(
    `{ name: oa, provider: openai, baseUrl: "${up.url}", apiKeys: [theirs], models: { hear: gpt-4o-transcribe, "*": "*" } }, ` +
      `{ name: other, provider: openai, baseUrl: "http://127.0.0.1:9", apiKeys: [unused], models: [nothing] }`,
  );
  const client = clientOf(url);
  const file = await toFile(bytes, 'a "name".mp3', { type: 'audio/mpeg' });

  expect((await client.files.create({ file, purpose: 'batch' })).id).toBe('file-1');
  expect((await client.audio.transcriptions.create({ file, model: 'hear' })).text).toBe('Hi');
  const events = [];
  for await (const event of await client.audio.transcriptions.create({ file, model: 'hear', stream: true }))
    events.push(event.type);
  expect(events).toEqual(['transcript.text.delta', 'transcript.text.done']);
  expect((await client.audio.translations.create({ model: 'whisper-1', file })).text).toBe('Hi');
  const image = await toFile(bytes, 'a.png', { type: 'image/png' });
  const edited = await client.images.edit({ image: [image, image], prompt: 'ü', model: 'gpt-image-1' });
  expect(edited.data).toEqual([{ b64_json: 'AA==' }]);
  expect((await client.uploads.parts.create('upload_1', { data: file })).id).toBe('part_1');

  expect(up.got.map(({ line, form }) => [line, form.get('model')])).toEqual([
    ['POST /v1/files', null],
    ['POST /v1/audio/transcriptions', 'gpt-4o-transcribe'],
    ['POST /v1/audio/transcriptions', 'gpt-4o-transcribe'],
    ['POST /v1/audio/translations', 'whisper-1'],
    ['POST /v1/images/edits', 'gpt-image-1'],
    ['POST /v1/uploads/upload_1/parts', null],
  ]);
  for (const { headers } of up.got) expect(headers.authorization).toBe('Bearer theirs');
  expect(await contentOf(up.got[1]!.form, 'file')).toEqual(bytes);
  expect(up.got[4]!.form.getAll('image[]')).toHaveLength(2);
  expect(up.got[4]!.form.get('prompt')).toBe('ü');
  await vi.waitFor(() =>
    expect(log.lines.some((line) => line.includes('openai-chat transcribe hear → oa/gpt-4o-transcribe 200'))).toBe(
      true,
    ),
  );

  await expect(clientOf(url, 'nobody').files.create({ file, purpose: 'batch' })).rejects.toMatchObject({ status: 401 });
  expect(up.got).toHaveLength(6);
});

test('a small upload goes to the next key when the first is refused', async () => {
  const up = await vendor(({ headers }, response) => {
    if (headers.authorization === 'Bearer one') json(response, { error: { message: 'spent' } }, 429);
    else json(response, { id: 'file-1' });
  });
  const { url } = await gatewayOver(`{ name: oa, provider: openai, baseUrl: "${up.url}", apiKeys: [one, two] }`);
  const file = await toFile(bytes, 'a.jsonl');
  expect((await clientOf(url).files.create({ file, purpose: 'batch' })).id).toBe('file-1');
  expect(up.got.map(({ headers }) => headers.authorization)).toEqual(['Bearer one', 'Bearer two']);
  for (const { form } of up.got) expect(await contentOf(form, 'file')).toEqual(bytes);
});

test.each([
  ['no boundary', 'multipart/form-data', 'x', 400, /boundary/],
  ['JSON', 'application/json', '{"model":"m"}', 415, /multipart\/form-data/],
  ['no form within', 'multipart/form-data; boundary=B', '{"model":"m"}', 400, /no form/],
  [
    'no model',
    'multipart/form-data; boundary=B',
    '--B\r\ncontent-disposition: form-data; name="file"\r\n\r\nx\r\n--B--',
    400,
    /Missing "model"/,
  ],
])('a bad body is refused in the caller’s dialect: %s', async (_, type, body, status, expected) => {
  const up = await vendor((_got, response) => json(response, {}));
  const { url } = await gatewayOver(`{ name: oa, provider: openai, baseUrl: "${up.url}", apiKeys: [theirs] }`);
  const headers = { 'content-type': type, authorization: 'Bearer ours-0123456789' };
  const answer = await fetch(`${url}/v1/audio/transcriptions`, { method: 'POST', headers, body });
  const told = (await answer.json()) as { error: { type: string; message: string } }; // checked below
  expect([answer.status, told.error.type]).toEqual([status, 'invalid_request_error']);
  expect(told.error.message).toMatch(expected);
  expect(up.got).toEqual([]);
});

test('a form of more than server.maxUploadMb is refused', async () => {
  const up = await vendor((_got, response) => json(response, {}));
  const upstreams = `[{ name: oa, provider: openai, baseUrl: "${up.url}", apiKeys: [theirs] }]`;
  const { url } = await start({
    cwd: folder({ 'proxy.config.yaml': `server: { maxUploadMb: 0.25 }\nupstreams: ${upstreams}\n${access}\n` }),
  });
  const file = await toFile(bytes, 'a.bin');
  await expect(clientOf(url).files.create({ file, purpose: 'batch' })).rejects.toMatchObject({ status: 413 });
  expect(up.got).toEqual([]);
});

describe('a model that stands behind 33 MB of a file', () => {
  const large = new Uint8Array(33 * 1024 * 1024);
  const transcribe = async (url: string, model = 'hear') => {
    const form = new FormData();
    form.append('file', new Blob([large]), 'a.wav');
    form.append('model', model);
    const headers = { authorization: 'Bearer ours-0123456789' };
    const answer = await fetch(`${url}/v1/audio/transcriptions`, { method: 'POST', headers, body: form });
    return { status: answer.status, told: await answer.text() };
  };
  const one = (name: string, url: string, model: string) =>
    `{ name: ${name}, provider: openai, baseUrl: "${url}", apiKeys: [theirs], models: { ${model}: gpt-4o-transcribe } }`;

  test('is renamed in passing where one upstream alone can be meant', async () => {
    const up = await vendor((_got, response) => json(response, { text: 'Hi' }));
    const { url } = await gatewayOver(one('oa', up.url, 'hear'));
    expect(await transcribe(url)).toEqual({ status: 200, told: '{"text":"Hi"}' });
    expect(up.got.map(({ form }) => form.get('model'))).toEqual(['gpt-4o-transcribe']);
    expect((await contentOf(up.got[0]!.form, 'file'))?.length).toBe(large.length);
  });

  test('is refused with the mend where several can', async () => {
    const up = await vendor((_got, response) => json(response, {}));
    const { url } = await gatewayOver(`${one('oa', up.url, 'hear')}, ${one('other', up.url, 'listen')}`);
    const { status, told } = await transcribe(url);
    expect(status).toBe(400);
    expect(told).toMatch(/put it before the file, or name one of \\"oa\\", \\"other\\"/);
    expect(up.got).toEqual([]);
  });
});

/** A caller that sends a form's head, and then as the test says. */
function uploading(url: string) {
  const upload = request(`${url}/v1/files`, {
    method: 'POST',
    headers: { 'content-type': 'multipart/form-data; boundary=B', authorization: 'Bearer ours-0123456789' },
  });
  upload.on('error', () => undefined); // the test cuts it off
  upload.write('--B\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n');
  return upload;
}

test('the upstream has the first bytes before the last are there, slows the caller down, and hears of its leaving', async () => {
  let seen = 0;
  let closed = false;
  let slow = true;
  let asked: IncomingMessage | undefined;
  const up = await recordingUpstream({
    listener(message) {
      asked = message;
      message.on('data', (piece: Buffer) => {
        seen += piece.length;
        if (slow) message.pause();
      });
      message.on('close', () => (closed = true));
    },
  });
  const { url } = await gatewayOver(`{ name: oa, provider: openai, baseUrl: "${up.url}", apiKeys: [theirs] }`);
  const upload = uploading(url);
  await until('the first bytes are there', () => seen > 0);

  let sent = 0;
  const piece = Buffer.alloc(64 * 1024);
  const more = () => {
    while (sent < 256 * 1024 * 1024) {
      sent += piece.length;
      if (!upload.write(piece)) return;
    }
  };
  upload.on('drain', more);
  more();
  let before = -1;
  await until('the caller stands still', async () => {
    const still = sent === before;
    before = sent;
    await new Promise((resolve) => setTimeout(resolve, 100));
    return still;
  });
  expect(sent).toBeLessThan(64 * 1024 * 1024);
  slow = false;
  asked?.resume();
  await until('it goes on', () => sent > before);

  upload.destroy();
  await until('the upstream is told', () => closed);
});

test('of a large upload little is held at a time', async () => {
  const size = Number(process.env.UPLOAD_MB ?? 256) * 1024 * 1024;
  let seen = 0;
  const keys = new Set<string | undefined>();
  const up = await recordingUpstream({
    listener(asked, response) {
      keys.add(asked.headers.authorization);
      asked.on('data', (piece: Buffer) => (seen += piece.length));
      asked.on('end', () => json(response, { id: 'file-1' }));
    },
  });
  const config = `
server: { host: 127.0.0.1 }
upstreams: [{ name: oa, provider: openai, baseUrl: "${up.url}", apiKeys: [theirs] }]
${access}
`;
  const run = proxy(['serve', '--port', '0'], { cwd: folder({ 'proxy.config.yaml': config }) });
  const url = await started(run);
  const small = await toFile(bytes, 'a.bin');
  await clientOf(url).files.create({ file: small, purpose: 'batch' });

  seen = 0;
  const before = memoryOf(run.child.pid, 'VmRSS');
  expect(await sendZeros(url, size)).toBe(200);
  expect(seen).toBeGreaterThan(size);
  // It did pass through us: only we know that key.
  expect([...keys]).toEqual(['Bearer theirs']);
  const extra = memoryOf(run.child.pid, 'VmHWM') - before;
  if (process.env.UPLOAD_MB) process.stdout.write(`${size / 2 ** 20} MB passed with ${extra / 2 ** 20} MB more\n`);
  expect(extra).toBeLessThan(64 * 1024 * 1024);
}, 60_000);

function sendZeros(url: string, size: number): Promise<number | undefined> {
  const upload = uploading(url);
  const piece = Buffer.alloc(64 * 1024);
  return new Promise((resolve, reject) => {
    let sent = 0;
    const more = () => {
      while (sent < size) {
        sent += piece.length;
        if (!upload.write(piece)) return;
      }
      upload.off('drain', more);
      upload.end('\r\n--B--\r\n');
    };
    upload.on('response', (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    upload.on('error', reject);
    upload.on('drain', more);
    more();
  });
}
