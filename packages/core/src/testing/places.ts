import { createGateway } from '../gateway/create.ts';
import type { Upstream } from '../gateway/gateway.ts';
import { readAll } from '../gateway/read-all.ts';
import { memoryLedger } from '../memory.ts';
import type { OutboundRequest } from '../ports.ts';
import type { Provider } from '../providers/provider.ts';

/** What a place answers: the object as JSON, or the text as an event stream. */
export interface Answer {
  readonly status?: number;
  readonly body: object | string;
}

/** A gateway in front of one place that answers as `answer` says; whatever it was asked is kept. */
export function placeAt(
  provider: Provider,
  upstream: Partial<Upstream>,
  answer: (request: OutboundRequest, count: number) => Answer | Promise<Answer>,
) {
  const requests: OutboundRequest[] = [];
  const ledger = memoryLedger();
  let now = 1_790_000_000_000;
  const gateway = createGateway({
    upstreams: [{ name: 'up', provider, credentials: [{ id: 'k', secret: 'plain-key' }], ...upstream }],
    keepAliveMs: 0,
    ports: {
      clock: { now: () => now },
      ledger,
      transport: {
        async send(request) {
          requests.push(request);
          const { status = 200, body } = await answer(request, requests.length);
          const text = typeof body === 'string' ? body : JSON.stringify(body);
          return {
            status,
            headers: { 'content-type': typeof body === 'string' ? 'text/event-stream' : 'application/json' },
            body: {
              start(sink) {
                sink.write(new TextEncoder().encode(text));
                sink.end();
                return { resume: () => undefined, cancel: () => undefined };
              },
            },
          };
        },
      },
    },
  });

  async function ask(path: string, body: object, headers: Readonly<Record<string, string>> = {}) {
    const reply = await gateway.handle({
      method: 'POST',
      url: path,
      headers: { 'content-type': 'application/json', ...headers },
      body: new TextEncoder().encode(JSON.stringify(body)),
      signal: new AbortController().signal,
    });
    const raw = reply.body ?? '';
    const text =
      typeof raw === 'string'
        ? raw
        : new TextDecoder().decode(raw instanceof Uint8Array ? raw : await readAll(raw, 1e9, () => new Error('large')));
    return { status: reply.status, headers: reply.headers, text };
  }

  return {
    ask,
    requests,
    records: () => ledger.records(),
    pass: (seconds: number) => void (now += seconds * 1000),
    now: () => now,
  };
}

/** What was sent, its body parsed. */
export function jsonOf(request: OutboundRequest | undefined): Readonly<Record<string, unknown>> {
  const body = request?.body ?? 'null';
  const text = body instanceof Uint8Array ? new TextDecoder().decode(body) : body;
  return JSON.parse(typeof text === 'string' ? text : 'null') as Record<string, unknown>; // our own encoder's
}

export const chatReply = {
  id: 'c',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
};

export const messageReply = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'm',
  content: [{ type: 'text', text: 'Hi' }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { input_tokens: 5, output_tokens: 2 },
};

export const geminiReply = {
  candidates: [{ content: { role: 'model', parts: [{ text: 'Hi' }] }, finishReason: 'STOP' }],
  usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 2, totalTokenCount: 7 },
};

export const say = (model: string, more: object = {}) => ({
  model: `up/${model}`,
  max_tokens: 99,
  messages: [{ role: 'user', content: 'Hi' }],
  ...more,
});
