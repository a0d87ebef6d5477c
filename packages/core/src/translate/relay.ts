import type { Chunk, Frame, Framing, ReplyFraming } from '../bytes/framing.ts';
import { joinBytes } from '../bytes/join.ts';
import { topLevel } from '../bytes/splice.ts';
import type { Failure } from '../conversation/failure.ts';
import { laterUsage, type Usage } from '../conversation/usage.ts';
import type { HiddenUsage, Operation, Sighting } from '../dialects/dialect.ts';
import { callersFraming } from './callers-framing.ts';
import { convert } from './convert.ts';
import { wrapBytes } from './envelope.ts';
import { beginsAsObject } from './first-byte.ts';
import { relayedRequestHeaders } from './headers.ts';
import { maskErrors } from './mask-errors.ts';
import { replyRenaming, type ReplyRenaming } from './rename-reply.ts';
import { createTap } from './tap.ts';
import type {
  Destination,
  Inbound,
  ReplySettings,
  StreamProgress,
  StreamTranslator,
  Translation,
  WholeReply,
} from './translation.ts';
import { asFailure, failureOf, truncated } from './upstream-failure.ts';
import { withoutVendorIds } from './vendor-ids.ts';

/**
 * Same dialect in and out: the bytes go through, but for an aliased model's name and what the place wants in an envelope
 * of its own. Usage is read in passing.
 */
export function relay(inbound: Inbound, destination: Destination, settings: ReplySettings): Translation {
  const { binding } = destination;
  const { body, headers, notices } = relayedRequest(inbound, destination, 'generate');
  const renaming = replyRenaming(inbound, destination);
  return {
    way: 'relay',
    body,
    headers,
    notices,
    // An upstream that answers in the other form than it was asked for is put right over the hub (X4).
    whole: (reply, contentType) =>
      contentType.includes('event-stream')
        ? convert(inbound, destination, settings).whole(reply, contentType)
        : relayWhole(inbound, reply, contentType, renaming),
    stream: (contentType) => {
      const framing = callersFraming(inbound);
      const overHub = () => convert(inbound, destination, settings).stream('application/json');
      const sse = framing.contentType === 'text/event-stream';
      if (contentType.includes('json') && sse) return overHub();
      const hidden = hiddenUsageOf(inbound, destination);
      if (binding?.framing)
        return reframeStream(inbound, binding.framing, framing, settings, renaming, hidden?.isReport);
      const relayed = hidden
        ? reframeStream(inbound, framing, framing, settings, renaming, hidden.isReport)
        : relayStream(inbound, framing, settings, renaming);
      return sse ? unlessObject(relayed, overHub) : relayed;
    },
    failure: (status, reply, headers) => failureOf(destination, status, reply, headers),
  };
}

/** What is sent: the caller's bytes, renamed and wrapped as the place wants them. */
export function relayedRequest(
  inbound: Inbound,
  destination: Destination,
  operation: Operation,
): Pick<Translation, 'body' | 'headers' | 'notices'> {
  const { body, dialect, glance, knock, top, notices } = inbound;
  const renamed = destination.model === glance.model ? body : dialect.rename(body, destination.model);
  const hidden = operation === 'generate' ? hiddenUsageOf(inbound, destination) : undefined;
  const asking = hidden ? hidden.asked(renamed, top) : renamed;
  const wrapped = wrapBytes(destination.binding?.envelopes?.[operation], asking, relayedRequestHeaders(knock.headers));
  return notices ? { ...wrapped, notices: [...notices, ...wrapped.notices] } : wrapped;
}

/** Present: the caller has not asked for what has to be known. */
function hiddenUsageOf({ dialect, glance, counted, top }: Inbound, { facts }: Destination): HiddenUsage | undefined {
  const { hiddenUsage } = dialect;
  if (!counted || !hiddenUsage || !glance.streaming || facts.streamUsage === false) return undefined;
  return hiddenUsage.hiddenFrom(top) ? hiddenUsage : undefined;
}

/** @throws Failure when the body is an error under a status of 200 (X4), so that another target may be tried. */
function relayWhole(
  { dialect }: Inbound,
  body: Uint8Array,
  contentType: string,
  renaming: ReplyRenaming | undefined,
): WholeReply {
  const { usage, failure, finished } = dialect.watch.whole(topLevel(body)) ?? {};
  if (failure && !finished) throw failure;
  const told = failure ? new TextEncoder().encode(withoutVendorIds(new TextDecoder().decode(body))) : body;
  return { contentType, body: renaming?.whole(told) ?? told, usage };
}

interface Progress extends StreamProgress {
  begun: boolean;
  finished: boolean;
  usage?: Usage;
  current?: boolean;
  failure?: Failure;
}

function note(progress: Progress, sighting: Sighting | undefined, first: boolean): void {
  const usage = laterUsage(progress.usage, sighting?.usage);
  if (usage) progress.usage = usage;
  if (sighting?.usage && !sighting.early) progress.current = true;
  if (sighting?.failure) progress.failure ??= sighting.failure;
  if (sighting?.finished) progress.finished = true;
  if (first && !sighting?.failure) progress.begun = true;
}

