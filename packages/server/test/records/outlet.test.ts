import { expect, test } from 'vitest';
import { createOutlet } from '../../src/records/outlet.ts';
import { postTo } from '../../src/records/prompts/webhook.ts';
import { freePort } from '../free-port.ts';
import { until } from '../support.ts';
import { recordingUpstream } from '../upstream.ts';

test('in order, in batches, one after another', async () => {
  const batches: number[][] = [];
  let running = 0;
  const outlet = createOutlet<number>({
    name: 'the test',
    log: () => undefined,
    maxBatch: 3,
    async deliver(batch) {
      running += 1;
      expect(running).toBe(1);
      await Promise.resolve();
      batches.push([...batch]);
      running -= 1;
    },
  });
  for (let at = 0; at < 7; at += 1) outlet.push(at);
  expect(batches).toEqual([]);
  await outlet.flush();
  expect(batches).toEqual([[0, 1, 2], [3, 4, 5], [6]]);
});

test('what cannot be delivered waits and is tried again', async () => {
  const told: string[] = [];
  let broken = true;
  const delivered: number[] = [];
  const outlet = createOutlet<number>({
    name: 'the disk',
    log: (_level, message) => void told.push(message),
    deliver: (batch) => {
      if (broken) return Promise.reject(new Error('It is full.'));
      delivered.push(...batch);
      return Promise.resolve();
    },
  });
  outlet.push(1);
  await until('the failure is told', () => told.length > 0);
  expect(told[0]).toBe('the disk cannot be written at the moment: It is full.');
  broken = false;
  outlet.push(2);
  await until('both are there', () => delivered.length === 2);
  expect(delivered).toEqual([1, 2]);
  expect(outlet.dropped).toBe(0);
});

test('more than can wait is dropped, counted and told', async () => {
  const told: string[] = [];
  const delivered: number[] = [];
  const outlet = createOutlet<number>({
    name: 'the disk',
    log: (_level, message) => void told.push(message),
    maxWaiting: 2,
    deliver: (batch) => Promise.resolve(void delivered.push(...batch)),
  });
  for (let at = 0; at < 5; at += 1) outlet.push(at);
  expect(outlet.dropped).toBe(3);
  await outlet.flush();
  expect(delivered).toEqual([0, 1]);
  expect(told).toEqual([
    '1 records were not written to the disk: more than 2 wait.',
    '2 records were not written to the disk: more than 2 wait.',
  ]);
});

test('what is left at the end and cannot be delivered is counted', async () => {
  const outlet = createOutlet<number>({
    name: 'the disk',
    log: () => undefined,
    deliver: () => Promise.reject(new Error('It is gone.')),
  });
  outlet.push(1);
  outlet.push(2);
  await outlet.flush();
  expect(outlet.dropped).toBe(2);
});

/** A webhook that gives these answers, then 200; a batch is one number. */
async function posting(...statuses: readonly number[]) {
  const answers = [...statuses];
  const taken: unknown[] = [];
  const told: string[] = [];
  const { url } = await recordingUpstream({
    listener(request, response) {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        const status = answers.shift() ?? 200;
        if (status === 200) taken.push((JSON.parse(Buffer.concat(pieces).toString()) as { entries: unknown }).entries);
        response.writeHead(status).end();
      });
    },
  });
  const post = postTo(url, {});
  const outlet = createOutlet<number>({
    name: 'the webhook',
    log: (_level, message) => void told.push(message),
    maxBatch: 1,
    deliver: (batch) => post(batch.map((number) => ({ number }))),
  });
  return { outlet, taken, told };
}

function hintFor(status: number): string {
  return status < 400 ? ' Redirects are not followed: give the address that it leads to.' : '';
}

test.each([301, 308, 400, 401, 404, 410, 413, 422])(
  'a batch that a webhook refuses with %i is given up at once, counted and told, and the next ones go on',
  async (status) => {
    const { outlet, taken, told } = await posting(status, 200, status);
    for (const number of [1, 2, 3, 4]) outlet.push(number);
    await until('the others are there', () => taken.length === 2);
    expect(taken).toEqual([[{ number: 2 }], [{ number: 4 }]]);
    expect(outlet.dropped).toBe(2);
    expect(told).toEqual([`1 records were not written to the webhook: It answered ${status}.${hintFor(status)}`]);
    await outlet.flush();
    expect(told[1]).toBe(told[0]); // the second is told of at the end, or after a minute
  },
);

test.each([302, 307, 408, 425, 429, 500, 503])(
  'after %i a batch is sent again, before those behind it',
  async (status) => {
    const { outlet, taken, told } = await posting(status);
    for (const number of [1, 2]) outlet.push(number);
    await until('both are there', () => taken.length === 2);
    expect(taken).toEqual([[{ number: 1 }], [{ number: 2 }]]);
    expect(outlet.dropped).toBe(0);
    expect(told).toEqual([`the webhook cannot be written at the moment: It answered ${status}.${hintFor(status)}`]);
  },
);

test('why nobody was reached is told, which fetch keeps to its cause', async () => {
  const told: string[] = [];
  const outlet = createOutlet<object>({
    name: 'the webhook',
    log: (_level, message) => void told.push(message),
    deliver: postTo(`http://127.0.0.1:${await freePort()}/`, {}),
  });
  outlet.push({});
  await outlet.flush();
  expect(told.join()).toMatch(/fetch failed: .*ECONNREFUSED/);
});
