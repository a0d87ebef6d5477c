import type { Frame, ReplyFraming } from '../bytes/framing.ts';
import { collect } from '../conversation/collect.ts';
import type { ReplyEvent } from '../conversation/event.ts';
import type { Failure } from '../conversation/failure.ts';
import type { Part } from '../conversation/message.ts';
import type { Notice } from '../conversation/notice.ts';
import { replay } from '../conversation/replay.ts';
import type { Finish, Reply } from '../conversation/reply.ts';
import { laterUsage, type Usage } from '../conversation/usage.ts';
import type { DecodeReplyContext, EncodeReplyContext } from '../dialects/dialect.ts';
import { accommodate, type Accommodation } from './accommodate/accommodate.ts';
import { joinBytes } from '../bytes/join.ts';
import { callersFraming } from './callers-framing.ts';
import { wrapObject } from './envelope.ts';
import { parseReply } from './parse-reply.ts';
import type {
  Destination,
  Inbound,
  ReplySettings,
  StreamProgress,
  StreamTranslator,
  Translation,
  WholeReply,
} from './translation.ts';
import { createRepetition } from './repetition.ts';
import { asFailure, failureOf } from './upstream-failure.ts';

/** Another dialect: everything goes over the hub, whole or streamed on either side. */
export function convert(inbound: Inbound, destination: Destination, settings: ReplySettings): Translation {
  const decoded = inbound.decoded();
  const notices: Notice[] = [...decoded.notices];
  const words = inbound.dialect.fieldNames;
  const report = (notice: Notice) => void notices.push({ ...notice, field: words[notice.field] ?? notice.field });

  const asked = { ...decoded.conversation, model: destination.model };
  const fitted = accommodate(asked, destination.dialect.limits, destination.facts, report);
  const { facts, signer } = destination;
  const encoded = destination.dialect.encodeRequest(fitted.conversation, { facts, signer, report });
  const wrapped = wrapObject(destination.binding?.envelopes?.generate, encoded.body, encoded.headers ?? {});
  notices.push(...wrapped.notices);

  const reading: DecodeReplyContext = {
    facts,
    signer,
    turn: fitted.conversation.messages.length,
    conversation: fitted.conversation,
  };
  const writing: EncodeReplyContext = {
    ...settings,
    model: inbound.glance.model,
    request: decoded.wire,
    conversation: decoded.conversation,
  };
  const way: Way = { inbound, destination, fitted, reading, writing, notices };

  return {
    way: 'convert',
    body: JSON.stringify(wrapped.body),
    headers: { 'content-type': 'application/json', ...wrapped.headers },
    notices,
    whole: (body, contentType) => convertWhole(way, body, contentType),
    stream: (contentType) => (isEventStream(contentType, way) ? pump(way) : pumpWhole(way)),
    failure: (status, body, headers) => failureOf(destination, status, body, headers),
  };
}

interface Way {
  readonly inbound: Inbound;
  readonly destination: Destination;
  readonly fitted: Accommodation;
  readonly reading: DecodeReplyContext;
  readonly writing: EncodeReplyContext;
  /** Grows while the reply is read. */
  readonly notices: Notice[];
}

/** A JSON body where a stream was asked for is a whole reply (X4); without a type we believe what we asked for. */
function isEventStream(contentType: string, way: Way): boolean {
  const wanted = framingOf(way).contentType;
  return contentType === '' || contentType.includes(wanted) || !contentType.includes('json');
}

function framingOf({ destination }: Way): ReplyFraming {
  return destination.binding?.framing ?? destination.dialect.framing;
}

function convertWhole(way: Way, body: Uint8Array, contentType: string): WholeReply {
  const reply = contentType.includes(framingOf(way).contentType) ? collectStream(way, body) : readWhole(way, body);
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
  for (const { parts } of reply.candidates) for (const part of parts) noteForeign(way, part);
  return {
    contentType: 'application/json',
    body: JSON.stringify(way.inbound.dialect.encodeReply(reply, way.writing)),
    ...(reply.usage && { usage: reply.usage }),
    ...(finish && { finish }),
  };
}

