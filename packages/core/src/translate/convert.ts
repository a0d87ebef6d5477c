import type { Frame, FrameTaker, ReplyFraming } from '../bytes/framing.ts';
import { joinBytes } from '../bytes/join.ts';
import { collect } from '../conversation/collect.ts';
import type { Failure } from '../conversation/failure.ts';
import type { Notice } from '../conversation/notice.ts';
import { replay } from '../conversation/replay.ts';
import type { Finish, Reply } from '../conversation/reply.ts';
import type { DecodeReplyContext } from '../dialects/dialect.ts';
import { accommodate } from './accommodate/accommodate.ts';
import { wrapObject } from './envelope.ts';
import { beginsAsEvents, beginsAsObject, isBlank } from './first-byte.ts';
import { outputOf, reportForeign, writingOf, type Way } from './output.ts';
import { traceHeaders } from './headers.ts';
import { parseReply } from './parse-reply.ts';
import { createRepetition } from './repetition.ts';
import type { Destination, Inbound, ReplySettings, StreamTranslator, Translation, WholeReply } from './translation.ts';
import { failureOf } from './upstream-failure.ts';

/** Another dialect: everything goes over the hub, whole or streamed on either side. */
export function convert(inbound: Inbound, destination: Destination, settings: ReplySettings): Translation {
  const decoded = inbound.decoded();
  const notices: Notice[] = [...(inbound.notices ?? []), ...decoded.notices];
  const words = inbound.dialect.fieldNames;
  const report = (notice: Notice) => void notices.push({ ...notice, field: words[notice.field] ?? notice.field });

  const asked = { ...decoded.conversation, model: destination.model };
  const facts = factsFor(inbound, destination);
  const { signer } = destination;
  const fitted = accommodate(asked, destination.dialect.limits, facts, report);
  const encoded = destination.dialect.encodeRequest(fitted.conversation, { facts, signer, report });
  const wrapped = wrapObject(destination.binding?.envelopes?.generate, encoded.body, encoded.headers ?? {});
  notices.push(...wrapped.notices);

  const body = JSON.stringify(wrapped.body);

  const reading: DecodeReplyContext = {
    facts,
    signer,
    turn: fitted.conversation.messages.length,
    conversation: fitted.conversation,
  };
  const writing: Way['writing'] = {
    ...settings,
    model: inbound.glance.model,
    request: decoded.wire,
    conversation: decoded.conversation,
  };
  const way: Way = { inbound, destination, fitted, reading, writing, notices };

  return {
    way: 'convert',
    body: decoded.lifted ? decoded.lifted.restore(body) : body,
    headers: { 'content-type': 'application/json', ...traceHeaders(inbound.knock.headers), ...wrapped.headers },
    notices,
    whole: (body, contentType) => convertWhole(way, body, contentType),
    stream: (contentType) => (isEventStream(contentType, way) ? pumpEvents(way) : pumpWhole(way)),
    failure: (status, body, headers) => failureOf(destination, status, body, headers),
    ...(inbound.dialect.repliesWhenFiltered && { filtered: (failure) => writeFiltered(way, failure) }),
  };
}

/** Thinking may raise what a caller asked for, so a cap must hold for the encoder as well. */
function factsFor({ maxOutputTokens: cap }: Inbound, { facts }: Destination): Destination['facts'] {
  return cap === undefined ? facts : { ...facts, maxOutputTokens: Math.min(cap, facts.maxOutputTokens ?? cap) };
}

/** A JSON body where a stream was asked for is a whole reply (X4); without a type the first byte says what it is. */
function isEventStream(contentType: string, way: Way): boolean {
  const wanted = framingOf(way).contentType;
  return contentType === '' || contentType.includes(wanted) || !contentType.includes('json');
}

function framingOf({ destination }: Way): ReplyFraming {
  return destination.binding?.framing ?? destination.dialect.framing;
}

function convertWhole(way: Way, body: Uint8Array, contentType: string): WholeReply {
  const framing = framingOf(way).contentType;
  const streamed = contentType.includes(framing) ? !beginsAsObject(body) : framing === sse && beginsAsEvents(body);
  const reply = streamed ? collectStream(way, body) : readWhole(way, body);
  return writeWhole(way, reply);
}

function readWhole(way: Way, body: Uint8Array): Reply {
  return way.destination.dialect.decodeReply(parseReply(body), way.reading);
}

