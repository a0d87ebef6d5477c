import {
  isSource,
  type CallRecord,
  type Chunk,
  type HttpAnswer,
  type Incoming,
  type Policy,
  type Source,
} from '@proxy/core';

/** A call with what was asked and answered in it. */
export interface Exchange {
  readonly inbound: Incoming;
  readonly record: CallRecord;
  /** Absent: it was answered over a socket, which is not looked into. */
  readonly answer?: { readonly body: Uint8Array; readonly contentType: string; readonly cut: boolean };
}

/** Sees both ends of each call while it runs, and tells of it when record and answer are both complete. */
export interface Exchanges {
  readonly policy: Policy;
  watch(answer: HttpAnswer): HttpAnswer;
  /** The request of a call that runs or has just ended. */
  inboundOf(requestId: string): Incoming | undefined;
  recorded(record: CallRecord): void;
}

interface Pending {
  readonly inbound: Incoming;
  record?: CallRecord;
  watched?: boolean;
  answer?: NonNullable<Exchange['answer']>;
}

/** Of a longer answer the beginning is kept. */
const maxKeptBytes = 8 * 1024 * 1024;

export function createExchanges(over: (exchange: Exchange) => void): Exchanges {
  const pending = new Map<string, Pending>();

  function finish(requestId: string, { inbound, record, answer }: Pending): void {
    if (!record || !pending.delete(requestId)) return;
    over({ inbound, record, ...(answer && { answer }) });
  }

  return {
    policy: {
      name: 'exchanges',
      inspect({ requestId }, inbound) {
        const { operation } = inbound.knock.door;
        if (operation === 'generate' || operation === 'complete') pending.set(requestId, { inbound });
      },
    },
    watch(answer) {
      const requestId = answer.headers['x-proxy-request-id'] ?? '';
      const exchange = pending.get(requestId);
      if (!exchange) return answer;
      exchange.watched = true;
      const contentType = answer.headers['content-type'] ?? '';
      const ended = (body: Uint8Array, cut: boolean) => {
        exchange.answer = { body, contentType, cut };
        finish(requestId, exchange);
      };
      if (!isSource(answer.body)) {
        ended(bytesOf(answer.body ?? ''), false);
        return answer;
      }
      return { ...answer, body: watched(answer.body, ended) };
    },
    inboundOf: (requestId) => pending.get(requestId)?.inbound,
    recorded(record) {
      const exchange = pending.get(record.requestId);
      if (!exchange) return;
      exchange.record = record;
      if (exchange.answer) finish(record.requestId, exchange);
      // A whole answer is recorded a moment before it is handed out.
      else if (!exchange.watched)
        setImmediate(() => void (exchange.watched !== true && finish(record.requestId, exchange)));
    },
  };
}

/** The same bytes, and a copy of them when they are over. */
function watched(source: Source, ended: (body: Uint8Array, cut: boolean) => void): Source {
  return {
    start(sink) {
      const pieces: Uint8Array[] = [];
      let length = 0;
      let over = false;
      const end = () => {
        if (over) return;
        over = true;
        ended(Buffer.concat(pieces), length > maxKeptBytes);
      };
      const flow = source.start({
        write(chunk) {
          const bytes = bytesOf(chunk);
          if (length <= maxKeptBytes) pieces.push(bytes.slice(0, maxKeptBytes - length));
          length += bytes.length;
          return sink.write(chunk);
        },
        end() {
          sink.end();
          end();
        },
        fail(error) {
          sink.fail(error);
          end();
        },
      });
      return {
        resume: () => flow.resume(),
        cancel() {
          flow.cancel();
          end();
        },
      };
    },
  };
}

function bytesOf(chunk: Chunk): Uint8Array {
  return typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk;
}
