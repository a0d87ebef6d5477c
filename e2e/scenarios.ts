/** What is asked, which fixtures answer, and what any client must see of it. The fixtures say the same in four languages. */
import type { Ask, Outcome, Usage } from './clients/client.ts';
import type { DialectName } from './dialects.ts';

export interface Scenario {
  readonly name: string;
  readonly ask: Ask;
  /** What the upstream must find in the first request, whatever its dialect. */
  readonly carried: readonly string[];
  readonly turns: readonly Turn[];
}

export interface Turn {
  readonly fixture: string;
  readonly expected: Expected;
  /** What the client does after this turn. */
  readonly then?: { readonly answer: Readonly<Record<string, string>> } | { readonly say: string };
}

export interface Expected {
  readonly text?: string;
  /** Words that must be told, whether as text or as a refusal. */
  readonly says?: string;
  readonly reasoning?: string;
  readonly calls?: readonly { readonly name: string; readonly args: unknown }[];
  readonly finish: Meaning;
  readonly usage: Required<Usage>;
}

export type Meaning = 'stop' | 'stop-sequence' | 'tools' | 'length' | 'refusal' | 'filter';

/** One row per dialect: the word a client of it must read (translation.md, table a1). */
export const finishWords: Readonly<Record<DialectName, Readonly<Record<Meaning, string>>>> = {
  'openai-chat': {
    stop: 'stop',
    'stop-sequence': 'stop',
    tools: 'tool_calls',
    length: 'length',
    refusal: 'stop',
    filter: 'content_filter',
  },
  'openai-responses': {
    stop: 'completed',
    'stop-sequence': 'completed',
    tools: 'completed',
    length: 'max_output_tokens',
    refusal: 'completed',
    filter: 'content_filter',
  },
  'anthropic-messages': {
    stop: 'end_turn',
    'stop-sequence': 'stop_sequence',
    tools: 'tool_use',
    length: 'max_tokens',
    refusal: 'refusal',
    filter: 'refusal',
  },
  'gemini-generate': {
    stop: 'STOP',
    'stop-sequence': 'STOP',
    tools: 'STOP',
    length: 'MAX_TOKENS',
    refusal: 'SAFETY',
    filter: 'SAFETY',
  },
};

const usage = (input: number, output: number, reasoning = 0, cached = 0): Required<Usage> => ({
  input,
  output,
  reasoning,
  cached,
});

/** One red pixel. */
export const redPixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg==';

export const tools = [
  {
    name: 'get_weather',
    description: 'Weather of the next days.',
    parameters: {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      properties: {
        city: { type: 'string', minLength: 1 },
        days: { type: ['integer', 'null'], exclusiveMinimum: 0, default: 1 },
        station: { type: 'integer', maximum: 9007199254740991 },
        // A property may be called like a keyword of JSON Schema (J3).
        format: { const: 'metric' },
      },
      required: ['city'],
      additionalProperties: false,
    },
  },
  { name: 'list_files', description: 'Files in the current folder.' },
] as const;

export const toolResults = { get_weather: '{"celsius":7}', list_files: 'a.txt\nb.txt' };

export const answerSchema = {
  type: 'object',
  properties: { city: { type: 'string' }, celsius: { type: 'number' }, windy: { type: 'boolean' } },
  required: ['city', 'celsius', 'windy'],
  additionalProperties: false,
};

export const text: Scenario = {
  name: 'text',
  ask: { system: 'You are terse. Antworte knapp.', user: 'Greet me from Köln – in two lines 🙂.' },
  carried: ['You are terse. Antworte knapp.', 'Greet me from Köln – in two lines 🙂.'],
  turns: [
    {
      fixture: 'text',
      expected: {
        text: 'Grüße aus Köln – 你好 🙂. "Quoted"\nand a second line with a \\ in it.',
        finish: 'stop',
        usage: usage(120, 31, 0, 64),
      },
    },
  ],
};

export const parallelTools: Scenario = {
  name: 'parallel tools, one without arguments',
  ask: { system: 'Use tools.', user: 'Weather and files, please.', tools },
  carried: ['Use tools.', 'Weather of the next days.', 'get_weather', 'list_files', '"city"', '"days"', '"format"'],
  turns: [
    {
      fixture: 'tools-1',
      expected: {
        text: 'Let me look.',
        calls: [
          { name: 'get_weather', args: JSON.parse('{"city":"Köln","days":3,"station":9007199254740993}') },
          { name: 'list_files', args: {} },
        ],
        finish: 'tools',
        usage: usage(210, 48),
      },
      then: { answer: toolResults },
    },
    {
      fixture: 'tools-2',
      expected: {
        text: 'It is 7 degrees in Köln, and there are two files.',
        finish: 'stop',
        usage: usage(290, 15, 0, 128),
      },
    },
  ],
};

export const reasoning: Scenario = {
  name: 'reasoning replayed for three turns',
  ask: { user: 'What should I wear, and what should I pack?', tools, reasoning: true },
  carried: ['What should I wear'],
  turns: [
    {
      fixture: 'reasoning-1',
      expected: {
        reasoning: 'I need the weather first.',
        calls: [{ name: 'get_weather', args: { city: 'Köln' } }],
        finish: 'tools',
        usage: usage(150, 70, 40),
      },
      then: { answer: toolResults },
    },
    {
      fixture: 'reasoning-2',
      expected: {
        reasoning: 'Now the files.\n\nThey may matter.',
        calls: [{ name: 'list_files', args: {} }],
        finish: 'tools',
        usage: usage(240, 64, 32),
      },
      then: { answer: toolResults },
    },
    {
      fixture: 'reasoning-3',
      expected: { reasoning: 'That is enough.', text: 'Take a coat.', finish: 'stop', usage: usage(310, 40, 24) },
      then: { say: 'Thank you.' },
    },
    { fixture: 'reasoning-4', expected: { text: 'You are welcome.', finish: 'stop', usage: usage(360, 8) } },
  ],
};

