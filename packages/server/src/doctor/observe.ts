import type { HeaderMap, OutboundRequest, Source, Transport } from '@proxy/core';

/** One request as it went out, and what came back: as the upstream said it, before anything is made of it. */
export interface Exchange {
  readonly url: string;
  readonly sentAtMs: number;
  status?: number;
  headers?: HeaderMap;
  /** The beginning of the body. */
  text: string;
  /** No answer at all. */
  error?: unknown;
}

const maxText = 64 * 1024;

/** The same transport, and a list that grows with what goes over it. */
export function observed({ send }: Transport, now: () => number) {
  const exchanges: Exchange[] = [];
  const transport: Transport = {
    async send(request: OutboundRequest) {
      const exchange: Exchange = { url: request.url, sentAtMs: now(), text: '' };
      exchanges.push(exchange);
      try {
        const response = await send(request);
        exchange.status = response.status;
        exchange.headers = response.headers;
        return { ...response, body: copied(response.body, exchange) };
      } catch (error) {
        exchange.error = error;
        throw error;
      }
    },
  };
  return { transport, exchanges: exchanges as readonly Exchange[] };
}

function copied(body: Source, exchange: Exchange): Source {
  const decoder = new TextDecoder();
  const note = (chunk: string | Uint8Array) => {
    if (exchange.text.length < maxText)
      exchange.text += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
  };
  return {
    start: (sink) =>
      body.start({
        write: (chunk) => {
          note(chunk);
          return sink.write(chunk);
        },
        end: () => sink.end(),
        fail: (error) => sink.fail(error),
      }),
  };
}
