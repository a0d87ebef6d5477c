import { describe, expect, test } from 'vitest';
import { jsonArray } from '../../bytes/json-array.ts';
import { collect } from '../../conversation/collect.ts';
import type { Conversation } from '../../conversation/conversation.ts';
import type { ReplyEvent } from '../../conversation/event.ts';
import type { Failure } from '../../conversation/failure.ts';
import { replay } from '../../conversation/replay.ts';
import type { Finish, Reply } from '../../conversation/reply.ts';
import { parseJson, type Json, type JsonObject } from '../../json.ts';
import type { DecodeReplyContext, EncodeReplyContext } from '../dialect.ts';
import { decodeStream } from './decode-stream.ts';
import { encodeStream } from './encode-stream.ts';
import { decodeReply, encodeReply } from './reply.ts';

const reading: DecodeReplyContext = { facts: {}, signer: 'gemini-generate', turn: 3 };
const writing: EncodeReplyContext = {
  model: 'asked-model',
  created: 1,
  newId: (prefix) => `${prefix}1`,
  report: () => undefined,
};
const candidate = (parts: Json[], more: JsonObject = {}): JsonObject => ({
  content: { parts, role: 'model' },
  index: 0,
  ...more,
});
const whole = (...candidates: JsonObject[]) => decodeReply({ candidates, responseId: 'r', modelVersion: 'm' }, reading);

function stream(chunks: readonly JsonObject[], context = reading): readonly ReplyEvent[] {
  const decoder = decodeStream(context);
  return [...chunks.flatMap((chunk) => decoder.push({ data: JSON.stringify(chunk) })), ...decoder.end()];
}
const streamed = (...parts: (readonly Json[])[]) =>
  stream(
    parts.map((list, at) => ({
      candidates: [candidate([...list], at === parts.length - 1 ? { finishReason: 'STOP' } : {})],
    })),
  );
function failureOf(events: readonly ReplyEvent[]): Failure {
  const last = events.at(-1);
  if (last?.type !== 'failure') throw new Error(`no failure but ${last?.type}`);
  return last.failure;
}

function write(reply: Reply, context = writing): readonly JsonObject[] {
  const encoder = encodeStream(context);
  return replay(reply)
    .flatMap((event) => encoder.push(event))
    .map(({ data }) => JSON.parse(data) as JsonObject); // our own frames
}
const reply = (parts: Reply['candidates'][number]['parts'], finish: Finish = { reason: 'stop' }): Reply => ({
  id: 'r',
  model: 'm',
  candidates: [{ parts, finish }],
});

