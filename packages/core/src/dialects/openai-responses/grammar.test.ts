import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { sse } from '../../bytes/sse.ts';
import { collect } from '../../conversation/collect.ts';
import type { ReplyEvent } from '../../conversation/event.ts';
import { Failure } from '../../conversation/failure.ts';
import { replay } from '../../conversation/replay.ts';
import type { Reply } from '../../conversation/reply.ts';
import { isObject, type JsonObject } from '../../json.ts';
import { cases } from '../../testing/cases.ts';
import { openaiResponses } from './index.ts';
import { eventsOf } from './reply.ts';
import { writing } from '../../testing/openai-responses.ts';

/** OpenAI's own client, answered by what we write. */
function client(answer: () => Response): OpenAI {
  return new OpenAI({
    apiKey: 'sk-test',
    baseURL: 'http://127.0.0.1:1/v1',
    maxRetries: 0,
    dangerouslyAllowBrowser: true,
    fetch: () => Promise.resolve(answer()),
  });
}

function streamed(events: readonly ReplyEvent[], request?: JsonObject): OpenAI {
  const encoder = openaiResponses.encodeStream(writing(request));
  const writer = sse.writer();
  const text = events.map((event) => writer.write(encoder.push(event))).join('') + writer.end();
  return client(
    () => new Response(text, { headers: { 'content-type': 'text/event-stream', 'x-request-id': 'req_1' } }),
  );
}

const ask = { model: 'asked-model', input: 'Hi' };

/** Every reply that any dialect has recorded, as its stream and whole. */
const replies: (readonly [string, Reply])[] = cases.flatMap(({ dialect, stem, hub }) => {
  const reply = hub.reply;
  return isObject(reply) ? [[`${dialect.name} ${stem}`, reply as unknown as Reply] as const] : []; // a hub value is one
});

describe("what encodeStream writes is accepted by OpenAI's SDK", () => {
  test.each(replies)('%s', async (_, reply) => {
    if (reply.candidates.some(({ finish }) => finish.reason === 'malformed-call')) return;
    const stream = streamed(eventsOf(reply)).responses.stream(ask);
    const seen: string[] = [];
    for await (const event of stream) seen.push(event.type);
    const final = await stream.finalResponse();
    const whole = openaiResponses.encodeReply(reply, writing());
    expect(final.status).toBe(whole.status);
    expect(withoutParsed(final.output)).toEqual(withoutParsed(whole.output));
    expect(seen.at(-1)).toBe(`response.${String(whole.status)}`);
  });
  test.each(replies)('%s, whole', async (_, reply) => {
    const whole = openaiResponses.encodeReply(reply, writing());
    const response = await client(() => Response.json(whole)).responses.create(ask);
    const said = reply.candidates[0]?.parts.map((part) => (part.type === 'text' ? part.text : '')).join('') ?? '';
    expect(response.output_text).toBe(said);
  });
});

test('R3 interleaved parts are accepted', async () => {
  const start = (part: number) =>
    ({ type: 'tool-call-start', part, id: `c${part}`, name: 'look', kind: 'function' }) as const;
  const events: ReplyEvent[] = [
    { type: 'reply-start', id: '', model: 'm' },
    { type: 'text-start', part: 0 },
    { type: 'text-delta', part: 0, text: 'Let me ' },
    start(1),
    start(2),
    { type: 'tool-call-delta', part: 2, text: '{"b":' },
    { type: 'text-delta', part: 0, text: 'look.' },
    { type: 'tool-call-delta', part: 1, text: '{"a":1}' },
    { type: 'tool-call-delta', part: 2, text: '2}' },
    { type: 'tool-call-end', part: 2 },
    { type: 'text-end', part: 0 },
    { type: 'tool-call-end', part: 1 },
    { type: 'candidate-end', finish: { reason: 'tool-calls' } },
    { type: 'reply-end' },
  ];
  const final = await streamed(events).responses.stream(ask).finalResponse();
  expect(final.output).toMatchObject([
    { type: 'message', content: [{ text: 'Let me look.' }] },
    { type: 'function_call', call_id: 'c1', arguments: '{"a":1}' },
    { type: 'function_call', call_id: 'c2', arguments: '{"b":2}' },
  ]);
  expect(collect(events).candidates[0]?.parts).toHaveLength(3);
});

test('E5 a failure in mid-stream ends as response.failed, which the SDK hands on', async () => {
  const events: ReplyEvent[] = [
    { type: 'reply-start', id: '', model: 'm' },
    { type: 'text-start', part: 0 },
    { type: 'text-delta', part: 0, text: 'Half' },
    { type: 'failure', failure: new Failure('overloaded', 'Too busy.') },
  ];
  const seen: unknown[] = [];
  for await (const event of await streamed(events).responses.create({ ...ask, stream: true })) seen.push(event);
  expect(seen.at(-1)).toMatchObject({
    type: 'response.failed',
    response: { status: 'failed', error: { code: 'server_error', message: 'Too busy.' } },
  });
});

test('E1 E7 an error is one of the SDK’s classes, with code, field and request id', async () => {
  const failure = new Failure('rate-limited', 'Slow down.', { retryAfterSeconds: 2, field: 'model' });
  const { status, headers, body } = openaiResponses.encodeError(failure, { requestId: 'req_9' });
  const refused = client(() => Response.json(body, { status, headers })).responses.create(ask);
  await expect(refused).rejects.toMatchObject({
    name: 'Error',
    status: 429,
    code: 'rate_limit_exceeded',
    param: 'model',
    type: 'rate_limit_error',
    requestID: 'req_9',
  });
  await refused.catch((error: unknown) => expect(error).toBeInstanceOf(OpenAI.RateLimitError));
});

test('R10 structured output is parsed by the SDK', async () => {
  const request = {
    ...ask,
    text: { format: { type: 'json_schema', name: 'x', schema: { type: 'object', properties: {} }, strict: true } },
  } as const;
  const reply: Reply = {
    id: '',
    model: 'm',
    candidates: [{ parts: [{ type: 'text', text: '{"a":1}' }], finish: { reason: 'stop' } }],
  };
  const final = await streamed(replay(reply), request).responses.stream(request).finalResponse();
  expect(final.output_text).toBe('{"a":1}');
  expect(final.text).toEqual(request.text);
});

/** The SDK adds what it parsed. */
function withoutParsed(output: unknown): unknown {
  return JSON.parse(
    JSON.stringify(output, (key, value: unknown) =>
      key === 'parsed' || key === 'parsed_arguments' ? undefined : value,
    ),
  );
}