/** A stream where a whole reply was asked for. */
function collectStream(way: Way, body: Uint8Array): Reply {
  const { dialect } = way.destination;
  const reader = framingOf(way).reader();
  const decoder = dialect.decodeStream(way.reading);
  const frames = [...reader.push(body), ...reader.end()];
  return collect([...frames.flatMap((frame) => decoder.push(frame)), ...decoder.end()]);
}

function writeWhole(way: Way, decoded: Reply): WholeReply {
  const reply = way.fitted.restoreReply(decoded);
  const finish = reply.candidates[0]?.finish;
  const writing = writingOf(way);
  for (const { parts } of reply.candidates) for (const part of parts) reportForeign(way, part, writing.report);
  return {
    contentType: 'application/json',
    body: JSON.stringify(way.inbound.dialect.encodeReply(reply, writing)),
    ...(reply.usage && { usage: reply.usage }),
    ...(finish && { finish }),
  };
}

function writeFiltered(way: Way, { message }: Failure): WholeReply {
  const finish: Finish = { reason: 'content-filter', explanation: message };
  const reply: Reply = { id: '', model: '', candidates: [{ parts: [], finish }] };
  if (!way.inbound.glance.streaming) return writeWhole(way, reply);
  const { write, end, translator } = outputOf(way);
  return { contentType: translator.contentType, body: write(replay(reply)) + end(), finish };
}

/** Some vendors call JSON an event stream, or call it nothing at all: then its first byte tells (X4). */
function pumpEvents(way: Way): StreamTranslator {
  if (framingOf(way).contentType !== sse) return pump(way);
  const output = outputOf(way);
  let chosen: StreamTranslator | undefined;
  return {
    ...output.translator,
    pieceBytes,
    push(bytes) {
      if (!chosen && isBlank(bytes)) return '';
      chosen ??= beginsAsObject(bytes) ? pumpWhole(way, output) : pump(way, output);
      return chosen.push(bytes);
    },
    end: () => (chosen ?? pump(way, output)).end(),
  };
}

const sse = 'text/event-stream';
const pieceBytes = 8 * 1024;

/** Frames in, events through, frames out; nothing is kept but what the two machines keep themselves. */
function pump(way: Way, output = outputOf(way)): StreamTranslator {
  const { dialect } = way.destination;
  const framing = framingOf(way);
  const reader = framing.reader();
  const decoder = dialect.decodeStream(way.reading);
  const repetition = createRepetition(decoder, framing.wrapping);
  const restore = way.fitted.restoreEvents();
  let repeat: ((json: string) => string) | undefined;
  let text = '';

  const taker: FrameTaker = {
    frame(frame) {
      const json = repeat && repetition.cut(frame);
      if (repeat && json !== undefined) {
        text += repeat(json);
        return;
      }
      text += output.write(repetition.push(frame), restore);
      // Putting names back changes no delta.
      repeat = repetition.delta && output.repeat(repetition.delta);
    },
    get knows() {
      return repeat !== undefined;
    },
    known(piece, from) {
      const json = repetition.cutAt(piece, from);
      if (!repeat || json === undefined) return from;
      text += repeat(json);
      return repetition.end;
    },
  };

  function take(frames: readonly Frame[]): void {
    for (const frame of frames) taker.frame(frame);
  }

  /** What was written before something failed goes out before it. */
  function guarded(read: () => void): string {
    const failed = output.guarded(() => {
      read();
      return '';
    });
    const written = text + failed;
    text = '';
    if (output.translator.progress.failure) repeat = undefined;
    return written;
  }

  return {
    ...output.translator,
    pieceBytes,
    push: (bytes) => guarded(() => (reader.pass ? reader.pass(bytes, taker) : take(reader.push(bytes)))),
    end: () => guarded(() => take(reader.end())) + output.write(decoder.end(), restore) + output.end(),
  };
}

/** The upstream answers with one JSON body; the caller wanted a stream. */
function pumpWhole(way: Way, output = outputOf(way)): StreamTranslator {
  const pieces: Uint8Array[] = [];
  const finish = () => output.write(replay(way.fitted.restoreReply(readWhole(way, joinBytes(pieces)))));
  return {
    ...output.translator,
    push: (bytes) => {
      pieces.push(bytes);
      return '';
    },
    end: () => output.guarded(finish) + output.end(),
  };
}
