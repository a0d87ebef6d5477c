import type { Chunk, Frame } from '../bytes/framing.ts';
import type { Failure } from '../conversation/failure.ts';
import { replay } from '../conversation/replay.ts';
import type { Reply } from '../conversation/reply.ts';
import { laterUsage, type Usage } from '../conversation/usage.ts';
import type { EncodeReplyContext, ReplyForm } from '../dialects/dialect.ts';
import { isObject, tryParseJson } from '../json.ts';
import { callersFraming } from './callers-framing.ts';
import type { Inbound, StreamProgress, StreamTranslator } from './translation.ts';
import { asFailure, truncated } from './upstream-failure.ts';

interface Words {
  readonly form: ReplyForm;
  text(failure: Failure): string;
  /** The text as a whole reply, for a stream that has said nothing of its own yet. */
  reply(failure: Failure, usage: Usage | undefined): Reply;
  /** Asked for when there is a failure to be told. */
  context(): EncodeReplyContext;
}

/**
 * The same stream, but that a failure in it ends it as a reply that says so, and in order: for clients that show replies alone (row
 * F16). Every frame is read once more for that. `progress` tells the failure all the same.
 */
export function concluding(inner: StreamTranslator, inbound: Inbound, words: Words): StreamTranslator {
  const { dialect } = inbound;
  const follower = words.form.followStream?.();
  if (!follower) return inner;
  const { watch } = dialect;
  const framing = callersFraming(inbound);
  const writer = framing.writer();
  let comments = '';
  const reader = framing.reader({ comment: (text) => void (comments += writer.comment?.(text) ?? '') });
  let usage: Usage | undefined;
  /** The failure that has been told; nothing follows it. */
  let told: Failure | undefined;
  /** Frames that would have ended the stream too early. */
  let held: Frame[] = [];
  /** Frames that nobody here can read. They wait for one that can be: many an error comes as a page, and nothing behind it. */
  let unread: Frame[] = [];

  function conclude(failure: Failure): string {
    told = failure;
    const context = words.context();
    const known = laterUsage(usage, inner.progress.usage);
    const frames = follower?.conclude(words.text(failure), { ...context, ...(known && { usage: known }) });
    if (frames) return writer.write(frames);
    const encoder = words.form.encodeStream(context);
    return writer.write(replay(words.reply(failure, known)).flatMap((event) => encoder.push(event)));
  }

  function pass(frames: readonly Frame[]): string {
    if (told) return '';
    let text = comments;
    comments = '';
    for (const frame of frames) {
      const sighting = watch.frame(frame);
      usage = laterUsage(usage, sighting?.usage);
      if (sighting?.failure) {
        const beside = follower?.besideError?.(frame);
        return text + (beside ? passFrame(beside) : '') + conclude(inner.progress.failure ?? sighting.failure);
      }
      if (isReadable(frame)) text += passFrame(frame);
      else unread.push(frame);
    }
    return text;
  }

  function passFrame(frame: Frame): string {
    const waiting = unread;
    unread = [];
    if (follower?.follow(frame)) return writer.write([...waiting, frame]);
    held.push(frame);
    return writer.write(waiting);
  }

  /** Of several choices the upstream may have finished one, which it is then believed for all. */
  function finish(out: Chunk, brokenBy?: Failure): string {
    // What comes with the end may be the rest of a frame that was cut, which no client could read.
    let text = pass(framesOf(() => reader.push(bytesOf(out))).filter(isReadable));
    text += pass(framesOf(() => reader.end()).filter(isReadable));
    const failure = inner.progress.failure ?? (follower?.running ? (brokenBy ?? truncated()) : undefined);
    if (!told) text += failure ? conclude(failure) : writer.write([...unread, ...held]);
    unread = [];
    held = [];
    return text + writer.end();
  }

  return {
    contentType: inner.contentType,
    ...(inner.pieceBytes !== undefined && { pieceBytes: inner.pieceBytes }),
    push(bytes) {
      const out = inner.push(bytes);
      if (told || out.length === 0) return '';
      try {
        return pass(reader.push(bytesOf(out)));
      } catch (thrown) {
        return conclude(inner.progress.failure ?? asFailure(thrown));
      }
    },
    end: () => finish(inner.end()),
    fail(failure) {
      const out = inner.fail(failure);
      return failure.kind === 'client-gone' ? out : finish(out ?? '', failure);
    },
    leave: () => inner.leave(),
    keepAlive() {
      if (told) return '';
      return dialect.keepAlive ? writer.write([dialect.keepAlive]) : writer.idle;
    },
    get progress(): StreamProgress {
      const { progress } = inner;
      return told && !progress.failure ? { ...progress, failure: told } : progress;
    },
  };
}

/** What cannot be cut into frames is the rest of one that broke off: the failure has been told, or is about to be. */
function framesOf(read: () => readonly Frame[]): readonly Frame[] {
  try {
    return read();
  } catch {
    return [];
  }
}

function isReadable({ data }: Frame): boolean {
  return data === '[DONE]' || isObject(tryParseJson(data));
}

function bytesOf(chunk: Chunk): Uint8Array {
  return typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk;
}
