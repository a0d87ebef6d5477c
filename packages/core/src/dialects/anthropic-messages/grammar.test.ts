import Anthropic from '@anthropic-ai/sdk';
import { sse } from '../../bytes/sse.ts';
import { expect, test } from 'vitest';
import { Failure } from '../../conversation/failure.ts';
import type { ReplyEvent } from '../../conversation/event.ts';
import { replay } from '../../conversation/replay.ts';
import type { Reply } from '../../conversation/reply.ts';
import type { JsonObject } from '../../json.ts';
import { cases } from '../../testing/cases.ts';
import { anthropicMessages } from './index.ts';

/** Grammar: the vendor's own SDK reads what we write, and assembles the Message that we would have written whole. */

const writing = { model: 'm', created: 0, newId: (prefix: string) => `${prefix}1`, report: () => undefined };

function clientFor(body: string, contentType: string, status = 200, headers = {}): Anthropic {
  return new Anthropic({
    apiKey: 'key',
    maxRetries: 0,
    // Workerd and jsdom look like browsers to the SDK.
    dangerouslyAllowBrowser: true,
    fetch: async () => new Response(body, { status, headers: { 'content-type': contentType, ...headers } }),
  });
}

function written(events: readonly ReplyEvent[]): string {
  const encoder = anthropicMessages.encodeStream(writing);
  const writer = sse.writer();
  return events.map((event) => writer.write(encoder.push(event))).join('') + writer.end();
}

const request = { model: 'm', max_tokens: 1, messages: [{ role: 'user' as const, content: 'Hi' }] };
const replies = cases.filter((one) => one.dialect === anthropicMessages && one.reply);

test.each(replies.map((one) => [one.stem, one] as const))('the SDK assembles the stream of %s', async (_, one) => {
  const reply = anthropicMessages.decodeReply(one.reply ?? {}, { facts: {}, signer: 'anthropic-messages', turn: 1 });
  const client = clientFor(written(replay(reply)), 'text/event-stream');
  const message = await client.beta.messages.stream(request).finalMessage();
  const { content, stop_reason, stop_sequence, stop_details, usage } = anthropicMessages.encodeReply(reply, writing);
  const plain = JSON.parse(JSON.stringify(message)) as Record<string, unknown>; // without the SDK's lazy getters
  expect({ ...plain, content: withoutNullCitations(plain.content) }).toMatchObject({
    content: withoutNullCitations(content),
    stop_reason,
    stop_sequence,
    stop_details,
    usage: { input_tokens: (usage as { input_tokens: number }).input_tokens }, // encodeReply always writes it
  });
});

test('the SDK sees every delta, and the whole reply without streaming', async () => {
  const reply: Reply = {
    id: 'msg_1',
    model: 'm',
    candidates: [
      {
        parts: [
          { type: 'reasoning', text: 'Hm.', seal: { issuer: 'gemini-generate', value: 'x' } },
          { type: 'text', text: 'Hi "there" 🙂\n' },
          { type: 'tool-call', id: 'toolu_1', name: 'look', kind: 'function', arguments: '{"a":[1,2]}' },
        ],
        finish: { reason: 'tool-calls' },
      },
    ],
    usage: { inputTokens: 3, outputTokens: 4 },
  };
  const stream = clientFor(written(replay(reply)), 'text/event-stream').messages.stream(request);
  const seen: string[] = [];
  stream.on('text', (text) => seen.push(text));
  stream.on('thinking', (text) => seen.push(text));
  stream.on('inputJson', (text) => seen.push(text));
  const message = await stream.finalMessage();
  expect(seen).toEqual(['Hm.', 'Hi "there" 🙂\n', '{"a":[1,2]}']);
  expect(message.content[2]).toMatchObject({ type: 'tool_use', input: { a: [1, 2] } });
  const body = JSON.stringify(anthropicMessages.encodeReply(reply, writing));
  const whole = await clientFor(body, 'application/json').messages.create(request);
  expect(whole).toMatchObject({
    content: [{ type: 'thinking' }, { type: 'text' }, { type: 'tool_use' }],
    usage: { output_tokens: 4 },
  });
});

test('the SDK throws our errors as its own, before and within a stream', async () => {
  const failure = new Failure('overloaded', 'Busy.');
  const start: ReplyEvent = { type: 'reply-start', id: 'msg_1', model: 'm' };
  const within = clientFor(written([start, { type: 'failure', failure }]), 'text/event-stream');
  await expect(within.messages.stream(request).finalMessage()).rejects.toMatchObject({
    error: { error: { type: 'overloaded_error' } },
  });
  const { status, body, headers } = anthropicMessages.encodeError(failure, { requestId: 'req_7' });
  const before = clientFor(JSON.stringify(body), 'application/json', status, headers);
  await expect(before.messages.create(request)).rejects.toMatchObject({
    status: 529,
    type: 'overloaded_error',
    requestID: 'req_7',
  });
});

test('the SDK’s tool runner goes on without a thread when we refuse one', async () => {
  const bodies: JsonObject[] = [];
  const client = new Anthropic({
    apiKey: 'key',
    maxRetries: 0,
    dangerouslyAllowBrowser: true,
    fetch: async (_, init) => {
      const body = JSON.parse(String(init?.body)) as JsonObject; // written by the SDK
      bodies.push(body);
      try {
        const glance = { model: 'm', streaming: false };
        anthropicMessages.decodeRequest(body, { glance, headers: {}, report: () => undefined });
      } catch (error) {
        const refusal = anthropicMessages.encodeError(error as Failure, {}); // all that a decoder throws
        return Response.json(refusal.body, { status: refusal.status });
      }
      const answered = bodies.length > 2;
      const part = answered
        ? ({ type: 'text', text: 'Noon.' } as const)
        : ({ type: 'tool-call', id: 'toolu_1', name: 'clock', kind: 'function', arguments: '{}' } as const);
      const reply: Reply = {
        id: `msg_${bodies.length}`,
        model: 'm',
        candidates: [{ parts: [part], finish: { reason: 'stop' } }],
      };
      return Response.json(anthropicMessages.encodeReply(reply, writing));
    },
  });
  const clock = {
    name: 'clock',
    input_schema: { type: 'object' as const },
    run: () => '12:00',
    parse: (input: unknown) => input,
  };
  const message = await client.beta.messages.toolRunner({ ...request, tools: [clock] });
  expect(message.content).toMatchObject([{ type: 'text', text: 'Noon.' }]);
  expect(bodies.map((body) => body.thread ?? null)).toEqual([{ type: 'create' }, null, null]);
  expect(bodies[2]?.messages).toHaveLength(3);
});

test('N2 the SDK pages through our list of models', async () => {
  const cards = ['claude-opus-5-5', 'claude-haiku-5-5', 'gpt-x'].map((id) => ({
    id,
    created: 1_790_000_000,
    facts: {},
  }));
  const client = new Anthropic({
    apiKey: 'key',
    dangerouslyAllowBrowser: true,
    fetch: async (url) => {
      const { searchParams } = new URL(String(url));
      return Response.json(anthropicMessages.models?.encodeList(cards, searchParams));
    },
  });
  const ids: string[] = [];
  for await (const model of client.models.list({ limit: 2 })) ids.push(model.id);
  expect(ids).toEqual(['claude-opus-5-5', 'claude-haiku-5-5', 'gpt-x']);
});

/** The SDK keeps what the start of a block said; only the wire tells null from absent. */
function withoutNullCitations(content: unknown): unknown {
  return JSON.parse(
    JSON.stringify(content, (key, value: unknown) => (key === 'citations' && value === null ? undefined : value)),
  );
}