describe('parts', () => {
  test('text in pieces is one part, whole and streamed', () => {
    const parts = [{ text: 'a' }, { text: '' }, { text: 'b' }];
    expect(whole(candidate(parts, { finishReason: 'STOP' })).candidates[0]?.parts).toEqual([
      { type: 'text', text: 'ab' },
    ]);
    expect(collect(streamed(...parts.map((part) => [part]))).candidates[0]?.parts).toEqual([
      { type: 'text', text: 'ab' },
    ]);
  });

  test('Z5 a signature sets a part apart; alone it goes to the one before', () => {
    const own = (value: string) => ({ issuer: 'gemini-generate', value });
    expect(
      collect(streamed([{ text: 'a', thoughtSignature: 'x' }], [{ text: 'b' }], [{ text: '', thoughtSignature: 'y' }]))
        .candidates[0]?.parts,
    ).toEqual([
      { type: 'text', text: 'a', seal: own('x') },
      { type: 'text', text: 'b', seal: own('y') },
    ]);
  });

  test('Z5 a signature alone behind a call opens no visible text', () => {
    const events = streamed([{ functionCall: { name: 'f' } }], [{ text: '', thoughtSignature: 'y' }]);
    expect(events.filter(({ type }) => type === 'text-delta')).toEqual([]);
    expect(collect(events).candidates[0]?.parts[1]).toEqual({
      type: 'text',
      text: '',
      seal: { issuer: 'gemini-generate', value: 'y' },
    });
  });

  test('Z4 the signature of a call is told with its start', () => {
    const start = streamed([{ functionCall: { name: 'f', id: 'a' }, thoughtSignature: 'x' }]).find(
      ({ type }) => type === 'tool-call-start',
    );
    expect(start).toMatchObject({ id: 'a', seal: { issuer: 'gemini-generate', value: 'x' } });
  });

  test('seals are issued by the place they come from', () => {
    const events = stream(
      [{ candidates: [candidate([{ text: 'x', thoughtSignature: 's' }], { finishReason: 'STOP' })] }],
      { ...reading, signer: 'vertex' },
    );
    expect(collect(events).candidates[0]?.parts[0]).toMatchObject({ seal: { issuer: 'vertex', value: 's' } });
  });

  test('D6 calls are numbered over the whole reply, however they are spread', () => {
    const call = (args: JsonObject) => ({ functionCall: { name: 'f', args } });
    const spread = collect(streamed([call({ a: 1 }), call({ a: 2 })], [call({ a: 3 })]));
    expect(spread.candidates[0]?.parts.map((part) => part.type === 'tool-call' && [part.id, part.arguments])).toEqual([
      ['call_3_0', '{"a":1}'],
      ['call_3_1', '{"a":2}'],
      ['call_3_2', '{"a":3}'],
    ]);
    expect(
      whole(candidate([call({ a: 1 }), call({ a: 2 }), call({ a: 3 })], { finishReason: 'STOP' })).candidates,
    ).toEqual(spread.candidates);
  });

  test('D6 G4 an id that an upstream gives twice is used once', () => {
    const call = { functionCall: { name: 'f', id: 'same' } };
    const ids = collect(streamed([call, call])).candidates[0]?.parts.map((part) =>
      part.type === 'tool-call' ? part.id : '',
    );
    expect(ids).toEqual(['same', 'call_3_1']);
  });

  test('T6 ids that are made up differ between turns and between candidates', () => {
    const call = { functionCall: { name: 'f' } };
    const idsOf = (turn: number) =>
      collect(
        stream(
          [
            {
              candidates: [
                candidate([call], { finishReason: 'STOP' }),
                candidate([call], { finishReason: 'STOP', index: 1 }),
              ],
            },
          ],
          { ...reading, turn },
        ),
      ).candidates.flatMap(({ parts }) => parts.flatMap((part) => (part.type === 'tool-call' ? part.id : [])));
    expect(idsOf(3)).toEqual(['call_3_0', 'call_3_0_1']);
    expect(new Set([...idsOf(3), ...idsOf(5)]).size).toBe(4);
  });

  test('T9 long integers in arguments keep every digit', () => {
    const source =
      '{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"id":9007199254740993}}}]},"finishReason":"STOP"}]}';
    const expected = '{"id":9007199254740993}';
    const decoder = decodeStream(reading);
    const viaStream = collect([...decoder.push({ data: source }), ...decoder.end()]);
    const viaWhole = decodeReply(parseJson(source) as JsonObject, reading); // an object, as written above
    for (const decoded of [viaStream, viaWhole]) {
      expect(decoded.candidates[0]?.parts[0]).toMatchObject({ arguments: expected });
      expect(JSON.stringify(encodeReply(decoded, writing))).toContain(expected);
      const encoder = encodeStream(writing);
      expect(
        replay(decoded)
          .flatMap((event) => encoder.push(event))
          .map(({ data }) => data)
          .join(''),
      ).toContain(expected);
    }
  });

  test('D9 streamed arguments are put together, and a call that was cut is none', () => {
    const piece = (functionCall: JsonObject) => [{ functionCall }];
    const pieces = [
      piece({ name: 'f', id: 'a', willContinue: true }),
      piece({
        partialArgs: [{ jsonPath: '$.list[1].name', stringValue: 'x', willContinue: true }],
        willContinue: true,
      }),
      piece({
        partialArgs: [
          { jsonPath: '$.list[1].name', stringValue: 'y' },
          { jsonPath: "$['a b']", boolValue: false },
        ],
        willContinue: true,
      }),
    ];
    expect(collect(streamed(...pieces, piece({}))).candidates[0]?.parts).toMatchObject([
      { id: 'a', arguments: '{"list":[null,{"name":"xy"}],"a b":false}' },
    ]);
    const cut = collect(
      stream([
        ...pieces.map((parts) => ({ candidates: [candidate(parts)] })),
        { candidates: [candidate([], { finishReason: 'MAX_TOKENS' })] },
      ]),
    );
    expect(cut.candidates[0]).toEqual({ parts: [], finish: { reason: 'length' } });
  });

  test('D9 paths cannot reach beyond the arguments', () => {
    const partialArgs = [
      { jsonPath: '$.__proto__.polluted', stringValue: 'x' },
      { jsonPath: '$[99999999999]', numberValue: 1 },
      { jsonPath: '' },
      { jsonPath: '$.ok', numberValue: 1 },
    ];
    const [part] = collect(streamed([{ functionCall: { name: 'f', partialArgs } }])).candidates[0]?.parts ?? [];
    expect(part).toMatchObject({ arguments: '{"__proto__":{"polluted":"x"},"ok":1}' });
    expect({}).not.toHaveProperty('polluted');
  });

  test('several candidates keep apart', () => {
    const decoded = collect(
      stream([
        { candidates: [candidate([{ text: 'a' }]), candidate([{ text: 'x' }], { index: 1 })] },
        { candidates: [candidate([{ text: 'y' }], { index: 1, finishReason: 'STOP' })] },
        { candidates: [candidate([{ text: 'b' }], { finishReason: 'MAX_TOKENS' })] },
      ]),
    );
    expect(decoded.candidates).toEqual([
      { parts: [{ type: 'text', text: 'ab' }], finish: { reason: 'length' } },
      { parts: [{ type: 'text', text: 'xy' }], finish: { reason: 'stop' } },
    ]);
    expect(collect(stream(write(decoded))).candidates).toEqual(decoded.candidates);
  });
});

