import fc from 'fast-check';
import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { sse } from '../bytes/sse.ts';
import { isObject, list, tryParseJson, type JsonObject } from '../json.ts';
import { broken, concludingStream, textOf, words } from '../testing/concluding.ts';
import { dialects, type Name } from '../testing/pairs.ts';

/** Row F16 of streams with several choices, with frames that nobody knows, and with errors that say more than that. */

const encoder = new TextEncoder();
const frame = (data: object) => `data: ${JSON.stringify(data)}\n\n`;
const chunk = (index: number, delta: object, finish_reason: string | null = null, more: object = {}) =>
  frame({ id: 'c', object: 'chat.completion.chunk', created: 7, model: 'm', choices: [{ index, delta, finish_reason }], ...more }); // prettier-ignore
const candidate = (index: number, text: string, finishReason?: string, more: object = {}) =>
  frame({ candidates: [{ content: { role: 'model', parts: [{ text }] }, index, ...(finishReason && { finishReason }) }], responseId: 'r', ...more }); // prettier-ignore

function heardOf(client: Name, wire: string, size = wire.length, by: 'end' | 'fail' = 'fail') {
  const translator = concludingStream(client, dialects[client]);
  const bytes = encoder.encode(wire);
  let text = '';
  for (let at = 0; at < bytes.length; at += size) text += textOf(translator.push(bytes.subarray(at, at + size)));
  text += textOf(by === 'end' ? translator.end() : translator.fail(broken()));
  return { text, progress: translator.progress };
}

function framesOf(text: string): readonly JsonObject[] {
  const reader = sse.reader();
  return [...reader.push(encoder.encode(text)), ...reader.end()].map(({ data }) => tryParseJson(data)).filter(isObject);
}

interface Choice {
  readonly said: string;
  readonly ends: readonly unknown[];
}

function choicesOf(text: string): ReadonlyMap<unknown, Choice> {
  const found = new Map<unknown, Choice>();
  for (const each of framesOf(text))
    for (const choice of [...list(each.choices), ...list(each.candidates)].filter(isObject)) {
      const { said, ends } = found.get(choice.index) ?? { said: '', ends: [] };
      const end = choice.finish_reason ?? choice.finishReason;
      found.set(choice.index, { said: said + textIn(choice), ends: end ? [...ends, end] : ends });
    }
  return found;
}

function textIn({ delta, content }: JsonObject): string {
  if (isObject(delta)) return typeof delta.content === 'string' ? delta.content : '';
  const parts = isObject(content) ? list(content.parts) : [];
  return parts.map((part) => (isObject(part) && typeof part.text === 'string' ? part.text : '')).join('');
}

const wholes = ['First', 'Second', 'Third'];
const several: Readonly<Record<'chat' | 'gemini', readonly string[]>> = {
  chat: [
    chunk(0, { role: 'assistant', content: '' }),
    chunk(1, { role: 'assistant', content: '' }),
    chunk(2, { role: 'assistant', content: 'Third' }),
    chunk(0, { content: 'First' }),
    chunk(2, {}, 'stop'),
    chunk(1, { content: 'Second' }),
    chunk(0, {}, 'length'),
    chunk(1, {}, 'stop'),
    'data: [DONE]\n\n',
  ],
  gemini: [
    candidate(0, 'Fir'),
    candidate(1, 'Sec'),
    candidate(2, 'Third', 'STOP'),
    candidate(0, 'st', 'MAX_TOKENS'),
    candidate(1, 'ond', 'STOP'),
  ],
};

