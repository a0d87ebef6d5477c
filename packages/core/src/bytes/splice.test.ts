import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { removeMember, replaceMember, spliceMembers, SpliceError, topLevel } from './splice.ts';

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);

/** One member as it is written, so that a test knows where everything lies without asking the code it tests. */
interface Written {
  readonly name: string;
  readonly before: string;
  readonly quoted: string;
  readonly colon: string;
  readonly value: string;
  readonly after: string;
}

const space = fc.string({ unit: fc.constantFrom(' ', '\t', '\n', '\r'), maxLength: 3 });
// No backslashes here: once V8 has seen such a name, JSON.parse misreads others (nodejs/node#63785), and it is the judge.
const name = fc.oneof(
  fc.constantFrom(
    'model',
    'stream',
    'messages',
    '',
    '__proto__',
    'mod',
    'modell',
    'Model',
    '"',
    'a"b',
    'modèle',
    '🦜',
    '\ud800',
  ),
  fc.string({ unit: 'binary', maxLength: 5 }).map((some) => some.replaceAll('\\', '/')),
);
/** For bodies that are only taken apart by the code under test. */
const anyName = fc.oneof(name, fc.constantFrom('\\', '\\"', '"\\', '\\\\', 'mode\\l'));

/** The JSON text of a string, with some characters escaped that need not be. */
const quoted = (text: string) =>
  fc.infiniteStream(fc.nat(5)).map((dice) => {
    const marks = Array.from({ length: text.length }, (_, index) => {
      const [roll] = [...dice.take(1)];
      const escaped = `\\u${text.charCodeAt(index).toString(16).padStart(4, '0')}`;
      return roll === 0
        ? escaped
        : roll === 1 && text[index] === '/'
          ? '\\/'
          : JSON.stringify(text[index]).slice(1, -1);
    });
    return `"${marks.join('')}"`;
  });

const awkwardText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.string({ unit: fc.constantFrom('\\', '"', '{', '}', '[', ']', ',', ':', 'é', 'x'), maxLength: 120 }),
);

const value: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('null', 'true', 'false', '0', '-0.5e+10', '12345678901234567890', '""'),
    awkwardText.chain(quoted),
    fc
      .tuple(space, fc.array(fc.tuple(tie('value'), space, space), { maxLength: 4 }))
      .map(([inside, items]) => `[${inside}${items.map(([item, before, after]) => before + item + after).join(',')}]`),
    fc
      .tuple(space, fc.array(fc.tuple(name.chain(quoted), space, tie('value'), space), { maxLength: 4 }))
      .map(
        ([inside, items]) =>
          `{${inside}${items.map(([key, before, item, after]) => `${before}${key}${after}:${before}${item}${after}`).join(',')}}`,
      ),
  ),
})).value;

interface Body {
  readonly head: string;
  readonly members: readonly Written[];
  readonly tail: string;
}

const bodyOf = (names: fc.Arbitrary<string>): fc.Arbitrary<Body> => {
  const colon = fc.tuple(space, space).map(([before, after]) => `${before}:${after}`);
  const member = names.chain((plain) =>
    fc.record({ name: fc.constant(plain), before: space, quoted: quoted(plain), colon, value, after: space }),
  );
  return fc
    .record({
      mark: fc.constantFrom('', '\uFEFF'),
      lead: space,
      inside: space,
      members: fc.array(member, { maxLength: 7 }),
      trail: space,
    })
    .map(({ mark, lead, inside, members, trail }) => ({
      head: `${mark}${lead}{`,
      members,
      tail: `${members.length === 0 ? inside : ''}}${trail}`,
    }));
};

/** A body and a name that it has, most of the time. */
const bodyAndName = (names: fc.Arbitrary<string>) =>
  bodyOf(names).chain((some) =>
    fc.tuple(
      fc.constant(some),
      some.members.length === 0 ? names : fc.oneof(fc.constantFrom(...some.members.map((one) => one.name)), names),
    ),
  );

function written({ head, members, tail }: Body): string {
  return head + members.map((one) => one.before + one.quoted + one.colon + one.value + one.after).join(',') + tail;
}

const parsed = (text: string) => JSON.parse(text.replace(/^\uFEFF/, '')) as Record<string, unknown>; // every text here is an object

const runs = { numRuns: 3000 };

