import { expect, test } from 'vitest';
import type { Chunk } from '../bytes/framing.ts';
import { Failure } from '../conversation/failure.ts';
import type { Flow, Sink, Source } from '../ports.ts';
import type { StreamProgress, StreamTranslator } from '../translate/translation.ts';
import { openStream } from './open-stream.ts';

/** Upper-cases text; `!` is a failure, `.` the end in order. */
function shouting(): StreamTranslator & {
  readonly progress: { -readonly [K in keyof StreamProgress]: StreamProgress[K] };
} {
  const progress: { -readonly [K in keyof StreamProgress]: StreamProgress[K] } = { begun: false, finished: false };
  return {
    contentType: 'text/plain',
    progress,
    push(bytes) {
      const text = new TextDecoder().decode(bytes);
      if (text.includes('!')) progress.failure = new Failure('overloaded', 'busy');
      else if (text.trim() !== '') progress.begun = true;
      if (text.includes('.')) progress.finished = true;
      return text.trim().toUpperCase();
    },
    end: () =>
      progress.finished || progress.failure ? '' : ((progress.failure = new Failure('bad-upstream', 'cut')), '<cut>'),
    fail: (failure) => ((progress.failure = failure), '<broken>'),
    leave: () => undefined,
    keepAlive: () => '<alive>',
  };
}

function upstream() {
  const state = { cancelled: false, resumed: 0 };
  let sink: Sink | undefined;
  const flow: Flow = { resume: () => void (state.resumed += 1), cancel: () => void (state.cancelled = true) };
  const source: Source = { start: (given) => ((sink = given), flow) };
  const push = (text: string) => sink?.write(new TextEncoder().encode(text));
  return { source, state, push, end: () => sink?.end(), fail: (error: unknown) => sink?.fail(error) };
}

function reader(accept = true) {
  const out: Chunk[] = [];
  const state = { ended: false };
  const sink: Sink = {
    write: (chunk) => (out.push(chunk), accept),
    end: () => void (state.ended = true),
    fail: () => undefined,
  };
  return { sink, out, state };
}

function open(source: Source, translator = shouting(), keepAliveMs = 0) {
  const ends: (Failure | undefined)[] = [];
  const controller = new AbortController();
  const opened = openStream(source, translator, {
    signal: controller.signal,
    keepAliveMs,
    onClose: (_, failure) => ends.push(failure),
  });
  return { opened, ends, controller };
}

test('E6 nothing is answered before the first event that is not an error', async () => {
  const from = upstream();
  const { opened } = open(from.source);
  let decided = false;
  void opened.then(() => (decided = true));
  from.push(' ');
  await Promise.resolve();
  expect(decided).toBe(false);
  from.push('a');
  const result = await opened;
  expect('source' in result).toBe(true);
});

test('E6 a stream that begins with an error is a failure, and the upstream is let go', async () => {
  const from = upstream();
  const { opened, ends } = open(from.source);
  from.push('!');
  expect(await opened).toMatchObject({ failure: { kind: 'overloaded' } });
  expect(from.state.cancelled).toBe(true);
  expect(ends).toEqual([]);
});

test('what came before the reader is handed on in order, then each read as one write', async () => {
  const from = upstream();
  const { opened, ends } = open(from.source);
  from.push('a');
  from.push('b');
  const result = await opened;
  if (!('source' in result)) throw new Error('not opened');
  const to = reader();
  result.source.start(to.sink);
  from.push('c.');
  from.end();
  expect(to.out).toEqual(['A', 'B', 'C.']);
  expect(to.state.ended).toBe(true);
  expect(ends).toEqual([undefined]);
});

test('the books hear of the end before the reader', async () => {
  const from = upstream();
  const { opened, ends } = open(from.source);
  from.push('a.');
  const result = await opened;
  if (!('source' in result)) throw new Error('not opened');
  let booked = 0;
  result.source.start({ ...reader().sink, end: () => void (booked = ends.length) });
  from.end();
  expect(booked).toBe(1);
});

test('a stream that was over before its reader came is handed on whole', async () => {
  const from = upstream();
  const { opened } = open(from.source);
  from.push('a.');
  from.end();
  const result = await opened;
  if (!('source' in result)) throw new Error('not opened');
  const to = reader();
  result.source.start(to.sink);
  expect(to.out).toEqual(['A.']);
  expect(to.state.ended).toBe(true);
});

test('back-pressure reaches the upstream and is taken back', async () => {
  const from = upstream();
  const { opened } = open(from.source);
  from.push('a');
  const result = await opened;
  if (!('source' in result)) throw new Error('not opened');
  const to = reader(false);
  const flow = result.source.start(to.sink);
  expect(from.state.resumed).toBe(0);
  expect(from.push('b')).toBe(false);
  flow.resume();
  expect(from.state.resumed).toBe(1);
});

test('X3 E5 a connection that breaks is told to the reader, and the books', async () => {
  const from = upstream();
  const { opened, ends } = open(from.source);
  from.push('a');
  const result = await opened;
  if (!('source' in result)) throw new Error('not opened');
  const to = reader();
  result.source.start(to.sink);
  from.fail(new Error('ECONNRESET'));
  expect(to.out).toEqual(['A', '<broken>']);
  expect(to.state.ended).toBe(true);
  expect(ends[0]).toMatchObject({ kind: 'bad-upstream' });
});

test('X6 a reader who leaves takes the upstream along and is still accounted, once', async () => {
  const from = upstream();
  const { opened, ends } = open(from.source);
  from.push('a');
  const result = await opened;
  if (!('source' in result)) throw new Error('not opened');
  const flow = result.source.start(reader().sink);
  flow.cancel();
  from.fail(new Error('aborted'));
  expect(from.state.cancelled).toBe(true);
  expect(ends).toMatchObject([{ kind: 'client-gone' }]);
});

test('a reader who leaves after the last event is no loss', async () => {
  const from = upstream();
  const { opened, ends } = open(from.source);
  from.push('a.');
  const result = await opened;
  if (!('source' in result)) throw new Error('not opened');
  result.source.start(reader().sink).cancel();
  expect(ends).toEqual([undefined]);
});

test('a reader who leaves after a failure was told has left because of that', async () => {
  const from = upstream();
  const { opened, ends } = open(from.source);
  from.push('a');
  const result = await opened;
  if (!('source' in result)) throw new Error('not opened');
  const flow = result.source.start(reader().sink);
  from.push('!');
  flow.cancel();
  expect(ends).toMatchObject([{ kind: 'overloaded' }]);
});

test('a source that pushes everything at once is as good as a slow one', async () => {
  const source: Source = {
    start(sink) {
      sink.write(new TextEncoder().encode('a.'));
      sink.end();
      return { resume: () => undefined, cancel: () => undefined };
    },
  };
  const result = await open(source).opened;
  if (!('source' in result)) throw new Error('not opened');
  const to = reader();
  result.source.start(to.sink);
  expect(to.out).toEqual(['A.']);
});

test('a first event in more chunks than may wait for a reader is waited for all the same', async () => {
  const translator = shouting();
  const slow = { ...translator, push: (bytes: Uint8Array) => translator.push(bytes) || '-' };
  const { source, push } = upstream();
  const { opened } = open(source, slow);
  for (let chunk = 0; chunk < 200; chunk++) expect(push(' ')).toBe(true);
  push('a');
  const result = await opened;
  if (!('source' in result)) throw new Error('not opened');
  const { sink, out } = reader();
  result.source.start(sink);
  expect(out.join('')).toBe(`${'-'.repeat(200)}A`);
});