export const imageIn: Scenario = {
  name: 'image in',
  ask: { user: 'What is this?', image: redPixel },
  carried: [redPixel, 'image/png'],
  turns: [{ fixture: 'image', expected: { text: 'A single red pixel.', finish: 'stop', usage: usage(310, 6) } }],
};

export const structured: Scenario = {
  name: 'structured output',
  ask: { user: 'The weather in Köln as JSON.', schema: answerSchema },
  carried: ['"celsius"', '"windy"'],
  turns: [
    {
      fixture: 'structured',
      expected: { text: '{"city":"Köln","celsius":7,"windy":false}', finish: 'stop', usage: usage(88, 17) },
    },
  ],
};

export const refusal: Scenario = {
  name: 'refusal',
  ask: { user: 'Help me with something bad.' },
  carried: ['Help me'],
  turns: [
    { fixture: 'refusal', expected: { says: 'I cannot help with that.', finish: 'refusal', usage: usage(44, 9) } },
  ],
};

export const lengthCut: Scenario = {
  name: 'length cut',
  ask: { user: 'Tell me a story.' },
  carried: ['Tell me', '4000'],
  turns: [
    { fixture: 'length', expected: { text: 'Once upon a time there was a', finish: 'length', usage: usage(30, 16) } },
  ],
};

export const stopSequence: Scenario = {
  name: 'stop sequence',
  ask: { user: 'Count.', stop: ['three'] },
  carried: ['Count.'],
  turns: [{ fixture: 'stop-sequence', expected: { text: 'One, two, ', finish: 'stop-sequence', usage: usage(33, 5) } }],
};

export const scenarios = [
  text,
  parallelTools,
  reasoning,
  imageIn,
  structured,
  refusal,
  lengthCut,
  stopSequence,
] as const;

/**
 * Where a pair may differ from the plain expectation, and why. Everything a test lets pass is written down here.
 * `client` and `upstream` absent: any.
 */
export interface Difference {
  readonly scenario: Scenario;
  readonly client?: readonly DialectName[];
  readonly upstream?: readonly DialectName[];
  readonly why: string;
  readonly expected: Partial<Expected>;
}

export const differences: readonly Difference[] = [
  {
    scenario: refusal,
    upstream: ['gemini-generate'],
    why: 'Gemini blocks without a word and without output tokens.',
    expected: { says: '', finish: 'filter', usage: usage(44, 0) },
  },
  {
    scenario: refusal,
    upstream: ['anthropic-messages'],
    why: 'Anthropic tells of it in stop_reason alone; OpenAI has only the content filter for that.',
    expected: { finish: 'filter' },
  },
  {
    scenario: stopSequence,
    client: ['anthropic-messages'],
    upstream: ['openai-chat', 'openai-responses', 'gemini-generate'],
    why: 'Only Anthropic tells a stop sequence from a natural end (F7).',
    expected: { finish: 'stop' },
  },
];

export function expectedOf(scenario: Scenario, turn: Turn, client: DialectName, upstream: DialectName): Expected {
  const expected = { ...turn.expected };
  for (const difference of differences) {
    if (difference.scenario !== scenario) continue;
    if (difference.client && !difference.client.includes(client)) continue;
    if (difference.upstream && !difference.upstream.includes(upstream)) continue;
    Object.assign(expected, difference.expected);
  }
  return expected;
}

/** An outcome reduced to what is compared, in the words of the client's dialect. */
export function comparable(outcome: Outcome, expected: Expected): unknown {
  const { usage, calls, error, finish, text, reasoning, refusal } = outcome;
  return {
    ...(error && { error }),
    finish,
    ...(expected.text !== undefined && { text }),
    ...(expected.reasoning !== undefined && { reasoning }),
    ...(expected.says !== undefined && {
      says: `${text} ${refusal}`.includes(expected.says) ? expected.says : { text, refusal },
    }),
    calls: calls.map(({ name, args }) => ({ name, args })),
    // Members a dialect has no place for are absent, and then not compared.
    usage: { ...expected.usage, ...usage },
  };
}

export function wanted(expected: Expected, client: DialectName): unknown {
  return {
    finish: finishWords[client][expected.finish],
    ...(expected.text !== undefined && { text: expected.text }),
    ...(expected.reasoning !== undefined && { reasoning: expected.reasoning }),
    ...(expected.says !== undefined && { says: expected.says }),
    calls: expected.calls ?? [],
    usage: expected.usage,
  };
}

/** The proofs of reasoning in a whole reply of any dialect. */
export function sealsIn(reply: string): readonly string[] {
  return [...reply.matchAll(/"(?:signature|thoughtSignature|encrypted_content)": "([^"]+)"/g)].map(
    ([, seal]) => seal ?? '',
  );
}

/**
 * Of the reasoning scenario's proofs those that come home. A stream of Messages ends with its text, so a proof that Gemini tells
 * behind its last text has no place in it (Z5).
 */
export function sealsDue(
  seals: readonly string[],
  client: DialectName,
  to: DialectName,
  stream: boolean,
): readonly string[] {
  const nothingBehindText = client === 'anthropic-messages' && to === 'gemini-generate' && stream;
  return nothingBehindText ? seals.slice(0, 2) : seals;
}