describe.each(['chat', 'gemini'] as const)('several choices: %s', (client) => {
  const frames = several[client];
  const wire = frames.join('');

  test('E5 wherever the stream breaks, each has one end, and those that had none say why', () => {
    const first = encoder.encode(frames[0]).length;
    fc.assert(
      fc.property(
        fc.integer({ min: first, max: wire.length }),
        fc.integer({ min: 1, max: 500 }),
        fc.constantFrom('end' as const, 'fail' as const),
        (cut, size, by) => {
          const { text, progress } = heardOf(client, wire.slice(0, cut), size, by);
          const choices = choicesOf(text);
          for (const [index, { said, ends }] of choices) {
            expect(ends, `${String(index)}: ${text}`).toHaveLength(1);
            const [begun = '', told] = said.split(/(?:\n\n)?Proxy error /);
            expect(wholes[Number(index)]?.startsWith(begun), text).toBe(true);
            // Whatever is not whole says why, and what is whole says nothing of it.
            if (begun !== wholes[Number(index)]) expect(told, text).toBeDefined();
            if (told !== undefined) expect(ends[0]).toMatch(/^stop$/i);
          }
          const kind = by === 'end' ? 'bad-upstream' : 'timeout';
          expect(progress.failure?.kind, text).toBe(text.includes('Proxy error') ? kind : undefined);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('one that has ended is not taken for the end of all', () => {
    const ended = frames.findIndex((each) => each.includes('"stop"') || each.includes('"STOP"')) + 1;
    for (const by of ['end', 'fail'] as const) {
      const { text, progress } = heardOf(client, frames.slice(0, ended).join(''), 100, by);
      const choices = choicesOf(text);
      expect([...choices.keys()].toSorted()).toEqual([0, 1, 2]);
      const kind = by === 'end' ? 'bad-upstream' : 'timeout';
      for (const index of [0, 1]) expect(choices.get(index)?.said).toContain(`(${kind})`);
      expect(choices.get(2)).toEqual({ said: 'Third', ends: [client === 'chat' ? 'stop' : 'STOP'] });
      expect(progress.failure?.kind).toBe(kind);
    }
  });

  test('all of them whole: the stream passes as it came', () => {
    const { text, progress } = heardOf(client, wire, 50, 'end');
    expect(text).toBe(wire);
    expect(progress.failure).toBeUndefined();
  });
});

test('a mark of the end behind one choice of two waits for the other', async () => {
  const wire = [
    chunk(0, { role: 'assistant', content: 'A' }),
    chunk(1, { role: 'assistant', content: 'B' }),
    chunk(0, {}, 'stop'),
    'data: [DONE]\n\n',
  ].join('');
  const { text } = heardOf('chat', wire, 64, 'end');
  expect(text.match(/\[DONE\]/g)).toHaveLength(1);
  const answering = () => Promise.resolve(new Response(text, { headers: { 'content-type': 'text/event-stream' } }));
  const client = new OpenAI({ apiKey: 'k', maxRetries: 0, dangerouslyAllowBrowser: true, fetch: answering });
  const { choices } = await client.chat.completions.stream({ model: 'm', n: 2, messages: [] }).finalChatCompletion();
  expect(choices).toMatchObject([
    { finish_reason: 'stop', message: { content: 'A' } },
    { finish_reason: 'stop', message: { content: expect.stringMatching(/^B\n\nProxy error 502/) as string } },
  ]);
});

describe('what nobody knows goes on', () => {
  const known = [chunk(0, { role: 'assistant', content: 'Half' }), chunk(0, { content: ' of' })] as const;
  const wire = `: PROCESSING\n\n${known[0]}:\n\ndata: no JSON at all\n\nevent: odd\ndata: [1,2]\n\n: more\n: and more\n\n${known[1]}`;

  test('comments and frames of another kind, however they are cut', () => {
    for (let size = 1; size <= wire.length; size += 1) {
      const { text } = heardOf('chat', wire, size);
      const lines = text.split('\n');
      expect(lines.filter((line) => line.startsWith(':'))).toEqual([': PROCESSING', ': ', ': more', ': and more']);
      const frames = text.split('\n\n').filter((part) => !part.startsWith(':'));
      expect(frames.slice(0, 4)).toEqual([
        known[0].trim(),
        'data: no JSON at all',
        'event: odd\ndata: [1,2]',
        known[1].trim(),
      ]);
      expect(choicesOf(text).get(0)).toEqual({ said: `Half of\n\n${words}`, ends: ['stop'] });
    }
  });

  test('but for one behind which nothing comes: it was the error', () => {
    const { text } = heardOf('chat', `${known[0]}data: <html>502</html>\n\n`);
    expect(text).not.toContain('html');
    expect(choicesOf(text).get(0)).toEqual({ said: `Half\n\n${words}`, ends: ['stop'] });
    const { text: whole } = heardOf('chat', `${known[0]}${chunk(0, {}, 'stop')}data: odd\n\n`, 10, 'end');
    expect(whole.endsWith('data: odd\n\n')).toBe(true);
  });

  test('but for the rest of a frame that was cut', () => {
    const whole = known.join('');
    for (let cut = known[0].length; cut < whole.length - 1; cut += 1) {
      const { text } = heardOf('chat', whole.slice(0, cut));
      const frames = text.split('\n\n').filter((part) => part !== '' && part !== 'data: [DONE]');
      for (const each of frames) expect(tryParseJson(each.replace(/^data: /, '')), text).toBeDefined();
    }
  });
});

describe('what a frame says beside its error is said', () => {
  const theirs = (message: string) => new RegExp(`^Half a\\n\\nUpstream error \\d+ \\([a-z-]+\\): ${message}`);
  const error = { message: 'Gone.', code: 502 };
  const rows: readonly (readonly [string, Name, readonly string[], string])[] = [
    ['OpenRouter', 'chat', [chunk(0, { content: 'Half' }), chunk(0, { content: ' a' }, 'error', { error })], 'Gone\\.'],
    ['a finish that is none', 'chat', [chunk(0, { content: 'Half' }), chunk(0, { content: ' a' }, 'network_error')], 'The upstream gave up'],
    ['an end that is none', 'chat', [chunk(0, { content: 'Half' }), chunk(0, { content: ' a' }, 'stop', { error })], 'Gone\\.'],
    ['MiniMax', 'chat', [chunk(0, { content: 'Half' }), chunk(0, { content: ' a' }, null, { base_resp: { status_code: 1013, status_msg: 'Gone.' } })], 'Gone\\.'],
    ['Gemini', 'gemini', [candidate(0, 'Half'), candidate(0, ' a', 'OTHER', { error: { code: 503, message: 'Gone.', status: 'UNAVAILABLE' } })], 'Gone\\.'],
  ]; // prettier-ignore

  test.each(rows)('%s', (_, client, frames, message) => {
    for (let size = 1; size < 200; size += 7) {
      const { text, progress } = heardOf(client, frames.join(''), size, 'end');
      const choice = choicesOf(text).get(0);
      expect(choice?.said, text).toMatch(theirs(message));
      expect(choice?.ends).toEqual([client === 'chat' ? 'stop' : 'STOP']);
      for (const name of ['"error"', 'base_resp', '"network_error"', 'OTHER']) expect(text).not.toContain(name);
      expect(progress.failure).toBeDefined();
    }
  });

  test('thoughts and calls are kept as well, and such a call is none to be run', () => {
    const call = { index: 0, id: 't', type: 'function', function: { name: 'look', arguments: '{' } };
    const wire =
      chunk(0, { role: 'assistant', reasoning_content: 'Hm' }) + chunk(0, { tool_calls: [call] }, 'error', { error });
    const { text } = heardOf('chat', wire);
    expect(text).toContain('"tool_calls"');
    expect(choicesOf(text).get(0)).toMatchObject({ ends: ['length'] });
  });

  test('an error that says nothing else leaves no frame behind', () => {
    const { text } = heardOf('chat', chunk(0, { content: 'Half' }) + chunk(0, { content: '' }, 'error', { error }));
    expect(framesOf(text)).toHaveLength(3);
  });
});
