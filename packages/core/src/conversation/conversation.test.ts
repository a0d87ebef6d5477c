import fc from 'fast-check';
import { expect, test } from 'vitest';
import { collect } from './collect.ts';
import type { ReplyEvent } from './event.ts';
import type { Part } from './message.ts';
import { replay } from './replay.ts';
import { settleFinish, type Reply } from './reply.ts';
import { attachSeals, carrySeal, readSeal } from './seal.ts';
import { serialise } from './serial.ts';

const seal = fc.record({ issuer: fc.constantFrom('anthropic-messages', 'gemini-generate'), value: fc.string() });
const part: fc.Arbitrary<Part> = fc.oneof(
  fc.record({ type: fc.constant('text' as const), text: fc.string() }),
  fc.record({ type: fc.constant('text' as const), text: fc.string(), seal }),
  fc.record({ type: fc.constant('refusal' as const), text: fc.string() }),
  fc.record({ type: fc.constant('reasoning' as const), text: fc.string(), seal }),
  fc.record({
    type: fc.constant('tool-call' as const),
    id: fc.string(),
    name: fc.string(),
    kind: fc.constant('function' as const),
    arguments: fc.json(),
  }),
  fc.record({
    type: fc.constant('media' as const),
    kind: fc.constant('image' as const),
    source: fc.record({
      type: fc.constant('base64' as const),
      mediaType: fc.constant('image/png'),
      data: fc.base64String(),
    }),
  }),
);
const candidate = fc.record({
  parts: fc.array(part),
  finish: fc.record({ reason: fc.constantFrom('stop' as const, 'length' as const) }),
});
const reply: fc.Arbitrary<Reply> = fc.record(
  {
    id: fc.string(),
    model: fc.string(),
    candidates: fc.array(candidate, { minLength: 1, maxLength: 3 }),
    usage: fc.record({ inputTokens: fc.nat(), outputTokens: fc.nat() }),
  },
  { requiredKeys: ['id', 'model', 'candidates'] },
);

test('a reply replayed and collected is the same reply', () => {
  fc.assert(
    fc.property(reply, (value) => {
      expect(collect(replay(value))).toEqual(value);
    }),
  );
});

test('a stream without its end is a failure', () => {
  const events = replay({ id: '', model: '', candidates: [{ parts: [], finish: { reason: 'stop' } }] });
  expect(() => collect(events.slice(0, -1))).toThrow('broke off');
});

test('serialise closes each part before it opens the next and loses nothing', () => {
  const value = fc.tuple(fc.array(part, { maxLength: 6 }), fc.infiniteStream(fc.nat()));
  fc.assert(
    fc.property(value, ([parts, picks]) => {
      const whole: Reply = { id: '', model: '', candidates: [{ parts, finish: { reason: 'stop' } }] };
      const shuffled = interleave(replay(whole), picks);
      const pass = serialise();
      const serial = shuffled.flatMap((event) => pass(event));
      let open: number | undefined;
      for (const event of serial) {
        if (!('part' in event)) continue;
        if (open !== undefined) expect(event.part).toBe(open);
        if (event.type.endsWith('-start')) open = event.part;
        if (event.type.endsWith('-end')) open = undefined;
      }
      expect(collect(serial)).toEqual(whole);
    }),
  );
});

test('a seal travels through any field and comes back with its issuer', () => {
  fc.assert(
    fc.property(seal, fc.constantFrom('openai-responses', 'anthropic-messages'), ({ issuer, value }, carrier) => {
      fc.pre(!value.startsWith('eyJAcHJveHkiOjEs'));
      expect(readSeal(carrySeal({ issuer, value }, carrier), carrier)).toEqual({ seal: { issuer, value } });
      const field = carrySeal({ issuer, value }, carrier, 'call');
      expect(readSeal(field, carrier)).toEqual({ seal: { issuer, value }, attachment: 'call' });
      expect(field).toMatch(/^[A-Za-z0-9+/]+=*$/);
    }),
  );
});

test('a field that only looks like an envelope is the carrier’s own seal', () => {
  expect(readSeal('eyJAcHJveHkiOjEs!!!', 'x')).toEqual({ seal: { issuer: 'x', value: 'eyJAcHJveHkiOjEs!!!' } });
});

test('carried seals go to the call after them and to the text before them', () => {
  const ofCall: Part = { type: 'reasoning', text: '', seal: { issuer: 'g', value: '1' } };
  const ofText: Part = { type: 'reasoning', text: '', seal: { issuer: 'g', value: '2' } };
  const call: Part = { type: 'tool-call', id: 'a', name: 'f', kind: 'function', arguments: '{}' };
  const parts: Part[] = [{ type: 'text', text: 'hi' }, ofText, ofCall, call];
  const carried = new Map([
    [ofCall, 'call' as const],
    [ofText, 'text' as const],
  ]);
  expect(attachSeals(parts, carried)).toEqual([
    { type: 'text', text: 'hi', seal: { issuer: 'g', value: '2' } },
    { ...call, seal: { issuer: 'g', value: '1' } },
  ]);
});

test('F2 F3 tool calls outrank a plain stop, length and filters outrank tool calls', () => {
  expect(settleFinish({ reason: 'stop' }, true).reason).toBe('tool-calls');
  expect(settleFinish({ reason: 'length' }, true).reason).toBe('length');
  expect(settleFinish({ reason: 'content-filter' }, true).reason).toBe('content-filter');
  expect(settleFinish({ reason: 'tool-calls' }, false).reason).toBe('stop');
});

/** The same events with their parts mixed, each part's own order kept. */
function interleave(events: readonly ReplyEvent[], picks: Iterator<number>): ReplyEvent[] {
  const queues = new Map<number, ReplyEvent[]>();
  for (const event of events) if ('part' in event) queues.set(event.part, [...(queues.get(event.part) ?? []), event]);
  const mixed: ReplyEvent[] = [];
  while (queues.size > 0) {
    const keys = [...queues.keys()];
    const key = keys[(picks.next().value as number) % keys.length] ?? 0; // an infinite stream always has a value
    const queue = queues.get(key) ?? [];
    const event = queue.shift();
    if (event) mixed.push(event);
    if (queue.length === 0) queues.delete(key);
  }
  const head = events.filter((event) => event.type === 'reply-start');
  const tail = events.filter((event) => !('part' in event) && event.type !== 'reply-start');
  return [...head, ...mixed, ...tail];
}
