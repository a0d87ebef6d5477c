import fc from 'fast-check';
import OpenAI from 'openai';
import { expect, test } from 'vitest';
import type { Chunk } from '../bytes/framing.ts';
import { Failure } from '../conversation/failure.ts';
import { replay } from '../conversation/replay.ts';
import type { Reply } from '../conversation/reply.ts';
import type { EncodeReplyContext } from '../dialects/dialect.ts';
import { completions } from '../dialects/openai-chat/completions.ts';
import { openaiChat } from '../dialects/registry.ts';
import { concluding } from './conclude.ts';
import { inboundOf } from './decode.ts';
import { passThrough } from './pass-through.ts';
import type { StreamTranslator } from './translation.ts';

/** Row F16 of /v1/completions, which pass through as they are: a stream that breaks off ends as texts that say so. */

const words = 'Proxy error 504 (timeout): Too slow.';
const door = openaiChat.doors.find(({ operation }) => operation === 'complete');
const context: EncodeReplyContext = {
  model: 'i',
  created: 1,
  newId: (prefix) => `${prefix}ours`,
  report: () => undefined,
  request: { stream_options: { include_usage: true } },
};
const reply: Reply = {
  id: '',
  model: 'i',
  candidates: [{ parts: [{ type: 'text', text: words }], finish: { reason: 'stop' } }],
  usage: { inputTokens: 0, outputTokens: 0 },
};

function concluded(): StreamTranslator {
  if (!door?.relay) throw new Error('There is such a door.');
  const knock = { door, params: {}, query: new URLSearchParams(), headers: {} };
  const body = { model: 'i', prompt: 'Hi', stream: true };
  const inbound = inboundOf(openaiChat, knock, new TextEncoder().encode(JSON.stringify(body)));
  const inner = passThrough(inbound, door, 'text/event-stream');
  return concluding(inner, inbound, { form: completions, text: () => words, reply: () => reply, context: () => context }); // prettier-ignore
}

const textOf = (chunk: Chunk | undefined) => (typeof chunk === 'string' ? chunk : new TextDecoder().decode(chunk));

interface Heard {
  readonly texts: readonly string[];
  readonly finishes: readonly string[];
  readonly tokens: number | undefined;
}

/** What OpenAI's own SDK makes of it. */
async function heard(stream: string): Promise<Heard> {
  const answering = () => Promise.resolve(new Response(stream, { headers: { 'content-type': 'text/event-stream' } }));
  const client = new OpenAI({ apiKey: 'k', maxRetries: 0, dangerouslyAllowBrowser: true, fetch: answering });
  const texts: string[] = [];
  const finishes: string[] = [];
  let tokens: number | undefined;
  for await (const chunk of await client.completions.create({ model: 'i', prompt: 'Hi', stream: true })) {
    tokens = chunk.usage?.completion_tokens ?? tokens;
    for (const { index, text, finish_reason } of chunk.choices) {
      texts[index] = (texts[index] ?? '') + text;
      // The SDK's type leaves out what comes before the end.
      if ((finish_reason as string | null) !== null) finishes.push(`${index} ${finish_reason}`);
    }
  }
  return { texts, finishes, tokens };
}

const piece = (index: number, text: string, finish_reason: string | null = null) =>
  `data: ${JSON.stringify({ id: 'cmpl-1', object: 'text_completion', created: 1, model: 'i', choices: [{ text, index, logprobs: null, finish_reason }] })}\n\n`; // prettier-ignore
const first = piece(0, 'Ha');
const stream = `${first}${piece(1, 'No')}${piece(1, '', 'length')}${piece(0, 'lf')}${piece(0, '', 'stop')}data: [DONE]\n\n`;

test('E5 cut at any byte, each text that had not ended says it', async () => {
  const bytes = new TextEncoder().encode(stream);
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: first.length, max: bytes.length - 1 }),
      fc.integer({ min: 1, max: 300 }),
      fc.boolean(),
      async (cut, size, closed) => {
        const translator = concluded();
        let out = '';
        for (let at = 0; at < cut; at += size)
          out += textOf(translator.push(bytes.subarray(at, Math.min(at + size, cut))));
        out += textOf(closed ? translator.end() : translator.fail(new Failure('timeout', 'Too slow.')));
        const { texts, finishes } = await heard(out);
        expect(texts[0]).toMatch(/^Ha/);
        for (const [index, text] of texts.entries()) {
          const ended = stream.slice(0, cut).includes(`"index":${index},"logprobs":null,"finish_reason":"`);
          // The mark of the end may have been cut within its frame.
          if (!ended) expect(text.endsWith(words), out).toBe(true);
          else if (text.endsWith(words)) expect(finishes, out).toContain(`${index} stop`);
          expect(finishes.filter((finish) => finish.startsWith(`${index} `)), out).toHaveLength(1); // prettier-ignore
        }
        const told = texts.some((text) => text.endsWith(words));
        if (told) expect(translator.progress.failure?.kind).toBe(closed ? 'bad-upstream' : 'timeout');
        if (told) expect(out.endsWith('data: [DONE]\n\n'), out).toBe(true);
      },
    ),
  );
});

test('a stream that ends in order passes as it came', () => {
  const translator = concluded();
  expect(textOf(translator.push(new TextEncoder().encode(stream))) + textOf(translator.end())).toBe(stream);
  expect(translator.progress).toMatchObject({ finished: true });
  expect(translator.progress.failure).toBeUndefined();
});

test('an upstream’s own word for it becomes the last text', async () => {
  const translator = concluded();
  const wire = `${first}data: {"error":{"message":"busy","type":"server_error"}}\n\n`;
  const out = textOf(translator.push(new TextEncoder().encode(wire))) + textOf(translator.end());
  expect(await heard(out)).toEqual({ texts: [`Ha\n\n${words}`], finishes: ['0 stop'], tokens: undefined });
});

test('an error in place of a reply is one, whole and streamed, with its usage', async () => {
  expect(completions.encodeReply(reply, context)).toEqual({
    id: 'cmpl-ours',
    object: 'text_completion',
    created: 1,
    model: 'i',
    choices: [{ text: words, index: 0, logprobs: null, finish_reason: 'stop' }],
    usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
  });
  const encoder = completions.encodeStream(context);
  const frames = replay(reply).flatMap((event) => encoder.push(event));
  const out = frames.map(({ data }) => `data: ${data}\n\n`).join('');
  expect(await heard(out)).toEqual({ texts: [words], finishes: ['0 stop'], tokens: 0 });
  expect(frames.at(-1)).toEqual({ data: '[DONE]' });
});