/** What only the upstream's dialect has, the caller's has no words for. A stream's headers are gone by then; the record is not. */
function noteForeign({ inbound, notices }: Way, part: Part): void {
  if (part.type !== 'native' || part.dialect === inbound.dialect.name) return;
  const type = typeof part.value.type === 'string' ? part.value.type : 'part';
  notices.push({
    type: 'dropped',
    field: `reply.${type}`,
    detail: `The reply held a "${type}" of ${part.dialect}, for which ${inbound.dialect.name} has no form.`,
  });
}

interface Progress extends StreamProgress {
  begun: boolean;
  finished: boolean;
  usage?: Usage;
  finish?: Finish;
  failure?: Failure;
}

function observe(way: Way, progress: Progress, event: ReplyEvent): void {
  switch (event.type) {
    case 'part':
      noteForeign(way, event.value);
      progress.begun = true;
      return;
    case 'reply-start':
    case 'usage': {
      const usage = laterUsage(progress.usage, event.usage);
      if (usage) progress.usage = usage;
      progress.begun = true;
      return;
    }
    case 'candidate-end':
      if (!event.candidate) progress.finish = event.finish;
      progress.begun = true;
      return;
    case 'reply-end':
      progress.finished = true;
      progress.begun = true;
      return;
    case 'failure':
      progress.failure ??= event.failure;
      return;
    default:
      progress.begun = true;
  }
}

/** Frames in, events through, frames out; nothing is kept but what the two machines keep themselves. */
function pump(way: Way): StreamTranslator {
  const { dialect } = way.destination;
  const reader = framingOf(way).reader();
  const decoder = dialect.decodeStream(way.reading);
  const repetition = createRepetition(decoder);
  const restore = way.fitted.restoreEvents();
  const output = outputOf(way);

  function guarded(read: () => readonly Frame[]): string {
    return output.guarded(() => {
      let text = '';
      for (const frame of read()) text += output.write(repetition.push(frame), restore);
      return text;
    });
  }

  return {
    ...output.translator,
    push: (bytes) => guarded(() => reader.push(bytes)),
    end: () => guarded(() => reader.end()) + output.write(decoder.end(), restore) + output.end(),
  };
}

/** The upstream answers with one JSON body; the caller wanted a stream. */
function pumpWhole(way: Way): StreamTranslator {
  const output = outputOf(way);
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

/** The caller's side: events in, text of the caller's framing out, and what has been seen on the way. */
function outputOf(way: Way) {
  const { dialect } = way.inbound;
  const framing = callersFraming(way.inbound);
  const encoder = dialect.encodeStream(way.writing);
  const writer = framing.writer();
  const progress: Progress = { begun: false, finished: false };

  /** Nothing follows a failure or the end. */
  function write(events: readonly ReplyEvent[], restore?: ReturnType<Accommodation['restoreEvents']>): string {
    let text = '';
    for (const event of events) {
      if (progress.failure || progress.finished) break;
      observe(way, progress, event);
      if (restore) for (const restored of restore(event)) text += writer.write(encoder.push(restored));
      else text += writer.write(encoder.push(event));
    }
    return text;
  }

  const fail = (failure: Failure) => write([{ type: 'failure', failure }]);

  function guarded(run: () => string): string {
    try {
      return run();
    } catch (thrown) {
      return fail(asFailure(thrown));
    }
  }

  const end = () => writer.end();
  const translator = {
    contentType: framing.contentType,
    fail: (failure: Failure) => fail(failure) + end(),
    leave: () => undefined,
    keepAlive: () => (dialect.keepAlive ? writer.write([dialect.keepAlive]) : writer.idle),
    progress,
  };
  return { write, guarded, end, translator };
}
