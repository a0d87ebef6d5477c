import { joinBytes } from '../bytes/join.ts';
import { topLevel } from '../bytes/splice.ts';
import { sse } from '../bytes/sse.ts';
import { laterUsage, type Usage } from '../conversation/usage.ts';
import type { RelayDoor, Sighting, TopLevel, Watch } from '../dialects/dialect.ts';
import { isObject, tryParseJson } from '../json.ts';
import { maskErrors } from './mask-errors.ts';
import { createTap } from './tap.ts';
import type { Inbound, StreamProgress, StreamTranslator } from './translation.ts';

/** A longer JSON reply is not looked into: the estimate stands for what it cost. */
const maxReadBytes = 8 * 1024 * 1024;

type Progress = { -readonly [K in keyof StreamProgress]: StreamProgress[K] };

/** A reply of an operation that goes over no hub: its bytes, whatever they are, and what they cost where they say it. */
export function passThrough(inbound: Inbound, door: RelayDoor, contentType: string): StreamTranslator {
  const progress: Progress = { begun: false, finished: false };
  const look = lookerFor(inbound, door, contentType, progress);
  const masking = contentType.includes('event-stream') ? maskErrors(true) : undefined;
  return {
    contentType,
    push(bytes) {
      look.push(bytes);
      return masking ? masking.push(bytes) : bytes;
    },
    end() {
      look.end();
      progress.finished = true;
      return masking?.end() ?? '';
    },
    fail(failure) {
      look.end();
      progress.failure ??= failure;
      return undefined;
    },
    leave: () => look.end(),
    keepAlive: () => '',
    progress,
  };
}

interface Looker {
  push(bytes: Uint8Array): void;
  end(): void;
}

function lookerFor({ dialect }: Inbound, { relay }: RelayDoor, contentType: string, progress: Progress): Looker {
  const seen = (usage: Usage | undefined) => {
    const known = laterUsage(progress.usage, usage);
    if (known) progress.usage = known;
    if (usage) progress.current = true;
  };
  if (contentType.includes('event-stream'))
    return createTap(sse, watchFor(dialect.watch, relay), (sighting, opening) => {
      seen(sighting?.usage);
      if (sighting?.failure) progress.failure ??= sighting.failure;
      else if (opening !== undefined) progress.begun = true;
    });
  const whole = contentType.includes('json') && relay.usage ? keeper() : undefined;
  return {
    push(bytes) {
      progress.begun = true;
      whole?.push(bytes);
    },
    end() {
      const body = whole?.end();
      if (body) seen(usageIn(relay, topLevel(body)));
    },
  };
}

/** Errors are the dialect's in every stream; what it cost is written as the operation does. */
function watchFor(watch: Watch, relay: RelayDoor['relay']): Watch {
  return {
    markers: [...watch.markers, '"usage"'],
    frame(frame): Sighting {
      const failure = watch.frame(frame)?.failure;
      const body = tryParseJson(frame.data);
      const usage = isObject(body) ? usageIn(relay, { get: (name) => body[name] }) : undefined;
      return { ...(failure && { failure }), ...(usage && { usage }) };
    },
    whole: () => undefined,
  };
}

function usageIn(relay: RelayDoor['relay'], reply: TopLevel): Usage | undefined {
  try {
    return relay.usage?.(reply);
  } catch {
    // Not a JSON object after all: there is nothing to see.
    return undefined;
  }
}

/** Holds a reply while it is short enough. */
function keeper() {
  let pieces: Uint8Array[] = [];
  let length = 0;
  return {
    push(bytes: Uint8Array) {
      length += bytes.length;
      if (length <= maxReadBytes) pieces.push(bytes);
      else pieces = [];
    },
    end: () => (length > 0 && length <= maxReadBytes ? joinBytes(pieces) : undefined),
  };
}
