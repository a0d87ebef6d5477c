import { describe, expect, test } from 'vitest';
import type { Conversation } from '../conversation/conversation.ts';
import type { MediaPart, Part } from '../conversation/message.ts';
import { estimateBodyTokens, estimatePromptTokens, estimateTokens } from './estimate.ts';
import { estimateTextTokens } from './estimate-text.ts';

/** [content, text, tokens in cl100k, tokens in o200k], counted by gpt-tokenizer 3. */
const counted = [
  [
    'English',
    'It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness.',
    29,
    29,
  ],
  ['short words', 'I am a b c to be or not to be, we go on as it is.', 19, 19],
  [
    'TypeScript',
    'export async function find(key: string): Promise<User | undefined> {\n  const rows = await db.selectFrom("users").where("key", "=", key).execute();\n  return rows[0];\n}',
    41,
    42,
  ],
  [
    'Python',
    'def fib(n):\n    if n < 2:\n        return n\n    return fib(n - 1) + fib(n - 2)\n\nprint([fib(i) for i in range(10)])',
    42,
    42,
  ],
  [
    'JSON',
    '{"type":"object","properties":{"city":{"type":"string","description":"Name of the city"},"days":{"type":"integer","minimum":1}},"required":["city"]}',
    35,
    37,
  ],
  [
    'German',
    'Als Gregor Samsa eines Morgens aus unruhigen Träumen erwachte, fand er sich in seinem Bett zu einem ungeheueren Ungeziefer verwandelt.',
    41,
    35,
  ],
  ['Polish', 'W Szczebrzeszynie chrząszcz brzmi w trzcinie i Szczebrzeszyn z tego słynie.', 33, 26],
  [
    'Finnish',
    'Kaikki ihmiset syntyvät vapaina ja tasavertaisina arvoltaan ja oikeuksiltaan. Heille on annettu järki ja omatunto.',
    44,
    36,
  ],
  ['Chinese', '人工智能是计算机科学的一个分支，它企图了解智能的实质，并生产出一种新的智能机器。', 43, 26],
  ['Japanese', '吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。', 39, 32],
  ['Korean', '동해 물과 백두산이 마르고 닳도록 하느님이 보우하사 우리나라 만세.', 37, 26],
  ['Russian', 'Все счастливые семьи похожи друг на друга, каждая несчастливая семья несчастлива по-своему.', 49, 25],
  ['Arabic', 'كان يا ما كان في قديم الزمان ملك عظيم يحكم بلادا واسعة وكان عادلا.', 42, 21],
  ['Hindi', 'सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता प्राप्त है।', 75, 22],
  ['Thai', 'มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ', 65, 32],
  ['emoji', '😀🎉👩‍👩‍👧‍👦🏳️‍🌈🚀', 35, 22],
  ['numbers', '3.14159 2718 42 1000000 2026-11-21T09:18:17Z 127.0.0.1', 35, 35],
  ['capitals', 'THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG', 14, 13],
] as const;

describe('N1 the estimate is too high rather than too low', () => {
  test.each(counted)('%s', (_content, text, cl100k, o200k) => {
    const estimate = estimateTextTokens(text);
    expect(estimate).toBeGreaterThanOrEqual(Math.max(cl100k, o200k));
    expect(estimate).toBeLessThanOrEqual(cl100k * 2.2 + 2);
  });

  test('system, tools, schemas and media are counted', () => {
    const bare = estimatePromptTokens(conversation([]));
    const words = 'one two three four five six seven';
    const more: readonly Partial<Conversation>[] = [
      { messages: [{ role: 'system', authority: 'system', placement: 'top', parts: [{ type: 'text', text: words }] }] },
      { tools: [{ type: 'function', name: 'weather', description: words, parameters: { type: 'object' } }] },
      { tools: [{ type: 'web-search', name: 'web_search' }] },
      { output: { type: 'json-schema', schema: { type: 'object', properties: { a: { type: 'string' } } } } },
      {
        messages: [
          {
            role: 'tool',
            results: [{ callId: 'c', kind: 'function', failed: false, content: [{ type: 'text', text: words }] }],
          },
        ],
      },
    ];
    for (const part of more) expect(estimatePromptTokens({ ...conversation([]), ...part })).toBeGreaterThan(bare + 7);
  });

  test('a part that one dialect alone understands is counted by its JSON', () => {
    const native: Part = { type: 'native', dialect: 'x', value: { text: 'word '.repeat(100) } };
    expect(estimatePromptTokens(conversation([native]))).toBeGreaterThan(100);
  });

  test.each([
    ['image', 10, 1000, 1100],
    ['image', 60_000, 1500, 2500],
    ['image', 5_000_000, 4800, 4900],
    ['document', 120_000, 7000, 12_000],
  ] as const)('%s of %d base64 characters: %d to %d', (kind, length, least, most) => {
    const media: MediaPart = {
      type: 'media',
      kind,
      source: { type: 'base64', mediaType: 'x/y', data: 'A'.repeat(length) },
    };
    const tokens = estimatePromptTokens(conversation([media]));
    expect(tokens).toBeGreaterThanOrEqual(least);
    expect(tokens).toBeLessThanOrEqual(most);
  });
});

describe('reserving by bytes', () => {
  test('three bytes a token', () => {
    expect([0, 1, 3, 4, 3000].map(estimateTokens)).toEqual([0, 1, 1, 2, 1000]);
  });

  test('an image in base64 does not cost what its length says, a long text does', () => {
    const encoder = new TextEncoder();
    const image = encoder.encode(JSON.stringify({ text: 'What is it?', data: 'iVBORw0KGgo'.repeat(100_000) }));
    const prose = encoder.encode(JSON.stringify({ text: 'What is it, then? '.repeat(60_000) }));
    expect(estimateBodyTokens(image)).toBeLessThan(5000);
    expect(estimateBodyTokens(prose)).toBe(estimateTokens(prose.length));
  });
});

function conversation(parts: readonly Part[]): Conversation {
  return { model: 'm', streaming: false, messages: [{ role: 'user', parts }], tools: [], sampling: {} };
}
