import { expect, test } from 'vitest';
import { jsonArray } from '../bytes/json-array.ts';
import { Failure } from '../conversation/failure.ts';
import type { Binding } from '../dialects/binding.ts';
import { anthropicMessages } from '../dialects/registry.ts';
import type { JsonObject } from '../json.ts';
import { inboundOf } from './decode.ts';
import { translate } from './translate.ts';

/** A place that speaks Messages and streams its events as one JSON array. */
const binding: Binding = {
  framing: jsonArray,
  envelopes: { generate: { set: { anthropic_version: 'place-1' }, omit: ['model'] } },
  decodeError: (status) => new Failure('overloaded', 'As the place says it.', { status }),
};

function relayed() {
  const door = anthropicMessages.doors.find(({ operation }) => operation === 'generate');
  if (!door) throw new Error('no door');
  const knock = { door, params: {}, query: new URLSearchParams(), headers: { 'anthropic-version': '2023-06-01' } };
  const body = { model: 'm', stream: true, max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] };
  const inbound = inboundOf(anthropicMessages, knock, bytes(body));
  const destination = { dialect: anthropicMessages, model: 'own-m', facts: {}, signer: 'anthropic-messages', binding };
  return translate(inbound, destination, { created: 0, newId: (prefix) => `${prefix}1` });
}

const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

const usage = { input_tokens: 3, output_tokens: 1 };
const start = {
  type: 'message_start',
  message: { id: 'm', type: 'message', role: 'assistant', model: 'm', content: [], usage },
};
const delta = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: '"message_stop"' } };
const last = { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 7 } };
const events: readonly JsonObject[] = [start, delta, last, { type: 'message_stop' }];

function run(wire: Uint8Array, size: number, close: 'end' | 'fail' = 'end') {
  const translator = relayed().stream('application/x-frames');
  let out = '';
  for (let at = 0; at < wire.length; at += size) out += translator.push(wire.subarray(at, at + size)) as string;
  out += (close === 'end' ? translator.end() : translator.fail(new Failure('timeout', 'Too slow.'))) as string;
  return { out, progress: translator.progress, contentType: translator.contentType };
}

test('B1 a relayed request goes in the place’s envelope, and stays a relay', () => {
  const { way, body } = relayed();
  expect(way).toBe('relay');
  expect(JSON.parse(new TextDecoder().decode(body as Uint8Array))).toEqual({
    anthropic_version: 'place-1',
    stream: true,
    max_tokens: 9,
    messages: [{ role: 'user', content: 'Hi' }],
  });
});

test('a relayed stream is put into the caller’s frames unparsed, and its usage is seen, however it is cut', () => {
  const wire = bytes(events);
  const expected = events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('');
  for (let size = 1; size <= wire.length; size++) {
    const { out, progress, contentType } = run(wire, size);
    expect(contentType).toBe('text/event-stream');
    expect(out).toBe(expected);
    expect(progress).toMatchObject({ begun: true, finished: true, usage: { inputTokens: 3, outputTokens: 7 } });
    expect(progress.failure).toBeUndefined();
  }
});

test('E5 a stream that ends too early, is cut in a frame, or breaks, is told as an error', () => {
  const wire = bytes(events);
  const cut = wire.subarray(0, wire.length - 60);
  expect(run(cut, 9).out).toMatch(/event: error\ndata: .*breaks off.*\n\n$/);
  expect(run(bytes(events.slice(0, 2)), 9).out).toMatch(/event: error\ndata: .*before it had finished.*\n\n$/);
  const { out, progress } = run(cut, 9, 'fail');
  expect(out).toMatch(/event: error\ndata: .*timeout_error.*Too slow.*\n\n$/);
  expect(progress).toMatchObject({ begun: true, finished: false, failure: { kind: 'timeout' } });
});

test('nothing follows an error amid the frames; one that comes first is no beginning', () => {
  const error = { type: 'error', error: { type: 'overloaded_error', message: 'Busy' } };
  const { out, progress } = run(bytes([start, error, delta]), 11);
  expect(out).toBe(`data: ${JSON.stringify(start)}\n\ndata: ${JSON.stringify(error)}\n\n`);
  expect(progress).toMatchObject({ begun: true, failure: { kind: 'overloaded' } });
  expect(run(bytes([error]), 11).progress).toMatchObject({ begun: false, failure: { kind: 'overloaded' } });
});

test('frames that are no frames are a failure, not a silence', () => {
  expect(run(new TextEncoder().encode('[{"type":"ping"} oops'), 100).progress.failure?.kind).toBe('bad-upstream');
});

test('between frames of our own making an idle stream can be kept open', () => {
  expect(relayed().stream('application/x-frames').keepAlive()).toContain('event: ping');
});

test('errors are read as the place writes them', () => {
  expect(relayed().failure(529, bytes({ what: 'ever' }), {})).toMatchObject({
    kind: 'overloaded',
    message: 'As the place says it.',
  });
});