describe('on generated bodies', () => {
  test('topLevel finds what JSON.parse finds', () => {
    fc.assert(
      fc.property(bodyAndName(name), ([some, wanted]) => {
        const text = written(some);
        const found = topLevel(encode(text));
        const truth = parsed(text);
        expect(found.get(wanted)).toEqual(Object.hasOwn(truth, wanted) ? truth[wanted] : undefined);
        for (const one of some.members) expect(found.get(one.name)).toEqual(truth[one.name]);
      }),
      runs,
    );
  });

  test('topLevel finds what was written', () => {
    fc.assert(
      fc.property(bodyAndName(anyName), ([some, wanted]) => {
        const last = some.members.findLast((one) => one.name === wanted);
        expect(topLevel(encode(written(some))).get(wanted)).toEqual(last && JSON.parse(last.value));
      }),
      runs,
    );
  });

  test('replaceMember changes the value of each member of that name and no other byte', () => {
    fc.assert(
      fc.property(bodyAndName(anyName), value, ([some, wanted], json) => {
        const changed = some.members.map((one) => (one.name === wanted ? { ...one, value: json } : one));
        const added = `${JSON.stringify(wanted)}:${json}${some.members.length > 0 ? ',' : ''}`;
        const present = some.members.some((one) => one.name === wanted);
        expect(decode(replaceMember(encode(written(some)), wanted, json))).toBe(
          present ? written({ ...some, members: changed }) : some.head + added + written(some).slice(some.head.length),
        );
      }),
      runs,
    );
  });

  test('removeMember takes each member of that name with one comma, and no byte of another member', () => {
    fc.assert(
      fc.property(bodyAndName(anyName), ([some, wanted]) => {
        const { head, members, tail } = some;
        const kept = members.filter((one) => one.name !== wanted);
        // The white space in front of a removed member stays and serves the next one; of the last, that behind it.
        const rest = kept.map((one, index) => ({
          ...one,
          before: members[index === 0 ? 0 : members.indexOf(kept[index - 1] ?? one) + 1]?.before ?? '',
          after: (index === kept.length - 1 ? members.at(-1) : one)?.after ?? '',
        }));
        const white = members.length === 0 ? '' : `${members[0]?.before}${members.at(-1)?.after}`;
        expect(decode(removeMember(encode(written(some)), wanted))).toBe(
          kept.length > 0 ? written({ ...some, members: rest }) : head + white + tail,
        );
      }),
      runs,
    );
  });

  test('spliceMembers gives the object that JSON.parse, set and delete would', () => {
    fc.assert(
      fc.property(
        bodyOf(name),
        fc.uniqueArray(fc.tuple(name, value), { maxLength: 3, selector: ([key]) => key }),
        fc.array(name, { maxLength: 3 }),
        (some, set, remove) => {
          const truth = new Map(Object.entries(parsed(written(some))));
          for (const key of remove) truth.delete(key);
          for (const [key, json] of set) truth.set(key, JSON.parse(json));
          const result = parsed(decode(spliceMembers(encode(written(some)), { set: Object.fromEntries(set), remove })));
          expect(new Map(Object.entries(result))).toEqual(truth);
        },
      ),
      runs,
    );
  });

  test('bytes that are not UTF-8 pass through a splice', () => {
    const bytes = Uint8Array.of(...encode('{"a":"'), 0xff, 0xc3, 0x28, ...encode('","model":"x"}'));
    expect(replaceMember(bytes, 'model', '"yy"')).toEqual(
      Uint8Array.of(...encode('{"a":"'), 0xff, 0xc3, 0x28, ...encode('","model":"yy"}')),
    );
  });
});

describe('malformed bodies', () => {
  test('every body cut short is a SpliceError', () => {
    fc.assert(
      fc.property(bodyOf(anyName), fc.nat(), (some, cut) => {
        const text = written(some);
        const end = text.lastIndexOf('}');
        const bytes = encode(text.slice(0, cut % (end + 1)));
        expect(() => topLevel(bytes).get('model')).toThrow(SpliceError);
        expect(() => replaceMember(bytes, 'model', '1')).toThrow(SpliceError);
      }),
      runs,
    );
  });

  test('any bytes at all give a value or a SpliceError, and valid JSON objects never an error', () => {
    const marks = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '"',
      '\\',
      ',',
      ':',
      ' ',
      '1',
      'true',
      '"a"',
      '"model"',
      '\n',
      'é',
    );
    const rubbish = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc.array(marks, { maxLength: 16 }).map((some) => encode(some.join(''))),
    );
    fc.assert(
      fc.property(rubbish, (bytes) => {
        let truth: unknown;
        try {
          truth = JSON.parse(decode(bytes));
        } catch {
          truth = undefined;
        }
        try {
          topLevel(bytes).get('model');
          removeMember(bytes, 'model');
        } catch (error) {
          expect(error).toBeInstanceOf(SpliceError);
          expect(typeof truth === 'object' && truth !== null && !Array.isArray(truth)).toBe(false);
        }
      }),
      { numRuns: 10_000 },
    );
  });

  test.each([
    '',
    ' ',
    'null',
    '[]',
    '"{}"',
    '{',
    '{}x',
    '{} {}',
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    '{,}',
    '{"a" 1}',
    '{"a":1 "b":2}',
    '{a:1}',
    "{'a':1}",
    '{"a":[1}',
    '{"a":"x}',
    '{"a":"x\\"}',
  ])('is noticed: %j', (text) => {
    expect(() => topLevel(encode(text)).get('a')).toThrow(SpliceError);
  });

  test('a malformed value is noticed when it is asked for, and not before', () => {
    const found = topLevel(encode('{"a":tru,"b":[},"model":"x"}'));
    expect(found.get('model')).toBe('x');
    expect(() => found.get('a')).toThrow(SpliceError);
    expect(() => found.get('b')).toThrow(SpliceError);
  });
});