describe('grounding', () => {
  const text = 'Über 🗼 Köln.';
  const metadata = {
    webSearchQueries: ['Köln'],
    groundingChunks: [{ web: { uri: 'https://a.example', title: 'A' } }, { web: { uri: 'https://b.example' } }],
    groundingSupports: [{ segment: { startIndex: 11, endIndex: 16, text: 'Köln' }, groundingChunkIndices: [0, 1] }],
  };

  test('W2 offsets are bytes there and UTF-16 here', () => {
    const [part, search, found] =
      whole(candidate([{ text }], { finishReason: 'STOP', groundingMetadata: metadata })).candidates[0]?.parts ?? [];
    expect(part).toMatchObject({
      citations: [
        { type: 'url', url: 'https://a.example', title: 'A', start: 8, end: 12 },
        { type: 'url', url: 'https://b.example', start: 8, end: 12 },
      ],
    });
    expect(text.slice(8, 12)).toBe('Köln');
    expect(search).toMatchObject({ type: 'server-tool-call', name: 'web_search', query: 'Köln' });
    expect(found).toMatchObject({
      type: 'server-tool-result',
      results: [{ url: 'https://a.example', title: 'A' }, { url: 'https://b.example' }],
    });
  });

  test('W2 citations of another dialect become grounding, in bytes', () => {
    const foreign = reply([
      { type: 'server-tool-call', id: 's', name: 'web_search', query: 'Köln' },
      {
        type: 'server-tool-result',
        callId: 's',
        name: 'web_search',
        results: [{ url: 'https://a.example', title: 'A' }, { url: 'https://b.example' }],
      },
      {
        type: 'text',
        text,
        citations: [
          { type: 'url', url: 'https://a.example', start: 8, end: 12 },
          { type: 'url', url: 'https://b.example', start: 8, end: 12 },
        ],
      },
    ]);
    for (const body of [encodeReply(foreign, writing), write(foreign).at(-1) ?? {}])
      expect(body).toMatchObject({ candidates: [{ groundingMetadata: metadata }] });
  });

  test('W2 grounding before the last chunk is kept, and text stays open for it when a search was asked for', () => {
    const conversation: Conversation = {
      model: 'm',
      streaming: true,
      messages: [],
      tools: [{ type: 'web-search', name: 'web_search' }],
      sampling: {},
    };
    const events = stream(
      [
        { candidates: [candidate([{ text }])] },
        { candidates: [candidate([{ functionCall: { name: 'f' } }], { groundingMetadata: metadata })] },
        { candidates: [candidate([], { finishReason: 'STOP' })] },
      ],
      { ...reading, conversation },
    );
    expect(collect(events).candidates[0]?.parts[0]).toMatchObject({ text, citations: [{ start: 8 }, { start: 8 }] });
  });

  test('W1 how often was searched is counted', () => {
    expect(whole(candidate([{ text }], { finishReason: 'STOP', groundingMetadata: metadata })).usage).toEqual({
      webSearches: 1,
    });
  });

  test('W2 segments that cannot be found are left out, grounding that is rubbish too', () => {
    const broken = {
      groundingChunks: [null, {}, { web: {} }],
      groundingSupports: [{ segment: { endIndex: 999, text: 'elsewhere' }, groundingChunkIndices: [0, 2, 9, 'x'] }, 7],
    };
    expect(
      whole(candidate([{ text }], { finishReason: 'STOP', groundingMetadata: broken })).candidates[0]?.parts,
    ).toEqual([{ type: 'text', text }]);
  });
});

