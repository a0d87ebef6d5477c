import { describe, expect, test } from 'vitest';
import { topLevel } from '../bytes/splice.ts';
import { collect } from '../conversation/collect.ts';
import type { Conversation } from '../conversation/conversation.ts';
import type { ReplyEvent } from '../conversation/event.ts';
import { Failure, type FailureKind } from '../conversation/failure.ts';
import type { Notice } from '../conversation/notice.ts';
import { replay } from '../conversation/replay.ts';
import type { Reply } from '../conversation/reply.ts';
import { totalInputTokens } from '../conversation/usage.ts';
import type { JsonObject } from '../json.ts';
import { factsOf } from '../models/facts.ts';
import { cases, dialects, type Case } from '../testing/cases.ts';
import { essenceOf, replyEssence } from '../testing/essence.ts';
import { accommodate } from '../translate/accommodate/accommodate.ts';
import { convert } from '../translate/convert.ts';
import { relay } from '../translate/relay.ts';
import type { Inbound } from '../translate/translation.ts';
import type { Dialect, DecodeReplyContext, EncodeReplyContext } from './dialect.ts';

describe.each(dialects.map((dialect) => [dialect.name, dialect] as const))('%s', (name, dialect) => {
  const own = cases.filter((one) => one.dialect === dialect);
  const withRequest = own.filter((one) => one.request);
  const withReply = own.filter((one) => one.reply);
  const withStream = own.filter((one) => one.stream);

  test('has at least 30 recorded cases, each with something to hold it to', () => {
    expect(own.length).toBeGreaterThanOrEqual(30);
    for (const { stem, hub } of own) expect(Object.keys(hub), `${stem}.hub.json`).not.toEqual([]);
  });

  describe('Meaning: the recording means what its hub value says', () => {
    test.each(withRequest.map((one) => [one.stem, one] as const))('request %s', (_, one) => {
      const notices: Notice[] = [];
      if (one.hub.failure && !one.error) {
        expect(thrown(() => decodeRequest(one))).toMatchObject(one.hub.failure as JsonObject); // checked to be there
        return;
      }
      const conversation = decodeRequest(one, notices);
      expect(plain(conversation)).toEqual(one.hub.conversation);
      if (one.hub.notices) expect(plain(notices)).toEqual(one.hub.notices);
    });
    test.each(withReply.map((one) => [one.stem, one] as const))('reply %s', (_, one) => {
      expect(plain(dialect.decodeReply(one.reply ?? {}, reading(one)))).toEqual(one.hub.reply);
    });
    const withError = own.filter((one) => one.error);
    if (withError.length > 0)
      test.each(withError.map((one) => [one.stem, one] as const))('error %s', (_, one) => {
        const { status = 0, body = null, headers = {} } = one.error ?? {};
        const failure = dialect.decodeError(status, body, headers);
        expect(plain({ kind: failure.kind, message: failure.message, details: failure.details })).toMatchObject(
          one.hub.failure as JsonObject, // a case with an error records its failure
        );
      });
  });

  test.each(withRequest.filter((one) => one.hub.conversation).map((one) => [one.stem, one] as const))(
    'Home: request %s encoded again means the same',
    (_, one) => {
      const conversation = decodeRequest(one);
      const notices: Notice[] = [];
      const { body, headers = {} } = encode(dialect, conversation, notices, generous(one));
      const again = decodeRequest({ ...one, request: body, headers: { ...one.headers, ...headers } });
      if (notices.every(({ type }) => type === 'defaulted') && notices.length === 0)
        expect(withoutPlaces(again)).toEqual(withoutPlaces(conversation));
      expectSameEssence(conversation, again, notices);
      expect(JSON.stringify(encode(dialect, conversation, [], generous(one)).body), 'P4: twice the same bytes').toBe(
        JSON.stringify(body),
      );
    },
  );

  for (const partner of dialects.filter((other) => other !== dialect)) {
    test.each(withRequest.filter((one) => one.hub.conversation).map((one) => [one.stem, one] as const))(
      `Travel: request %s by way of ${partner.name} loses only what its notices admit`,
      (_, one) => {
        const conversation = decodeRequest(one);
        const notices: Notice[] = [];
        const report = (notice: Notice) => void notices.push(notice);
        const facts = factsOf('some-model');
        const fitted = accommodate(conversation, partner.limits, facts, report);
        let body: JsonObject;
        try {
          body = partner.encodeRequest(fitted.conversation, { facts, signer: partner.name, report }).body;
        } catch (error) {
          // A target may have no way at all to say something; then it says which field.
          expect(error).toBeInstanceOf(Failure);
          expect((error as Failure).details.field).toBeTypeOf('string');
          return;
        }
        const arrived = partner.decodeRequest(body, { glance: one.glance, headers: {}, report: () => undefined });
        expectSameEssence(fitted.conversation, arrived, notices);
      },
    );

    test.each(withStream.filter((one) => !one.hub.streamFailure).map((one) => [one.stem, one] as const))(
      `Travel: stream %s reaches a ${partner.name} client whole`,
      (_, one) => {
        const reply = collect(decodeStream(one));
        const encoder = partner.encodeStream(writing);
        const frames = replay(reply).flatMap((event) => encoder.push(event));
        const decoder = partner.decodeStream({ ...reading(one), signer: partner.name });
        const { reason } = reply.candidates[0]?.finish ?? { reason: 'other' };
        // A broken call is told as an error where the dialect has no word for it (table a1).
        const read = () => collect([...frames.flatMap((frame) => decoder.push(frame)), ...decoder.end()]);
        if (reason === 'malformed-call' && frames.some(({ data }) => data.includes('"error":{'))) return;
        const arrived = read();
        const [before, after] = [firstCandidates(reply, partner), replyEssence(arrived)];
        // A refusal's explanation, and media where a reply has no place for them, may be said as text besides.
        expect(after.said.includes(before.said) ? before.said : after.said).toBe(before.said);
        const lost = before.rest.filter((item) => / (?:image|audio)$/.test(item) && !after.rest.includes(item));
        for (const item of lost) expect(after.said).toMatch(item.endsWith('image') ? /image/ : /audio/);
        // A call that was cut must never look as if it could be run (F3); Gemini has no other form for one.
        const whole = reason !== 'length' && reason !== 'malformed-call';
        // A call of a free-text tool only comes to callers who have such tools.
        const calls = before.rest.filter(
          (item) => whole && !lost.includes(item) && !(hasCustomCall(reply) && !partner.limits.customTools),
        );
        expect(after.rest).toEqual(expect.arrayContaining(calls));
        expect(after.rest.length).toBeLessThanOrEqual(before.rest.length);
        if (reply.usage?.outputTokens !== undefined && reply.usage.inputTokens !== undefined) {
          expect(arrived.usage?.outputTokens).toBe(reply.usage.outputTokens);
          expect(totalInputTokens(arrived.usage ?? {})).toBe(totalInputTokens(reply.usage));
        }
      },
    );
  }

  describe('Split: a stream cut anywhere is the same stream', () => {
    test.each(withStream.map((one) => [one.stem, one] as const))('%s', (_, one) => {
      const whole = plain(decodeStream(one));
      const bytes = one.stream ?? new Uint8Array();
      expect(
        plain(
          decodeStream(
            one,
            [...bytes].map((_, at) => bytes.subarray(at, at + 1)),
          ),
        ),
      ).toEqual(whole);
      if (bytes.length > 2500) return;
      for (let cut = 1; cut < bytes.length; cut++)
        expect(plain(decodeStream(one, [bytes.subarray(0, cut), bytes.subarray(cut)]))).toEqual(whole);
    });
  });

  describe('Agreement: whole and streamed say the same', () => {
    test.each(withStream.filter((one) => one.reply).map((one) => [one.stem, one] as const))('%s', (_, one) => {
      expect(plain(collect(decodeStream(one)))).toEqual(plain(dialect.decodeReply(one.reply ?? {}, reading(one))));
    });
    test.each(withReply.map((one) => [one.stem, one] as const))('%s written again, whole and streamed', (_, one) => {
      const reply = dialect.decodeReply(one.reply ?? {}, reading(one));
      expect(plain(collect(replay(reply)))).toEqual(plain(reply));
      const context = {
        ...writing,
        model: reply.model,
        ...(reply.created !== undefined && { created: reply.created }),
      };
      const again = dialect.decodeReply(dialect.encodeReply(reply, context), reading(one));
      expect(replyEssence(again)).toEqual(replyEssence(reply));
      expect(again.usage ?? {}).toEqual(reply.usage ?? {});
      expect(again.candidates.map(({ finish }) => finish.reason)).toEqual(
        reply.candidates.map(({ finish }) => finish.reason),
      );
      const encoder = dialect.encodeStream({ ...context, request: { stream_options: { include_usage: true } } });
      const frames = replay(reply).flatMap((event) => encoder.push(event));
      const decoder = dialect.decodeStream(reading(one));
      const streamed = collect([...frames.flatMap((frame) => decoder.push(frame)), ...decoder.end()]);
      expect(replyEssence(streamed)).toEqual(replyEssence(reply));
      expect(streamed.candidates.map(({ finish }) => finish.reason)).toEqual(
        reply.candidates.map(({ finish }) => finish.reason),
      );
    });
    const broken = withStream.filter((one) => one.hub.streamFailure);
    if (broken.length > 0)
      test.each(broken.map((one) => [one.stem, one] as const))('%s breaks off as recorded', (_, one) => {
        const last = decodeStream(one).at(-1);
        expect(last?.type).toBe('failure');
        if (last?.type === 'failure')
          expect(plain({ ...last.failure, kind: last.failure.kind, message: last.failure.message })).toMatchObject(
            one.hub.streamFailure as JsonObject,
          );
      });
  });

  describe('Relay: same dialect in and out, same bytes', () => {
    test.each(withRequest.map((one) => [one.stem, one] as const))('request %s', (_, one) => {
      const inbound = inboundOf(one);
      const body = relay(inbound, { dialect, model: inbound.glance.model, facts: {}, signer: name }, settings).body;
      expect(body).toBe(inbound.body);
      const renamed = relay(inbound, { dialect, model: 'another-model', facts: {}, signer: name }, settings)
        .body as Uint8Array;
      const expected: JsonObject =
        'model' in (one.request ?? {}) ? { ...one.request, model: 'another-model' } : { ...one.request };
      expect(JSON.parse(new TextDecoder().decode(renamed))).toEqual(expected);
    });
    // A dialect without doors has no caller to relay to; what a relay would look for must be in its frames all the same.
    if (dialect.doors.length === 0)
      test.each(withStream.map((one) => [one.stem, one] as const))(
        'stream %s shows its end and its usage',
        (_, one) => {
          const frames = dialect.framing.reader().push(one.stream ?? new Uint8Array());
          const marked = frames.filter(
            ({ data, exception }) => exception || dialect.watch.markers.some((mark) => data.includes(mark)),
          );
          const sightings = marked.map((frame) => dialect.watch.frame(frame));
          const events = decodeStream(one);
          const finished = events.at(-1)?.type === 'reply-end';
          expect(sightings.some((sighting) => sighting?.finished)).toBe(finished);
          expect(sightings.findLast((sighting) => sighting?.usage)?.usage ?? {}).toEqual(
            finished ? (collect(events).usage ?? {}) : {},
          );
        },
      );
    else
      test.each(withStream.map((one) => [one.stem, one] as const))('stream %s', (_, one) => {
        const inbound = inboundOf(one.request ? one : { ...one, request: {} });
        const { model } = inbound.glance;
        const translator = relay(inbound, { dialect, model, facts: {}, signer: name }, settings).stream(
          'text/event-stream',
        );
        const bytes = one.stream ?? new Uint8Array();
        const out = [...bytes].map((_, at) => translator.push(bytes.subarray(at, at + 1)));
        expect(out.flatMap((chunk) => [...(chunk as Uint8Array)])).toEqual([...bytes]);
        const tail = translator.end();
        const events = decodeStream(one);
        const last = events.at(-1);
        if (last?.type === 'failure') {
          expect(translator.progress.failure !== undefined || tail.length > 0).toBe(true);
          return;
        }
        expect(tail).toBe('');
        expect(translator.progress.finished).toBe(true);
        expect(translator.progress.usage ?? {}).toEqual(collect(events).usage ?? {});
      });
    test.each(withReply.map((one) => [one.stem, one] as const))('usage of reply %s is seen in passing', (_, one) => {
      const seen = dialect.watch.whole(topLevel(new TextEncoder().encode(JSON.stringify(one.reply))));
      expect(seen?.usage ?? {}).toEqual(dialect.decodeReply(one.reply ?? {}, reading(one)).usage ?? {});
    });
  });

  describe('Error: every kind has its status and comes back as itself', () => {
    const kinds: readonly FailureKind[] = [
      'bad-request', 'context-too-long', 'unauthenticated', 'billing', 'forbidden', 'not-found', 'conflict', 'too-large',
      'rate-limited', 'server', 'overloaded', 'timeout',
    ]; // prettier-ignore
    test.each(kinds)('%s', (kind) => {
      const failure = new Failure(kind, 'Something went wrong.', { retryAfterSeconds: 7 });
      const { status, headers, body } = dialect.encodeError(failure, { requestId: 'req_1' });
      expect(status).toBeGreaterThanOrEqual(400);
      const again = dialect.decodeError(status, body, headers);
      expect(again.kind).toBe(kind);
      if (kind === 'rate-limited') expect(again.details.retryAfterSeconds).toBe(7);
    });
  });

  test('every stream translated for every client is the same however it is cut', () => {
    for (const one of withStream) {
      for (const client of dialects.filter(({ doors }) => doors.length > 0)) {
        const run = (size: number) => {
          const from = {
            ...one,
            dialect: client,
            request: minimalRequest(client),
            glance: { model: 'm', streaming: true },
          };
          const inbound = inboundOf(from);
          const translator = convert(inbound, { dialect, model: 'm', facts: {}, signer: name }, counted()).stream(
            'text/event-stream',
          );
          const bytes = one.stream ?? new Uint8Array();
          let out = '';
          for (let at = 0; at < bytes.length; at += size)
            out += translator.push(bytes.subarray(at, at + size)) as string;
          return out + (translator.end() as string);
        };
        expect(run(7), `${one.stem} for ${client.name}`).toBe(run(Number.MAX_SAFE_INTEGER));
      }
    }
  });
});

