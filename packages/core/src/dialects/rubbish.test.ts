import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Failure } from '../conversation/failure.ts';
import { parseJson, type Json, type JsonObject } from '../json.ts';
import { cases, dialects, type Case } from '../testing/cases.ts';

/** Integers too long for a double are opaque objects without a prototype (see parseJson): no decoder may stumble over one. */
const longInteger = parseJson('12345678901234567890');
const hostile: fc.Arbitrary<Json> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom<Json>(
      longInteger,
      '__proto__',
      'constructor',
      'toString',
      null,
      {},
      [],
      '',
      0,
      -1,
      1e308,
      true,
      'x'.repeat(10_000),
      [[[[]]]],
      {
        a: null,
      },
    ),
  },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }).map((value) => value as Json) }, // fast-check's own JSON type is as wide
);

describe.each(dialects.map((dialect) => [dialect.name, dialect] as const))(
  '%s takes rubbish for rubbish',
  (_, dialect) => {
    const own = cases.filter((one) => one.dialect === dialect);
    const context = { facts: {}, signer: dialect.name, turn: 1 };

    test('in a request: a Failure naming what is wrong, or a conversation', () => {
      everywhere(own, 'request', (body, one) =>
        dialect.decodeRequest(body, { glance: one.glance, headers: one.headers, report: () => undefined }),
      );
    });

    test('in a reply: a Failure, or a reply', () => {
      everywhere(own, 'reply', (body) => dialect.decodeReply(body, context));
    });

    test('in a stream: never a throw, and nothing behind a failure', () => {
      const recorded = own.filter(({ stream }) => stream);
      fc.assert(
        fc.property(fc.nat(), fc.nat(), fc.nat(), hostile, (pick, frameAt, place, value) => {
          const one = recorded[pick % recorded.length];
          const frames = dialect.framing.reader().push(one?.stream ?? new Uint8Array());
          const decoder = dialect.decodeStream(context);
          const events = frames.flatMap(({ data, ...rest }, index) => {
            if (index !== frameAt % frames.length || !data.startsWith('{')) return decoder.push({ ...rest, data });
            return decoder.push({ ...rest, data: JSON.stringify(planted(JSON.parse(data) as Json, place, value)) });
          });
          events.push(...decoder.end());
          const failed = events.findIndex(({ type }) => type === 'failure');
          expect(failed < 0 || failed === events.length - 1).toBe(true);
        }),
        { numRuns: 500 },
      );
    });

    test('in an error: always a Failure', () => {
      fc.assert(
        fc.property(fc.integer({ min: 100, max: 999 }), hostile, hostile, (status, value, inner) => {
          for (const body of [
            value,
            { error: value },
            { error: { message: value, code: inner, type: inner, status: inner, details: value } },
          ])
            expect(dialect.decodeError(status, body, {})).toBeInstanceOf(Failure);
        }),
        { numRuns: 300 },
      );
    });

    test('cut anywhere: a truncated stream never ends cleanly', () => {
      for (const { stream, hub, stem } of own) {
        if (!stream || hub.streamFailure) continue;
        const half = stream.subarray(0, Math.floor(stream.length / 2));
        const reader = dialect.framing.reader();
        const decoder = dialect.decodeStream(context);
        const events = reader.push(half).flatMap((frame) => decoder.push(frame));
        events.push(...decoder.end());
        const finished = events.some(({ type }) => type === 'reply-end');
        const told = events.some(({ type }) => type === 'candidate-end');
        expect(finished && !told, `${dialect.name} ${stem}`).toBe(false);
      }
    });
  },
);

function everywhere(
  own: readonly Case[],
  kind: 'request' | 'reply',
  run: (body: JsonObject, one: Case) => unknown,
): void {
  const recorded = own.filter((one) => one[kind]);
  fc.assert(
    fc.property(fc.nat(), fc.nat(), hostile, (pick, place, value) => {
      const one = recorded[pick % recorded.length];
      if (!one) return;
      try {
        run(planted(one[kind] ?? {}, place, value) as JsonObject, one); // an object stays one: only members are replaced
      } catch (error) {
        expect(error).toBeInstanceOf(Failure);
      }
    }),
    { numRuns: 1500 },
  );
}

/** The same JSON, with the `place`-th member or element (counted round) replaced. */
function planted(json: Json, place: number, value: Json): Json {
  let count = 0;
  const size = countIn(json);
  const target = size === 0 ? 0 : place % size;
  const walk = (one: Json): Json => {
    if (typeof one !== 'object' || one === null) return one;
    const replace = (inner: Json): Json => (count++ === target ? value : walk(inner));
    if (Array.isArray(one)) return (one as readonly Json[]).map(replace); // Array.isArray does not narrow readonly arrays
    return Object.fromEntries(Object.entries(one).map(([key, inner]) => [key, replace(inner)]));
  };
  return walk(json);
}

function countIn(json: Json): number {
  if (typeof json !== 'object' || json === null) return 0;
  return Object.values(json).reduce<number>((sum, inner: Json) => sum + 1 + countIn(inner), 0);
}
