import type { CallRecord, Flow, Ledger, Sink, Source } from '@proxy/core';

/** Calls as they end, for whoever watches. */
export interface Tail extends Ledger {
  /** Server-sent events: one a call, until the watcher goes away. */
  watch(write: (record: CallRecord) => string): Source;
  close(): void;
}

/** Proxies in between cut connections that say nothing. */
const beatMs = 15_000;
/** A session or key may have ended meanwhile; browsers come back by themselves, and are asked again. */
const longestMs = 60 * 60_000;

interface Watcher {
  take(record: CallRecord): void;
  end(): void;
}

export function createTail(): Tail {
  const watchers = new Set<Watcher>();
  return {
    append(record) {
      if (watchers.size > 0) for (const watcher of watchers) watcher.take(record);
    },
    watch: (write) => ({ start: (sink) => watching(sink, write, watchers) }),
    close() {
      for (const watcher of watchers) watcher.end();
    },
  };
}

function watching(sink: Sink, write: (record: CallRecord) => string, watchers: Set<Watcher>): Flow {
  /** Calls that were left out because the watcher reads too slowly. */
  let missed = 0;
  let ready = sink.write(': calls as they end\n\n');
  const send = (text: string) => {
    ready = sink.write(text);
  };
  const watcher: Watcher = {
    take(record) {
      if (!ready) missed += 1;
      else send(`event: call\ndata: ${write(record)}\n\n`);
    },
    end() {
      stop();
      sink.end();
    },
  };
  const beat = setInterval(() => ready && send(': beat\n\n'), beatMs).unref();
  const longest = setTimeout(watcher.end, longestMs).unref();
  const stop = () => {
    clearInterval(beat);
    clearTimeout(longest);
    watchers.delete(watcher);
  };
  watchers.add(watcher);
  return {
    resume() {
      ready = true;
      if (missed > 0) send(`event: missed\ndata: ${missed}\n\n`);
      missed = 0;
    },
    cancel: stop,
  };
}