const settings = { created: 1_760_000_000, newId: (prefix: string) => `${prefix}test` };
const writing: EncodeReplyContext = {
  ...settings,
  model: 'asked-model',
  report: () => undefined,
  request: { stream: true, stream_options: { include_usage: true } },
};

function counted() {
  let count = 0;
  return { created: 1_760_000_000, newId: (prefix: string) => `${prefix}${(count += 1)}` };
}

function reading(one: Case): DecodeReplyContext {
  return { facts: factsOf(one.glance.model), signer: one.dialect.name, turn: 1 };
}

function decodeRequest(one: Case, notices: Notice[] = []): Conversation {
  return one.dialect.decodeRequest(one.request ?? {}, {
    glance: one.glance,
    headers: one.headers,
    report: (notice) => void notices.push(notice),
  });
}

function generous(one: Case) {
  return factsOf(one.glance.model);
}

function encode(dialect: Dialect, conversation: Conversation, notices: Notice[], facts = factsOf(conversation.model)) {
  return dialect.encodeRequest(conversation, {
    facts,
    signer: dialect.name,
    report: (notice) => void notices.push(notice),
  });
}

function decodeStream(
  one: Case,
  pieces: readonly Uint8Array[] = [one.stream ?? new Uint8Array()],
): readonly ReplyEvent[] {
  const reader = one.dialect.framing.reader();
  const decoder = one.dialect.decodeStream(reading(one));
  const events: ReplyEvent[] = [];
  for (const piece of pieces) for (const frame of reader.push(piece)) events.push(...decoder.push(frame));
  for (const frame of reader.end()) events.push(...decoder.push(frame));
  events.push(...decoder.end());
  return events;
}

