import type { CallRecord, Flow, Ledger, Sink, Source } from '@proxy/core';

/** Calls as they end, for whoever watches. */
export interface Tail extends Ledger {
  /** Server-sent events: one a call, until the watcher goes away, or may not watch any longer. */
  watch(write: (record: CallRecord) => string, mayWatch: () => Promise<boolean>): Source;
  /** Sessions or keys have changed: every watcher is asked anew. */
  recheck(): void;
  close(): void;
}

/** Proxies in between cut connections that say nothing; and sessions run out, or end in another process. */
const beatMs = 15_000;
const longestMs = 60 * 60_000;

interface Watcher {
  take(record: CallRecord): void;
  /** Ends it when it may not watch any longer. */
  recheck(): Promise<void>;
  end(): void;
}

export function createTail(): Tail {
  const watchers = new Set<Watcher>();
  return {
    append(record) {
      if (watchers.size > 0) for (const watcher of watchers) watcher.take(record);
    },
    watch: (write, mayWatch) => ({ start: (sink) => watching(sink, write, mayWatch, watchers) }),
    recheck() {
      for (const watcher of watchers) void watcher.recheck();
    },
    close() {
      for (const watcher of watchers) watcher.end();
    },
  };
}

function watching(
  sink: Sink,
  write: (record: CallRecord) => string,
  mayWatch: () => Promise<boolean>,
  watchers: Set<Watcher>,
): Flow {
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
    async recheck() {
      if (!(await mayWatch()) && watchers.has(watcher)) watcher.end();
    },
    end() {
      stop();
      sink.end();
    },
  };
  const beat = setInterval(() => {
    if (ready) send(': beat\n\n');
    void watcher.recheck();
  }, beatMs).unref();
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
