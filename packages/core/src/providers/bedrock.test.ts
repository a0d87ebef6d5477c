import { EventStreamCodec } from '@smithy/eventstream-codec';
import { describe, expect, test } from 'vitest';
import { base64OfBytes, bytesOfBase64 } from '../bytes/base64.ts';
import { joinBytes } from '../bytes/join.ts';
import { anthropicMessages, bedrockConverse } from '../dialects/registry.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { JsonObject } from '../json.ts';
import { factsOf } from '../models/facts.ts';
import { inboundOf } from '../translate/decode.ts';
import { translate } from '../translate/translate.ts';
import { bedrock } from './bedrock.ts';
import { bedrockModelId, foundationModelId } from './bedrock-models.ts';

const profile = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';

function url(
  model: string,
  change: { dialect?: Dialect; streaming?: boolean; counting?: boolean; region?: string } = {},
) {
  const { dialect = bedrockConverse, streaming = false, counting = false, region = 'us-east-1' } = change;
  const baseUrl = 'https://bedrock.test/';
  const operation = counting ? 'count-tokens' : 'generate';
  const query = new URLSearchParams('beta=true');
  return bedrock
    .endpoint({ dialect, operation, model, streaming, baseUrl, settings: { region }, query })
    .replace('https://bedrock.test', '');
}

describe('where Bedrock is asked', () => {
  test('X9 ids, profiles and ARNs are one segment of the path, and nothing of the caller’s query goes along', () => {
    expect(url('amazon.nova-pro-v1:0')).toBe('/model/amazon.nova-pro-v1%3A0/converse');
    expect(url(profile, { streaming: true })).toBe(`/model/${encodeURIComponent(profile)}/converse-stream`);
    const arn = 'arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/a1b2';
    expect(url(arn)).toBe(`/model/${encodeURIComponent(arn)}/converse`);
    expect(url(profile, { dialect: anthropicMessages })).toBe(`/model/${encodeURIComponent(profile)}/invoke`);
    expect(url(profile, { dialect: anthropicMessages, streaming: true })).toContain('/invoke-with-response-stream');
    expect(url(profile, { counting: true })).toBe('/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/count-tokens');
  });

  test.each([
    ['claude-3-haiku-20240307', 'us-east-1', 'anthropic.claude-3-haiku-20240307-v1:0'],
    ['claude-3-5-sonnet-20240620', 'eu-west-1', 'anthropic.claude-3-5-sonnet-20240620-v1:0'],
    ['claude-3-5-sonnet-latest', 'us-west-2', 'us.anthropic.claude-3-5-sonnet-20241022-v2:0'],
    ['claude-2.1', 'us-west-2', 'anthropic.claude-v2:1'],
    ['claude-sonnet-4-20250514', 'ap-southeast-2', 'apac.anthropic.claude-sonnet-4-20250514-v1:0'],
    ['claude-sonnet-4-5', 'ap-northeast-1', 'global.anthropic.claude-sonnet-4-5-20250929-v1:0'],
    ['claude-opus-4-6', 'eu-central-1', 'eu.anthropic.claude-opus-4-6-v1'],
    ['claude-opus-5-5', 'us-gov-west-1', 'us-gov.anthropic.claude-opus-5-5'],
    ['eu.anthropic.claude-opus-4-6-v1', 'us-east-1', 'eu.anthropic.claude-opus-4-6-v1'],
    ['mistral.mistral-large-2402-v1:0', 'us-east-1', 'mistral.mistral-large-2402-v1:0'],
  ])('Claude’s short name %s in %s is %s', (name, region, id) => {
    expect(bedrockModelId(name, region)).toBe(id);
  });

  test('a profile’s region is no part of the model; a vendor’s name is', () => {
    expect(foundationModelId(profile)).toBe('anthropic.claude-sonnet-4-5-20250929-v1:0');
    expect(foundationModelId('us-gov.anthropic.claude-x')).toBe('anthropic.claude-x');
    expect(foundationModelId('amazon.nova-lite-v1:0')).toBe('amazon.nova-lite-v1:0');
  });

  test('only Claude is spoken to in Messages, and a profile that hides its model in Converse', () => {
    const takes = (model: string) => bedrock.takes?.(anthropicMessages, model);
    expect(
      [profile, 'claude-opus-5-5', 'arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-v2'].map(takes),
    ).toEqual([true, true, true]);
    expect(['amazon.nova-lite-v1:0', 'arn:aws:bedrock:us-east-1:1:application-inference-profile/x'].map(takes)).toEqual(
      [false, false],
    );
    expect(bedrock.takes?.(bedrockConverse, profile)).toBe(true);
  });
});

