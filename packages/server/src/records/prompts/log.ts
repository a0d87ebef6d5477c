import type { CallRecord, HttpAnswer, Incoming, Log, Policy } from '@proxy/core';
import type { PromptsConfig } from '../../config/records.ts';
import type { Prompts, StoredPrompt } from '../../storage/prompts.ts';
import { dayFiles } from '../day-file.ts';
import { createOutlet, type Outlet } from '../outlet.ts';
import { createExchanges, type Exchange } from './exchanges.ts';
import { promptText, responseText } from './text.ts';
import { postTo } from './webhook.ts';

/** What is written of a call: the first four members are oai-reverse-proxy's (acceptance row F20). */
export interface PromptEntry {
  readonly endpoint: string;
  readonly model: string;
  readonly prompt: string;
  readonly response: string;
  readonly requestId: string;
  readonly time: string;
  readonly callerId?: string;
  /** Of a longer response, the beginning. */
  readonly cut?: true;
}

export interface PromptLog {
  readonly policy: Policy;
  watch(answer: HttpAnswer): HttpAnswer;
  inboundOf(requestId: string): Incoming | undefined;
  recorded(record: CallRecord): void;
  flush(): Promise<void>;
}

/** Keeps what was asked and answered, of calls that went well. `mask` leaves secrets out; `stored` is where the storage keeps them. */
export function createPromptLog(
  config: PromptsConfig | undefined,
  log: Log,
  mask: (text: string) => string,
  stored?: Prompts,
): PromptLog {
  const outlet = config && outletFor(config, log, textsOf(config, mask), stored);
  const exchanges = createExchanges((exchange) => {
    if (exchange.record.status < 400) outlet?.push(exchange);
  });
  return { ...exchanges, flush: () => outlet?.flush() ?? Promise.resolve() };
}

function outletFor(
  config: PromptsConfig,
  log: Log,
  entryOf: (exchange: Exchange) => PromptEntry,
  stored: Prompts | undefined,
): Outlet<Exchange> {
  const { to, folder, url = '', headers, days } = config;
  const write = dayFiles(folder, '.jsonl', days);
  const post = postTo(url, headers);
  // Each holds a whole answer, so fewer may wait than of other records.
  const bounds = { log, maxWaiting: 1000, maxBatch: 25 };
  if (to === 'webhook')
    return createOutlet({ ...bounds, name: 'the webhook for prompts', deliver: (batch) => post(batch.map(entryOf)) });
  if (to === 'storage')
    return createOutlet({
      ...bounds,
      name: 'the prompts in the storage',
      async deliver(batch) {
        if (!stored) throw new Error('There is no storage here.');
        await stored.add(batch.map((exchange) => rowOf(exchange, entryOf(exchange))));
      },
    });
  return createOutlet({
    ...bounds,
    name: `the prompts in ${folder}`,
    deliver: (batch) =>
      write(batch.map((exchange) => ({ at: exchange.record.startedAt, text: JSON.stringify(entryOf(exchange)) }))),
  });
}

function rowOf({ record }: Exchange, { time: _time, ...entry }: PromptEntry): StoredPrompt {
  return { ...entry, startedAt: record.startedAt };
}

function textsOf({ redact }: PromptsConfig, mask: (text: string) => string): (exchange: Exchange) => PromptEntry {
  const patterns = redact.map((pattern) => new RegExp(pattern, 'gu'));
  const cleaned = (text: string) => mask(patterns.reduce((rest, pattern) => rest.replace(pattern, '[redacted]'), text));
  return ({ inbound, record, answer }) => ({
    endpoint: record.path ?? '',
    model: record.model ?? '',
    prompt: cleaned(promptOf(inbound)),
    response: answer ? cleaned(responseText(inbound, answer.body, answer.contentType)) : '',
    requestId: record.requestId,
    time: new Date(record.startedAt).toISOString(),
    ...(record.callerId !== undefined && { callerId: record.callerId }),
    ...(answer?.cut && { cut: true }),
  });
}

/** A relayed body need not be anything that we can read: what came, then, so that it holds up no other. */
function promptOf(inbound: Incoming): string {
  try {
    return promptText(inbound);
  } catch {
    return new TextDecoder().decode(inbound.body);
  }
}