test('duplicates: the last one is read, all are replaced or removed', () => {
  const bytes = encode('{"model":"a","x":1,"mod\\u0065l":"b"}');
  expect(topLevel(bytes).get('model')).toBe('b');
  expect(decode(replaceMember(bytes, 'model', '"c"'))).toBe('{"model":"c","x":1,"mod\\u0065l":"c"}');
  expect(decode(removeMember(bytes, 'model'))).toBe('{"x":1}');
});

test.each([
  ['{"a":1,"b":2,"c":3}', ['a'], '{"b":2,"c":3}'],
  ['{"a":1,"b":2,"c":3}', ['b'], '{"a":1,"c":3}'],
  ['{"a":1,"b":2,"c":3}', ['c'], '{"a":1,"b":2}'],
  ['{"a":1,"b":2,"c":3}', ['b', 'c'], '{"a":1}'],
  ['{ "a" : 1 , "b" : 2 }', ['a', 'b'], '{  }'],
  ['{ "a" : 1 , "b" : 2 }', ['b'], '{ "a" : 1 }'],
  ['{\n  "a": 1,\n  "b": 2\n}', ['a'], '{\n  "b": 2\n}'],
])('%s without %j is %s', (text, remove, result) => {
  expect(decode(spliceMembers(encode(text), { remove }))).toBe(result);
});

test('several are set and removed at once, what is missing is added in front', () => {
  expect(
    decode(
      spliceMembers(encode('{"model":"x","stream":true}'), {
        set: { v: '1', stream: 'false', w: '2' },
        remove: ['model'],
      }),
    ),
  ).toBe('{"v":1,"w":2,"stream":false}');
  expect(decode(spliceMembers(encode('{"model":"x"}'), { set: { v: '1' }, remove: ['model'] }))).toBe('{"v":1}');
  expect(decode(spliceMembers(encode('{ "a":1}'), { set: { a: '2' }, remove: ['a'] }))).toBe('{ "a":2}');
});

test('nothing to change: the very same bytes', () => {
  const bytes = encode('{"a":1}');
  expect(spliceMembers(bytes, { remove: ['b'] })).toBe(bytes);
});

test('names that only a decoder of JSON sees to be equal', () => {
  const bytes = encode('{"\\u006d\\u006F\\u0064el":1,"mod":2,"modell":3,"m\\/":4}');
  const found = topLevel(bytes);
  expect([found.get('model'), found.get('mod'), found.get('modell'), found.get('m/'), found.get('mode')]).toEqual([
    1,
    2,
    3,
    4,
    undefined,
  ]);
});

test('a member whose value is null is there', () => {
  expect(topLevel(encode('{"stream":null}')).get('stream')).toBe(null);
});

test('members of nested objects are not top-level', () => {
  expect(topLevel(encode('{"a":{"model":"inner"},"b":[{"model":"inner"}]}')).get('model')).toBe(undefined);
});

test('strings of every length and backslashes of every number, across the border between near and far search', () => {
  for (let length = 0; length < 120; length++)
    for (let slashes = 0; slashes < 6; slashes++) {
      const text = JSON.stringify({
        a: 'x'.repeat(length) + '\\'.repeat(slashes) + '"' + 'y'.repeat(60) + '\\'.repeat(slashes),
        model: 'm',
      });
      expect(topLevel(encode(text)).get('model'), text).toBe('m');
    }
});

test('ten thousand brackets deep is no matter, for nothing recurses', () => {
  const deep = '['.repeat(10_000) + ']'.repeat(10_000);
  expect(decode(replaceMember(encode(`{"a":${deep},"model":"x"}`), 'model', '"y"'))).toBe(`{"a":${deep},"model":"y"}`);
});