function relayStream(
  inbound: Inbound,
  framing: Framing,
  settings: ReplySettings,
  renaming: ReplyRenaming | undefined,
): StreamTranslator {
  const { dialect } = inbound;
  const progress: Progress = { begun: false, finished: false };
  /** Held where a failure goes on with it: a text that was cut to be looked at, neither copied nor parsed again until then. */
  let opening = '';
  const tap = createTap(framing, dialect.watch, (sighting, first) => {
    note(progress, sighting, first !== undefined);
    if (first !== undefined && dialect.breakOff) opening = first;
  });
  const masking = maskErrors(framing.contentType === 'text/event-stream');
  const renamed = renaming?.bytes();

  /** Only for a stream that broke off: its own bytes never say so, and a clean close would look like an end (E5). */
  function breakOff(failure: Failure, last: readonly string[]): string {
    progress.failure = failure;
    const writer = framing.writer(tap.reader);
    // The blank line closes a frame that was cut in the middle.
    const closing = framing.contentType === 'text/event-stream' ? '\n\n' : '';
    const frames = [opening, ...last].map((data) => ({ data: renaming ? renaming.text(data) : data }));
    return closing + writer.write(errorIn(inbound, settings, failure, frames)) + writer.end();
  }

  function behindHeld(text: string): Chunk {
    const rest = masking.end();
    const held = renamed ? joinBytes([renamed.push(rest), renamed.end()]) : rest;
    return held.length > 0 ? joinBytes([held, new TextEncoder().encode(text)]) : text;
  }

  return {
    contentType: framing.contentType,
    push: (bytes) => {
      tap.push(bytes);
      const told = masking.push(bytes);
      return renamed ? renamed.push(told) : told;
    },
    end: () => {
      const last = tap.end();
      return behindHeld(progress.finished || progress.failure ? '' : breakOff(truncated(), last));
    },
    fail: (failure) => {
      const last = tap.end();
      return behindHeld(progress.failure || progress.finished ? '' : breakOff(failure, last));
    },
    leave: () => void tap.end(),
    // The bytes may stand anywhere within a frame, so nothing may be put between them.
    keepAlive: () => '',
    progress,
  };
}

/** JSON that is called an event stream, or nothing at all, is told by its first byte (X4). */
function unlessObject(events: StreamTranslator, whole: () => StreamTranslator): StreamTranslator {
  let chosen: StreamTranslator | undefined;
  return {
    contentType: events.contentType,
    push(bytes) {
      chosen ??= beginsAsObject(bytes) ? whole() : events;
      return chosen.push(bytes);
    },
    end: () => (chosen ?? events).end(),
    fail: (failure) => (chosen ?? events).fail(failure),
    leave: () => (chosen ?? events).leave(),
    keepAlive: () => (chosen ?? events).keepAlive(),
    get progress() {
      return (chosen ?? events).progress;
    },
  };
}

/**
 * The place frames its stream in another way than the caller reads it, or sends more: the same frames in other wrappings, unparsed,
 * without those that are `kept` back.
 */
function reframeStream(
  inbound: Inbound,
  from: ReplyFraming,
  to: Framing,
  settings: ReplySettings,
  renaming: ReplyRenaming | undefined,
  kept: (frame: Frame) => boolean = () => false,
): StreamTranslator {
  const { dialect } = inbound;
  const { markers } = dialect.watch;
  const reader = from.reader();
  const writer = to.writer();
  const progress: Progress = { begun: false, finished: false };
  let first = true;
  /** As the caller reads them: where a stream began, and how far it has come. */
  let opening: Frame | undefined;
  let latest: Frame | undefined;

  /** Nothing follows a failure: a frame behind it would speak of a reply that the caller has given up. */
  function pass(read: () => readonly Frame[]): string {
    if (progress.failure) return '';
    let text = '';
    try {
      for (const frame of read()) {
        if (first || markers.some((marker) => frame.data.includes(marker)))
          note(progress, dialect.watch.frame(frame), first);
        first = false;
        const told = progress.failure ? { ...frame, data: withoutVendorIds(frame.data) } : frame;
        latest = renaming ? { ...told, data: renaming.text(told.data) } : told;
        opening ??= latest;
        if (!kept(frame)) text += writer.write([latest]);
        if (progress.failure) break;
      }
    } catch (thrown) {
      // Even behind the word that the reply is complete: the frame that is damaged may be the one callers wait for.
      text += breakOff(asFailure(thrown));
    }
    return text;
  }

  function breakOff(failure: Failure): string {
    progress.failure = failure;
    return writer.write(errorIn(inbound, settings, failure, opening && latest ? [opening, latest] : []));
  }

  return {
    contentType: to.contentType,
    push: (bytes) => pass(() => reader.push(bytes)),
    end: () => {
      const rest = pass(() => reader.end());
      const broken = !progress.finished && !progress.failure;
      return rest + (broken ? breakOff(truncated()) : '') + writer.end();
    },
    fail: (failure) => (progress.finished || progress.failure ? '' : breakOff(failure)) + writer.end(),
    leave: () => undefined,
    keepAlive: () => (dialect.keepAlive ? writer.write([dialect.keepAlive]) : writer.idle),
    progress,
  };
}

/** Of what a relay passes on nothing is written but the error that ends it, so nothing can be lost. */
function errorIn(
  { dialect, glance }: Inbound,
  settings: ReplySettings,
  failure: Failure,
  seen: readonly Frame[],
): readonly Frame[] {
  const within = dialect.breakOff?.(failure, seen);
  if (within) return within;
  const context = { ...settings, model: glance.model, report: () => undefined };
  return dialect.encodeStream(context).push({ type: 'failure', failure });
}
