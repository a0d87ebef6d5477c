import OpenAI from 'openai';
import { sse } from '../../bytes/sse.ts';
import { ContentFilterFinishReasonError, LengthFinishReasonError } from 'openai/error';
import { expect, test } from 'vitest';
import { Failure } from '../../conversation/failure.ts';
import { replay } from '../../conversation/replay.ts';
import type { Reply } from '../../conversation/reply.ts';
import type { JsonObject } from '../../json.ts';
import { openaiChat } from './index.ts';

const cases = import.meta.glob<string>('./cases/*.hub.json', { query: '?raw', import: 'default', eager: true });
const replies = Object.entries(cases).flatMap(([path, source]) => {
  const { reply } = JSON.parse(source) as { reply?: Reply };
  return reply ? [[path, reply] as const] : [];
});
const writing = { model: 'asked', created: 1, newId: (prefix: string) => `${prefix}1`, report: () => undefined };

test.each(replies)('Grammar: the SDK assembles the stream of %s into the whole reply', async (_, reply) => {
  const request = { stream: true, stream_options: { include_usage: true } };
  const encoder = openaiChat.encodeStream({ ...writing, request });
  const frames = replay(reply).flatMap((event) => encoder.push(event));
  const body = sse.writer().write(frames);
  const streamed = await client(new Response(body, { headers: { 'content-type': 'text/event-stream' } }))
    .chat.completions.stream({ model: 'asked', messages: [], stream_options: { include_usage: true } })
    .finalChatCompletion()
    .catch((error: unknown) => error);
  const whole = openaiChat.encodeReply(reply, writing) as unknown as OpenAI.ChatCompletion; // wire.test.ts says so
  // The SDK's helper refuses a reply that was cut off or filtered, once it has read it whole.
  if (streamed instanceof LengthFinishReasonError || streamed instanceof ContentFilterFinishReasonError) {
    expect(['length', 'content_filter']).toContain(whole.choices[0]?.finish_reason);
    return;
  }
  expect(streamed).toMatchObject({
    model: 'asked',
    ...(whole.usage && { usage: whole.usage }),
    choices: whole.choices.map(({ message, finish_reason }) => ({
      finish_reason,
      message: {
        role: 'assistant',
        content: message.content ?? (message.refusal === null ? '' : expect.anything()),
        ...(message.tool_calls && { tool_calls: message.tool_calls.map(({ id, type }) => ({ id, type })) }),
      },
    })),
  });
});

test('the SDK reads a whole reply', async () => {
  for (const [, reply] of replies) {
    const body = openaiChat.encodeReply(reply, writing);
    const read = await client(Response.json(body)).chat.completions.create({ model: 'asked', messages: [] });
    expect(read).toMatchObject(body);
  }
});

test('E5 the SDK throws on an error in mid-stream', async () => {
  const encoder = openaiChat.encodeStream(writing);
  const frames = [
    ...encoder.push({ type: 'reply-start', id: 'c', model: 'm' }),
    ...encoder.push({ type: 'failure', failure: new Failure('rate-limited', 'Slow down.') }),
  ];
  const response = new Response(sse.writer().write(frames), {
    headers: { 'content-type': 'text/event-stream' },
  });
  const stream = await client(response).chat.completions.create({ model: 'm', messages: [], stream: true });
  const reading = (async () => {
    for await (const _ of stream) void _;
  })();
  await expect(reading).rejects.toMatchObject({ code: 'rate_limit_exceeded', message: 'Slow down.' });
});

test('E1 E7 the SDK recognises our errors', async () => {
  const asked = (failure: Failure) => {
    const { status, headers, body } = openaiChat.encodeError(failure, { requestId: 'req_1' });
    return client(Response.json(body, { status, headers }))
      .chat.completions.create({ model: 'm', messages: [] })
      .catch((error: unknown) => error);
  };
  expect(await asked(new Failure('rate-limited', 'Slow.'))).toBeInstanceOf(OpenAI.RateLimitError);
  expect(await asked(new Failure('unauthenticated', 'Who?'))).toBeInstanceOf(OpenAI.AuthenticationError);
  expect(await asked(new Failure('context-too-long', 'Long.'))).toMatchObject({
    code: 'context_length_exceeded',
    status: 400,
  });
  expect(await asked(new Failure('overloaded', 'Busy.', { status: 529 }))).toMatchObject({
    status: 503,
    requestID: 'req_1',
  });
});

test('N2 the SDK lists our models', async () => {
  const body = openaiChat.models?.encodeList(
    [
      { id: 'a', facts: {} },
      { id: 'b', created: 7, owner: 'x', facts: {} },
    ],
    new URLSearchParams(),
  );
  const page = await client(Response.json(body as JsonObject)).models.list();
  expect(page.data).toEqual([
    { id: 'a', object: 'model', created: 0, owned_by: 'proxy' },
    { id: 'b', object: 'model', created: 7, owned_by: 'x' },
  ]);
});

function client(response: Response): OpenAI {
  const fetch = () => Promise.resolve(response);
  return new OpenAI({
    apiKey: 'x',
    baseURL: 'http://127.0.0.1/v1',
    fetch,
    maxRetries: 0,
    dangerouslyAllowBrowser: true,
  });
}
