import { expect, test } from 'vitest';
import { createGateway } from './gateway/create.ts';
import { openaiCompatible } from './providers/registry.ts';
import { fetchTransport } from './web.ts';

/** A gateway of the Web shell alone, over a vendor that answers by `fetch`. */
function gatewayOver(vendor: (request: Request) => Promise<Response>) {
  const upstreams = [
    {
      name: 'vendor',
      provider: openaiCompatible,
      baseUrl: 'http://up.test/v1',
      credentials: [{ id: 'a', secret: 'theirs' }],
      models: { hear: 'whisper-1' },
    },
  ];
  const fetcher: typeof fetch = (url, init) => vendor(new Request(url as string, init)); // our own transport gives a string
  return createGateway({ upstreams, ports: { transport: fetchTransport(fetcher) } });
}

function upload(path: string, body: BodyInit, headers: Record<string, string> = {}): Request {
  return new Request(`http://ours.test${path}`, { method: 'POST', body, headers, duplex: 'half' } as RequestInit);
}

test('a form passes through the Web shell, its model renamed', async () => {
  const content = Uint8Array.from({ length: 100_000 }, (_, index) => index * 7);
  const form = new FormData();
  form.set('file', new File([content], 'a.mp3'));
  form.set('model', 'hear');
  const gateway = gatewayOver(async (request) => {
    const got = await request.formData();
    const file = got.get('file') as File; // a file was sent
    return Response.json({ text: `${String(got.get('model'))} ${file.name} ${file.size}` });
  });
  const answer = await gateway.fetch(upload('/v1/audio/transcriptions', form));
  expect([answer.status, await answer.json()]).toEqual([200, { text: 'whisper-1 a.mp3 100000' }]);
});

test('its first bytes are there before its last, and it is read no faster than it is sent', async () => {
  const encoder = new TextEncoder();
  let pulled = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulled += 1;
      const head = '--B\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n';
      controller.enqueue(encoder.encode(pulled === 1 ? head : 'x'.repeat(1000)));
      if (pulled === 1000) controller.close();
    },
  });
  let first = '';
  let pulledThen = 0;
  const gateway = gatewayOver(async (request) => {
    const reader = request.body?.getReader();
    first = new TextDecoder().decode((await reader?.read())?.value);
    await new Promise((resolve) => setTimeout(resolve, 20));
    pulledThen = pulled;
    while (!(await reader?.read())?.done);
    return Response.json({ id: 'file-1' });
  });
  const type = { 'content-type': 'multipart/form-data; boundary=B' };
  const answer = await gateway.fetch(upload('/v1/files', body, type));
  expect([answer.status, await answer.json()]).toEqual([200, { id: 'file-1' }]);
  expect(first).toContain('filename="a"');
  expect(pulledThen).toBeLessThan(20);
  expect(pulled).toBe(1000);
});

test('a caller that breaks off is no fault of the upstream', async () => {
  const body = new ReadableStream({ start: (controller) => controller.error(new Error('gone')) });
  const gateway = gatewayOver(async () => Response.json({}));
  const answer = await gateway.fetch(upload('/v1/chat/completions', body, { 'content-type': 'application/json' }));
  expect(answer.status).toBe(499);
});
