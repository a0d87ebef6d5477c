import type { HeaderMap } from '../dialects/dialect.ts';
import type { CancelSignal, UpstreamResponse } from '../ports.ts';
import type { StreamTranslator } from '../translate/translation.ts';
import { Ending } from './ending.ts';
import { openStream } from './open-stream.ts';
import type { Running } from './running.ts';
import type { StreamEnd, Tried } from './try-targets.ts';

const defaultKeepAliveMs = 15_000;

/** A reply that goes on while it comes in, as soon as it has begun well. */
export async function answerOpened(
  gateway: Running,
  response: UpstreamResponse,
  translator: StreamTranslator,
  headers: HeaderMap,
  signal: CancelSignal,
): Promise<Tried> {
  const streamed = new Ending<StreamEnd>();
  const opened = await openStream(response.body, translator, {
    signal,
    keepAliveMs: gateway.options.keepAliveMs ?? defaultKeepAliveMs,
    onClose: (progress, failure, receivedBytes) =>
      streamed.end({ progress, receivedBytes, ...(failure && { failure }) }),
  });
  if ('failure' in opened) return { failure: opened.failure, status: opened.failure.status };
  const typed = translator.contentType === '' ? headers : { ...headers, 'content-type': translator.contentType };
  return { answer: { status: response.status, headers: typed, body: opened.source }, streamed };
}
