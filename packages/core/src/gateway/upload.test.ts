import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { joinBytes } from '../bytes/join.ts';
import type { Sink, Source } from '../ports.ts';
import { readAll } from './read-all.ts';
import { Upload } from './upload.ts';

const encoder = new TextEncoder();
const bytesOf = (text: string) => encoder.encode(text);
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const field = (name: string, value: string) =>
  `--B\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
const file = (content: string) =>
  `--B\r\nContent-Disposition: form-data; name="file"; filename="a.mp3"\r\nContent-Type: audio/mpeg\r\n\r\n${content}\r\n`;
const end = '--B--\r\n';
/** A field is known to be over when the next boundary has begun. */
const model = (name: string) => `${field('model', name)}--B`;
const rest = file('x').slice('--B'.length);

type Given = Partial<ConstructorParameters<typeof Upload>[1]>;

/** An upload whose pieces the test pushes itself. */
function pushed(given: Given = {}) {
  const state = { started: 0, resumed: 0, cancelled: 0 };
  let sink: Sink | undefined;
  const source: Source = {
    start(to) {
      state.started += 1;
      sink = to;
      return { resume: () => void (state.resumed += 1), cancel: () => void (state.cancelled += 1) };
    },
  };
  const form = { boundary: 'B', modelRequired: true, maxHeldBytes: 1000 };
  const upload = new Upload(source, { maxBytes: 1e9, form, ...given });
  return {
    upload,
    state,
    push: (text: string | Uint8Array) => sink?.write(typeof text === 'string' ? bytesOf(text) : text),
    end: () => sink?.end(),
    fail: (error: Error) => sink?.fail(error),
  };
}

/** Takes so many pieces, then waits to be asked again. */
function taker(room = Infinity) {
  const pieces: Uint8Array[] = [];
  const state = { room, ended: false, failure: undefined as unknown };
  const sink: Sink = {
    write(chunk) {
      pieces.push(typeof chunk === 'string' ? bytesOf(chunk) : chunk);
      state.room -= 1;
      return state.room > 0;
    },
    end: () => void (state.ended = true),
    fail: (error) => void (state.failure = error),
  };
  return { sink, state, text: () => textOf(joinBytes(pieces)) };
}

/** In pieces cut at these places, each given when the one before was taken. */
function cut(body: Uint8Array, cuts: readonly number[]): Source {
  const places = [...cuts.map((place) => place % (body.length + 1)), 0, body.length].sort((a, b) => a - b);
  return {
    start(sink) {
      let at = 0;
      let over = false;
      const go = () => {
        while (at < places.length - 1) {
          at += 1;
          if (!sink.write(body.subarray(places[at - 1], places[at]))) return;
        }
        if (over) return;
        over = true;
        sink.end();
      };
      queueMicrotask(go);
      return { resume: go, cancel: () => (at = places.length) };
    },
  };
}

test('wherever it is cut, only the model’s value is another, and the announced length is right', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(), { maxLength: 10 }),
      fc.boolean(),
      fc.constantFrom('m', 'upstream-model', 'model-1'),
      fc.nat(400),
      async (cuts, modelFirst, name, maxHeldBytes) => {
        const content = '\r\n--A name="model"\r\n\r\nnot me'.repeat(5);
        const before = modelFirst ? '' : file(content);
        const after = (modelFirst ? file(content) : '') + field('stream', 'true') + end;
        const body = bytesOf(before + field('model', 'model-1') + after);
        const form = { boundary: 'B', modelRequired: true, maxHeldBytes };
        const upload = new Upload(cut(body, cuts), { length: body.length, maxBytes: 1e9, form });
        await upload.ready();
        const length = upload.lengthWith(name);
        const sent = await readAll(
          upload.body(() => name),
          1e9,
          () => new Error('too large'),
        );
        expect(textOf(sent)).toBe(before + field('model', name) + after);
        if (upload.model !== '' && length !== undefined) expect(length).toBe(sent.length);
        expect([upload.model, upload.streaming]).toEqual(['model-1', true]);
      },
    ),
  );
});

describe('the hold', () => {
  test('ends when the model is read: the caller waits, and the rest is not read before it is wanted', async () => {
    const { upload, state, push, end: over } = pushed({ length: 1000 });
    const ready = upload.ready();
    expect(push(field('model', 'a').slice(0, 20))).toBe(true);
    expect(push(field('model', 'a').slice(20) + file('x').slice(0, 80))).toBe(false);
    await ready;
    expect([upload.model, upload.undecided, upload.lengthWith('abc')]).toEqual(['a', false, 1002]);
    const to = taker();
    upload.body(() => 'abc').start(to.sink);
    expect(to.text()).toBe(field('model', 'abc') + file('x').slice(0, 80));
    expect(state).toMatchObject({ started: 1, resumed: 1 });
    expect(push(file('x').slice(80) + end)).toBe(true);
    over();
    expect(to.text()).toBe(field('model', 'abc') + file('x') + end);
    expect(to.state.ended).toBe(true);
  });

  test('ends at its bound: then the model is renamed as it passes, and nobody knows the length', async () => {
    const { upload, push, end: over } = pushed({ length: 5000 });
    const ready = upload.ready();
    push(file('x'.repeat(2000)).slice(0, 1500));
    await ready;
    expect([upload.model, upload.undecided, upload.lengthWith(undefined)]).toEqual(['', true, undefined]);
    const to = taker();
    upload.body((model) => `not-${model}`).start(to.sink);
    for (const character of file('x'.repeat(2000)).slice(1500) + field('model', 'late') + end) push(character);
    over();
    expect(to.text()).toBe(file('x'.repeat(2000)) + field('model', 'not-late') + end);
    expect(upload.model).toBe('late');
  });

  test('a form that needs no model is over without one', async () => {
    const {
      upload,
      push,
      end: over,
    } = pushed({
      length: 10,
      form: { boundary: 'B', modelRequired: false, maxHeldBytes: 1000 },
    });
    const ready = upload.ready();
    push(file('x') + end);
    over();
    await ready;
    expect([upload.model, upload.undecided, upload.lengthWith(undefined)]).toEqual(['', false, 10]);
    const to = taker();
    upload.body(() => 'never').start(to.sink);
    expect([to.text(), to.state.ended]).toEqual([file('x') + end, true]);
  });

  test('there is none where nobody asks for a model, and nothing is read before it is wanted', async () => {
    const { upload, state, push, end: over } = pushed({ form: undefined as never, length: 4 });
    await upload.ready();
    expect(state.started).toBe(0);
    const to = taker(1);
    const flow = upload.body(() => 'never').start(to.sink);
    expect(state.started).toBe(1);
    expect(push('ab')).toBe(false);
    push('cd');
    over();
    expect([to.text(), to.state.ended]).toEqual(['ab', false]);
    flow.resume();
    expect([to.text(), to.state.ended, upload.lengthWith(undefined)]).toEqual(['abcd', true, 4]);
  });
});

describe('sending again', () => {
  test('from the beginning, with another name, while everything is held', async () => {
    const { upload, push, end: over } = pushed();
    const ready = upload.ready();
    push(field('model', 'a') + file('x'));
    await ready;
    const first = taker();
    upload
      .body(() => 'one')
      .start(first.sink)
      .cancel();
    expect(upload.repeatable).toBe(true);
    push(end);
    const second = taker();
    upload.body(() => 'two').start(second.sink);
    over();
    expect(first.text()).toBe(field('model', 'one') + file('x'));
    expect([second.text(), second.state.ended]).toEqual([field('model', 'two') + file('x') + end, true]);
  });

  test('not once more was sent than is kept; and no more than that is held', async () => {
    const { upload, push } = pushed({ form: undefined as never });
    await upload.ready();
    const to = taker();
    upload.body(() => 'never').start(to.sink);
    const megabyte = new Uint8Array(1024 * 1024);
    push(megabyte);
    expect(upload.repeatable).toBe(true);
    push(megabyte);
    push(megabyte);
    expect(upload.repeatable).toBe(false);
    const again = taker();
    upload.body(() => 'never').start(again.sink);
    expect(again.state.failure).toMatchObject({ kind: 'server' });
  });
});

describe('a bad end', () => {
  const refused = async (text: string, given: Given = {}) => {
    const { upload, state, push, end: over } = pushed(given);
    const ready = upload.ready();
    if (text !== '') push(text);
    over();
    const failure: unknown = await ready.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    return { failure, upload, state };
  };

  test.each([
    ['no form', '{"model":"m"}', /no form/],
    ['no model', file('x') + end, /Missing "model"/],
    ['an empty model', field('model', '') + file('x') + end, /Missing "model"/],
    ['broken off', file('x'), /breaks off/],
    ['two models at once', field('model', 'a') + field('model', 'b') + end, /twice/],
  ])('%s', async (_, text, expected) => {
    const { failure, upload } = await refused(text);
    expect(failure).toMatchObject({ kind: 'bad-request', message: expect.stringMatching(expected) as string });
    expect(upload.failure).toBe(failure);
  });

  test('too much, announced or not', async () => {
    const announced = pushed({ length: 11, maxBytes: 10 });
    await expect(announced.upload.ready()).rejects.toMatchObject({ kind: 'too-large' });
    expect(announced.state.started).toBe(0);
    const silent = pushed({ maxBytes: 10 });
    const ready = silent.upload.ready();
    silent.push(file('x'));
    await expect(ready).rejects.toMatchObject({ kind: 'too-large' });
    expect(silent.state.cancelled).toBe(1);
  });

  test('a second model behind the first bytes that were sent', async () => {
    const { upload, state, push } = pushed();
    const ready = upload.ready();
    push(model('a'));
    await ready;
    const to = taker();
    upload.body(() => 'a').start(to.sink);
    push(`${rest}${model('secret')}`);
    expect(to.state.failure).toMatchObject({ kind: 'bad-request' });
    expect(to.text()).not.toContain('secret');
    expect([upload.repeatable, state.cancelled]).toEqual([false, 1]);
    expect(push('falls into nothing')).toBe(true);
  });

  test('a late model that cannot be had there, or that never comes', async () => {
    for (const last of [model('x'), end]) {
      const { upload, push, end: over } = pushed();
      const ready = upload.ready();
      push(file('x'.repeat(2000)));
      await ready;
      const to = taker();
      const rename = () => {
        throw new Error('not there');
      };
      upload.body(rename).start(to.sink);
      push(`\r\n${last}`);
      over();
      expect(to.state).toMatchObject({ ended: false, failure: upload.failure });
      expect(upload.failure).toBeDefined();
    }
  });

  test('the caller goes, and what is sent breaks off', async () => {
    const { upload, push, fail } = pushed();
    const ready = upload.ready();
    push(model('a'));
    await ready;
    const to = taker();
    upload.body(() => 'a').start(to.sink);
    fail(new Error('gone'));
    expect(to.state.failure).toBe(upload.failure);
    const late = taker();
    upload.body(() => 'a').start(late.sink);
    expect(late.state.failure).toBe(upload.failure);
  });

  test('nobody wants the rest', async () => {
    const { upload, state, push } = pushed();
    const ready = upload.ready();
    push(model('a'));
    await ready;
    upload.cancel();
    expect(state.cancelled).toBe(1);
    upload.cancel();
    expect(state.cancelled).toBe(1);
  });
});

test('a held form of many small chunks takes little more room than its bytes', async () => {
  const { upload, push } = pushed({ form: { boundary: 'B', modelRequired: true, maxHeldBytes: 1e6 } });
  const ready = upload.ready();
  const text = file('y'.repeat(200_000)) + field('model', 'a');
  for (const character of text) push(character);
  push('--B');
  await ready;
  let pieces = 0;
  const seen: Uint8Array[] = [];
  upload
    .body(() => 'a')
    .start({
      write: (chunk) => (seen.push(chunk as Uint8Array), (pieces += 1) > 0),
      end: () => undefined,
      fail: () => undefined,
    });
  expect(textOf(joinBytes(seen))).toBe(`${text}--B`);
  expect(pieces).toBeLessThan(10);
});