const invoke = bedrock.bindings?.['anthropic-messages'];

function relayed(body: JsonObject = {}, headers: Readonly<Record<string, string>> = {}) {
  const door = anthropicMessages.doors.find(({ operation }) => operation === 'generate');
  if (!door || !invoke) throw new Error('no door, or no binding');
  const wire = { model: profile, stream: true, max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }], ...body };
  const knock = { door, params: {}, query: new URLSearchParams(), headers };
  const inbound = inboundOf(anthropicMessages, knock, new TextEncoder().encode(JSON.stringify(wire)));
  const facts = factsOf(profile);
  const destination = {
    dialect: anthropicMessages,
    model: profile,
    facts,
    signer: 'anthropic-messages',
    binding: invoke,
  };
  const translation = translate(inbound, destination, { created: 0, newId: (prefix) => `${prefix}1` });
  const sent = JSON.parse(new TextDecoder().decode(translation.body as Uint8Array)) as JsonObject; // our own
  return { ...translation, sent };
}

const codec = new EventStreamCodec(
  (bytes) => (typeof bytes === 'string' ? bytes : new TextDecoder().decode(bytes)),
  (text) => new TextEncoder().encode(text),
);
const header = (value: string) => ({ type: 'string' as const, value });
const encoded = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

function chunk(event: JsonObject): Uint8Array {
  const headers = { ':message-type': header('event'), ':event-type': header('chunk') };
  return codec.encode({ headers, body: encoded({ bytes: base64OfBytes(encoded(event)), p: 'abc' }) });
}

function exception(type: string, message: string): Uint8Array {
  const headers = { ':message-type': header('exception'), ':exception-type': header(type) };
  return codec.encode({ headers, body: encoded({ message }) });
}

const events: readonly JsonObject[] = [
  { type: 'message_start', message: { id: 'msg_bdrk_1', usage: { input_tokens: 3, output_tokens: 1 } } },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'né 😀' } },
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 7 } },
  { type: 'message_stop', 'amazon-bedrock-invocationMetrics': { inputTokenCount: 3, outputTokenCount: 7 } },
];

function run(wire: Uint8Array, size: number) {
  const translator = relayed().stream('application/vnd.amazon.eventstream');
  let out = '';
  for (let at = 0; at < wire.length; at += size) out += String(translator.push(wire.subarray(at, at + size)));
  return { out: out + String(translator.end()), progress: translator.progress };
}

