import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isSource, type Sink, type Source, type Transport } from '@proxy/core';

const bytesBetween = 16 * 1024 * 1024;

/**
 * V8 frees a buffer with the object that holds it, and its young generation is full only when many thousands of such objects have come
 * and gone: a large upload, which is a thousand objects of 64 KB at a time, left some 135 MB of dead buffers lying about. Asked
 * for a young collection after every 16 MB, a millisecond or two, it leaves 30, however long the upload is.
 */
export function collectUploads(next: Required<Transport>): Required<Transport> {
  let passed = 0;

  function count(bytes: number): void {
    passed += bytes;
    if (passed < bytesBetween) return;
    passed = 0;
    collectYoung();
  }

  return {
    send(request) {
      const { body } = request;
      return next.send(isSource(body) ? { ...request, body: counted(body, count) } : request);
    },
    open: (request) => next.open(request),
  };
}

function counted(source: Source, count: (bytes: number) => void): Source {
  return {
    start(sink) {
      const counting: Sink = {
        write(chunk) {
          count(chunk.length);
          return sink.write(chunk);
        },
        end: () => sink.end(),
        fail: (error) => sink.fail(error),
      };
      return source.start(counting);
    },
  };
}

let collect: ((options: { readonly type: 'minor' }) => void) | undefined;

/** Node hands out the collector only to programs started with a flag, and to contexts made after one was set. */
function collectYoung(): void {
  if (!collect) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as typeof collect; // V8's own, by that flag
    setFlagsFromString('--no-expose-gc');
  }
  collect?.({ type: 'minor' });
}