function inboundOf(one: Case): Inbound {
  const { dialect, request = {}, glance, headers } = one;
  const door = dialect.doors.find(({ operation, streaming }) => operation === 'generate' && streaming !== false) ?? {
    method: 'POST',
    path: '/',
    operation: 'generate',
  };
  const body = new TextEncoder().encode(JSON.stringify(request));
  return {
    dialect,
    knock: { door, params: { model: glance.model }, query: new URLSearchParams('alt=sse'), headers },
    glance,
    body,
    top: topLevel(body),
    decoded: () => ({ wire: request, conversation: decodeRequest({ ...one, request }), notices: [] }),
  };
}

function minimalRequest(dialect: Dialect): JsonObject {
  const conversation: Conversation = {
    model: 'm',
    streaming: true,
    messages: [{ role: 'user', parts: [{ type: 'text', text: 'Hi' }] }],
    tools: [],
    sampling: {},
  };
  return encode(dialect, conversation, [], {}).body;
}

/** One message a dialect can hold has one candidate; only Chat and Gemini have places for more. */
function firstCandidates(reply: Reply, partner: Dialect) {
  const several = partner.name === 'openai-chat' || partner.name === 'gemini-generate';
  return replyEssence(several ? reply : { ...reply, candidates: reply.candidates.slice(0, 1) });
}

function hasCustomCall(reply: Reply): boolean {
  return reply.candidates.some(({ parts }) =>
    parts.some((part) => part.type === 'tool-call' && part.kind === 'custom'),
  );
}

/** Everything a person would miss is still there, or a notice names the place it stood at. */
function expectSameEssence(before: Conversation, after: Conversation, notices: readonly Notice[]): void {
  const left = essenceOf(after).map(({ what }) => what);
  const joined = left.join('\n');
  for (const { what, at } of essenceOf(before)) {
    const index = left.indexOf(what);
    if (index >= 0) {
      left.splice(index, 1);
      continue;
    }
    // Text may have been joined with its neighbours, and system text may have moved into another turn.
    const said = what.slice(what.indexOf(': ') + 2);
    if (joined.includes(said)) continue;
    const admitted = notices.some(
      ({ field }) => field === at || at.startsWith(`${field}.`) || at.startsWith(`${field}[`) || field.startsWith(at),
    );
    expect(
      admitted,
      `lost without a notice: ${what} (${at}); left: ${joined}; notices: ${JSON.stringify(notices)}`,
    ).toBe(true);
  }
}

function withoutPlaces(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, member: unknown) => (key === 'at' ? undefined : member)));
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function thrown(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}