describe('faults of a stream', () => {
  test('an error in place of a chunk keeps its kind, and nothing follows', () => {
    const decoder = decodeStream(reading);
    const error = {
      code: 429,
      message: 'Slow down.',
      status: 'RESOURCE_EXHAUSTED',
      details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '2s' }],
    };
    const failure = failureOf(decoder.push({ data: JSON.stringify({ error }) }));
    expect([failure.kind, failure.details.retryAfterSeconds]).toEqual(['rate-limited', 2]);
    expect(decoder.push({ data: '{"candidates":[]}' })).toEqual([]);
    expect(decoder.end()).toEqual([]);
  });

  test('rubbish is a failure of the upstream', () => {
    for (const data of ['<html>', '7', '{"candidates":[{"content":{"parts":[{"inlineData":{}}]}}]}']) {
      const decoder = decodeStream(reading);
      expect(failureOf(decoder.push({ data })).kind).toBe('bad-upstream');
    }
  });

  test('X2 a [DONE] that somebody put there is passed over', () => {
    const decoder = decodeStream(reading);
    const events = [
      ...decoder.push({ data: JSON.stringify({ candidates: [candidate([{ text: 'x' }], { finishReason: 'STOP' })] }) }),
      ...decoder.push({ data: '[DONE]' }),
      ...decoder.end(),
    ];
    expect(events.at(-1)).toEqual({ type: 'reply-end' });
  });

  test('X5 the same stream as a JSON array, cut anywhere', () => {
    const encoder = encodeStream(writing);
    const original = reply([
      { type: 'reasoning', text: 'hm ]},{' },
      { type: 'text', text: 'a "quoted" [text' },
      { type: 'tool-call', id: 'a', name: 'f', kind: 'function', arguments: '{"x":"}]"}' },
    ]);
    const writer = jsonArray.writer();
    const written = `${replay(original)
      .map((event) => writer.write(encoder.push(event)))
      .join('')}${writer.end()}`;
    expect(JSON.parse(written)).toHaveLength(4);
    for (const size of [1, 7, 10_000]) {
      const reader = jsonArray.reader();
      const decoder = decodeStream(reading);
      const events: ReplyEvent[] = [];
      const bytes = new TextEncoder().encode(written);
      for (let at = 0; at < bytes.length; at += size)
        for (const frame of reader.push(bytes.subarray(at, at + size))) events.push(...decoder.push(frame));
      for (const frame of reader.end()) events.push(...decoder.push(frame));
      events.push(...decoder.end());
      expect(collect(events).candidates[0]?.parts).toEqual(original.candidates[0]?.parts);
    }
  });

  test('a whole error is thrown as what it is', () => {
    expect(() => decodeReply({ error: { code: 503, message: 'Busy.', status: 'UNAVAILABLE' } }, reading)).toThrow(
      expect.objectContaining({ kind: 'overloaded' }),
    );
  });
});