describe('Claude by InvokeModel', () => {
  test('B1 the model and the stream are said by the path, the version by the body', () => {
    const { way, sent, headers } = relayed(
      {},
      { 'anthropic-version': '2026-10-21', 'content-type': 'application/json' },
    );
    expect(way).toBe('relay');
    expect(sent).toEqual({
      anthropic_version: 'bedrock-2023-05-31',
      max_tokens: 9,
      messages: [{ role: 'user', content: 'Hi' }],
    });
    expect(headers).toEqual({ 'content-type': 'application/json' });
  });

  test('H3, H4 flags that Bedrock knows stand in the body; others stay behind with what needs them, and are named', () => {
    const flags = 'context-1m-2025-08-07, mcp-client-2025-11-20,interleaved-thinking-2025-05-14';
    const { sent, notices, headers } = relayed({ mcp_servers: [] }, { 'anthropic-beta': flags });
    expect(sent.anthropic_beta).toEqual(['context-1m-2025-08-07', 'interleaved-thinking-2025-05-14']);
    expect(sent.mcp_servers).toBeUndefined();
    expect(headers).toEqual({});
    expect(notices.map(({ field }) => field)).toEqual(['anthropic-beta: mcp-client-2025-11-20', 'mcp_servers']);
  });

  test('X8 its stream becomes Anthropic’s own, at whichever byte it is cut', () => {
    const wire = joinBytes(events.map(chunk));
    const expected = events.map((event) => `event: ${String(event.type)}\ndata: ${JSON.stringify(event)}\n\n`).join('');
    for (const size of [1, 2, 3, 5, 64, 1000, wire.length]) {
      const { out, progress } = run(wire, size);
      expect(out).toBe(expected);
      expect(progress).toMatchObject({ begun: true, finished: true, usage: { inputTokens: 3, outputTokens: 7 } });
    }
  });

  test('X8 an exception amid the stream is Anthropic’s error event, a damaged or cut stream one as well', () => {
    const begun = events.slice(0, 3).map(chunk);
    const throttled = run(joinBytes([...begun, exception('throttlingException', 'Slow down')]), 9);
    expect(throttled.out).toContain(
      'event: error\ndata: {"type":"error","error":{"type":"rate_limit_error","message":"Slow down"}}\n\n',
    );
    expect(throttled.progress.failure?.kind).toBe('rate-limited');
    const wire = joinBytes(events.map(chunk));
    for (const end of [wire.length - 1, joinBytes(begun).length, joinBytes(begun).length + 20]) {
      const { out, progress } = run(wire.subarray(0, end), 50);
      expect(out).toContain('event: error\n');
      expect(progress.failure?.kind).toBe('bad-upstream');
    }
    const damaged = wire.slice();
    damaged[300] = (damaged[300] ?? 0) ^ 1;
    expect(run(damaged, 50).progress.failure?.kind).toBe('bad-upstream');
  });

  test('a6 its errors are AWS’s', () => {
    const body = encoded({ message: 'The security token included in the request is invalid.' });
    const failure = relayed().failure(403, body, { 'x-amzn-errortype': 'UnrecognizedClientException:http://x/' });
    expect(failure.kind).toBe('unauthenticated');
  });

  test('N1 tokens are counted by CountTokens, of the body that would be invoked', () => {
    const conversation = inboundOf(
      anthropicMessages,
      {
        door: { method: 'POST', path: '/v1/messages/count_tokens', operation: 'count-tokens' },
        params: {},
        query: new URLSearchParams(),
        headers: {},
      },
      encoded({ model: profile, system: 'Be short.', messages: [{ role: 'user', content: 'Hi' }] }),
    ).decoded().conversation;
    const report = () => undefined;
    const { body } = invoke?.counting?.encodeRequest(conversation, {
      facts: factsOf(profile),
      signer: 'anthropic-messages',
      report,
    }) ?? { body: {} };
    const input = body.input as { invokeModel: { body: string } }; // our own
    expect(JSON.parse(new TextDecoder().decode(bytesOfBase64(input.invokeModel.body)))).toEqual({
      anthropic_version: 'bedrock-2023-05-31',
      max_tokens: 64_000,
      system: 'Be short.',
      messages: [{ role: 'user', content: 'Hi' }],
    });
    expect(invoke?.counting?.decodeReply({ inputTokens: 12 })).toBe(12);
  });
});

test('a credential may bring its region; a malformed one is told of without being repeated', () => {
  const settingsOf = (secret: string) => bedrock.settingsOf?.({ id: 'a', secret });
  expect(settingsOf('AKIA:secret:eu-west-3')).toEqual({ region: 'eu-west-3' });
  expect(settingsOf('AKIA:secret')).toEqual({});
  expect(settingsOf('ABSKabc')).toEqual({});
  expect(() => settingsOf('AKIA:')).toThrow('accessKeyId:secretAccessKey');
});
