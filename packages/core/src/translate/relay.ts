import type { Framing } from '../bytes/framing.ts';
import { topLevel } from '../bytes/splice.ts';
import type { Failure } from '../conversation/failure.ts';
import { laterUsage, type Usage } from '../conversation/usage.ts';
import { convert } from './convert.ts';
import { relayedRequestHeaders } from './headers.ts';
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
import { failureOf } from './upstream-failure.ts';

/** Same dialect in and out: the bytes go through, but for an aliased model's name. Usage is read in passing. */
export function relay(inbound: Inbound, destination: Destination, settings: ReplySettings): Translation {
  const { dialect, glance, knock } = inbound;
  const framing: Framing = dialect.framingOf?.(knock) ?? dialect.framing;
  const body = destination.model === glance.model ? inbound.body : dialect.rename(inbound.body, destination.model);
  return {
    way: 'relay',
    body,
    headers: relayedRequestHeaders(knock.headers),
    notices: [],
    // An upstream that answers in the other form than it was asked for is put right over the hub (X4).
    whole: (reply, contentType) =>
      contentType.includes('event-stream')
        ? convert(inbound, destination, settings).whole(reply, contentType)
        : relayWhole(inbound, reply, contentType),
    stream: (contentType) =>
      contentType.includes('json') && framing.contentType === 'text/event-stream'
        ? convert(inbound, destination, settings).stream(contentType)
        : relayStream(inbound, framing, settings),
    failure: (status, reply, headers) => failureOf(dialect, status, reply, headers),
  };
}

/** @throws Failure when the body is an error under a status of 200 (X4), so that another target may be tried. */
function relayWhole({ dialect }: Inbound, body: Uint8Array, contentType: string): WholeReply {
  const { usage, failure, finished } = dialect.watch.whole(topLevel(body)) ?? {};
  if (failure && !finished) throw failure;
  return { contentType, body, ...(usage && { usage }) };
}

interface Progress extends StreamProgress {
  begun: boolean;
  finished: boolean;
  usage?: Usage;
  failure?: Failure;
}

function relayStream(inbound: Inbound, framing: Framing, settings: ReplySettings): StreamTranslator {
  const { dialect, glance } = inbound;
  const progress: Progress = { begun: false, finished: false };
  const tap = createTap(framing, dialect.watch, (sighting, first) => {
    const usage = laterUsage(progress.usage, sighting?.usage);
    if (usage) progress.usage = usage;
    if (sighting?.failure) progress.failure ??= sighting.failure;
    if (sighting?.finished) progress.finished = true;
    if (first && !sighting?.failure) progress.begun = true;
  });

  /** Only for a stream that broke off: its own bytes never say so, and a clean close would look like an end (E5). */
  function breakOff(failure: Failure): string {
    progress.failure = failure;
    const encoder = dialect.encodeStream({ ...settings, model: glance.model });
    const writer = framing.writer();
    // The blank line closes a frame that was cut in the middle.
    const closing = framing.contentType === 'text/event-stream' ? '\n\n' : '';
    return closing + writer.write(encoder.push({ type: 'failure', failure })) + writer.end();
  }

  return {
    contentType: framing.contentType,
    push: (bytes) => {
      tap.push(bytes);
      return bytes;
    },
    end: () => {
      tap.end();
      if (progress.finished || progress.failure) return '';
      return breakOff(truncated());
    },
    fail: (failure) => {
      tap.end();
      return progress.failure || progress.finished ? '' : breakOff(failure);
    },
    leave: () => tap.end(),
    // The bytes may stand anywhere within a frame, so nothing may be put between them.
    keepAlive: () => '',
    progress,
  };

  function truncated(): Failure {
    return dialect.decodeError(502, 'The upstream ended its stream before it had finished.', {});
  }
}
