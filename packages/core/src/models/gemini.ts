import type { ModelFactsRow } from './model-facts.ts';

const thinkingDocs = 'https://docs.cloud.google.com/gemini-enterprise-agent-platform/models/thinking';

/** [K]: general knowledge that nobody has looked up for this row yet. */
const unread = '[K] not looked up';

/** From the general to the particular: the newest generation first, then what older and special models lack. */
export const geminiModels: readonly ModelFactsRow[] = [
  {
    match: 'gemini-*',
    facts: {
      sampling: true,
      maxTemperature: 2,
      stopSequences: true,
      penalties: false,
      forcedToolChoice: true,
      thinkingControl: 'level',
      efforts: ['low', 'high'],
      alwaysThinks: true,
      maxOutputTokens: 65_536,
      contextWindow: 1_048_576,
      structuredOutput: true,
      strictTools: true,
      images: true,
      documents: true,
      cacheBreakpoints: false,
      callIds: true,
      jsonSchema: true,
      mediaInToolResults: true,
      thoughtSignatures: true,
    },
    source: `limits: the table of docs.cloud.google.com/gemini-enterprise-agent-platform/models/guides/gemini-3-8-flash; signatures, ids, levels and JSON Schema: catalogue Z4, T6, Z12, J1, G2; penalties: google-gemini/cookbook#1290; the rest ${unread}`,
  },
  {
    match: 'gemini-1*',
    facts: { ...before25(), penalties: true, contextWindow: 1_048_576 },
    source: `${unread} (retired); penalties: BerriAI/litellm#7776`,
  },
  {
    match: 'gemini-2.0-*',
    facts: { ...before25(), penalties: true },
    source:
      'https://ai.google.dev/gemini-api/docs/models/gemini-2.0-flash (1,048,576 in, 8,192 out); vercel/ai#8943: penalties on 2.0 only',
  },
  {
    match: 'gemini-2.5-*',
    facts: {
      thinkingControl: 'budget',
      efforts: ['none', 'minimal', 'low', 'medium', 'high'],
      minThinkingBudget: 0,
      maxThinkingBudget: 24_576,
      alwaysThinks: false,
      callIds: false,
      mediaInToolResults: false,
      thoughtSignatures: false,
      strictTools: false,
    },
    source: `${unread} (1 to 24,576, 0 turns it off; JSON Schema since 2.5); no ids: vercel/ai#17902, #15317; 64k output: the model pages at docs.cloud.google.com`,
  },
  {
    match: 'gemini-2.5-pro*',
    facts: { minThinkingBudget: 128, maxThinkingBudget: 32_768, alwaysThinks: true },
    source: `${unread} (128 to 32,768, cannot be turned off)`,
  },
  {
    match: 'gemini-2.5-flash-lite*',
    facts: { minThinkingBudget: 512 },
    source: `${unread} (512 to 24,576, 0 turns it off)`,
  },
  { match: 'gemini-2.5-*-image*', facts: imageModel('none'), source: unread },
  {
    match: 'gemini-3-pro*',
    facts: { efforts: ['low', 'high'] },
    source: 'https://hexdocs.pm/gemini_ex/Gemini.Types.Enums.ThinkingLevel.html (Gemini 3 Pro: low, high)',
  },
  {
    match: 'gemini-3-flash*',
    facts: { efforts: ['minimal', 'low', 'medium', 'high'] },
    source:
      'https://docs.cloud.google.com/vertex-ai/generative-ai/docs/models/gemini/3-flash (minimal, low, medium, high; media in function responses; 65,536 out)',
  },
  {
    match: 'gemini-3.1-pro*',
    facts: { efforts: ['low', 'medium', 'high'] },
    source:
      'https://docs.cloud.google.com/gemini-enterprise-agent-platform/models/guides/gemini-3-8-flash (table: 3.1 Pro has LOW, MEDIUM, HIGH)',
  },
  {
    match: 'gemini-3.1-flash-lite*',
    facts: { efforts: ['minimal', 'low', 'medium', 'high'] },
    source: 'https://vercel.com/ai-gateway/models/gemini-3.1-flash-lite/faq (four levels)',
  },
  {
    match: 'gemini-3.5-flash*',
    facts: { efforts: ['minimal', 'low', 'medium', 'high'] },
    source: `${thinkingDocs} (3.5 Flash-Lite: MINIMAL, LOW, MEDIUM, HIGH); 3.5 Flash: ${unread}`,
  },
  {
    match: 'gemini-3.6-flash*',
    facts: { efforts: ['minimal', 'low', 'medium', 'high'] },
    source: `${thinkingDocs} (3.6 Flash: MINIMAL, LOW, MEDIUM, HIGH)`,
  },
  {
    match: 'gemini-3.7-flash*',
    facts: { efforts: ['low', 'medium', 'high'] },
    source: `${thinkingDocs} (3.7 Flash: LOW, MEDIUM, HIGH)`,
  },
  {
    match: 'gemini-3.8-flash*',
    facts: { efforts: ['low', 'medium', 'high'] },
    source:
      'https://docs.cloud.google.com/gemini-enterprise-agent-platform/models/guides/gemini-3-8-flash; simonw/llm-gemini 0.34',
  },
  {
    match: 'gemini-3*-image*',
    facts: imageModel('level'),
    source: unread,
  },
  {
    match: 'gemini-*-tts*',
    facts: speechModel(),
    source: unread,
  },
  {
    match: 'gemma-*',
    facts: {
      sampling: true,
      maxTemperature: 2,
      stopSequences: true,
      penalties: false,
      thinkingControl: 'none',

      contextWindow: 131_072,
      images: true,
      documents: false,
      cacheBreakpoints: false,
      callIds: false,
      jsonSchema: false,
      mediaInToolResults: false,
      thoughtSignatures: false,
      webSearch: false,
    },
    source: unread,
  },
  {
    match: 'gemma-4-*',
    facts: { contextWindow: 262_144 },
    source:
      'https://vercel.com/ai-gateway/models/gemma-4-26b-a4b-it (262.1K context); names: Model_2 of @google/genai 3.1.0',
  },
];

function before25(): ModelFactsRow['facts'] {
  return {
    thinkingControl: 'none',
    alwaysThinks: false,
    maxOutputTokens: 8192,
    callIds: false,
    jsonSchema: false,
    mediaInToolResults: false,
    thoughtSignatures: false,
    strictTools: false,
  };
}

function imageModel(thinkingControl: 'none' | 'level'): ModelFactsRow['facts'] {
  return {
    thinkingControl,
    maxOutputTokens: 32_768,
    contextWindow: 65_536,
    ...(thinkingControl === 'level' && { efforts: ['high'] }),
  };
}

function speechModel(): ModelFactsRow['facts'] {
  return { thinkingControl: 'none', maxOutputTokens: 16_384, contextWindow: 8192, thoughtSignatures: false };
}
