import type { ModelFactsRow } from './model-facts.ts';

const thinkingDocs = 'https://docs.cloud.google.com/gemini-enterprise-agent-platform/models/thinking';
const modelDocs = 'https://ai.google.dev/gemini-api/docs/models';

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
    source: `${modelDocs}; https://ai.google.dev/gemini-api/docs/thought-signatures; penalties: google-gemini/cookbook#1290; LOW and HIGH are taken by every model with levels`,
  },
  {
    match: 'gemini-1*',
    facts: { ...before25(), penalties: true, contextWindow: 1_048_576 },
    source: `${modelDocs} (retired); BerriAI/litellm#7776`,
  },
  {
    match: 'gemini-2.0-*',
    facts: { ...before25(), penalties: true },
    source: `${modelDocs}/gemini-2.0-flash (8,192 output tokens); vercel/ai#8943: penalties on 2.0 only`,
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
    source: `${thinkingDocs} (2.5 Flash: 1 to 24,576, 0 turns it off); no ids: vercel/ai#17902, #15317; https://ai.google.dev/gemini-api/docs/structured-output (JSON Schema since 2.5)`,
  },
  {
    match: 'gemini-2.5-pro*',
    facts: { minThinkingBudget: 128, maxThinkingBudget: 32_768, alwaysThinks: true },
    source: `${thinkingDocs} (2.5 Pro: 128 to 32,768, cannot be turned off)`,
  },
  {
    match: 'gemini-2.5-flash-lite*',
    facts: { minThinkingBudget: 512 },
    source: `${thinkingDocs} (2.5 Flash-Lite: 512 to 24,576, 0 turns it off)`,
  },
  { match: 'gemini-2.5-*-image*', facts: imageModel('none'), source: `${modelDocs}/gemini-2.5-flash-image` },
  { match: 'gemini-3-pro*', facts: { efforts: ['low', 'high'] }, source: `${thinkingDocs} (Gemini 3 Pro: LOW, HIGH)` },
  {
    match: 'gemini-3-flash*',
    facts: { efforts: ['minimal', 'low', 'medium', 'high'] },
    source: `${thinkingDocs} (Gemini 3 Flash: MINIMAL, LOW, MEDIUM, HIGH)`,
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
    source: `${thinkingDocs} (3.5 Flash and 3.5 Flash-Lite: MINIMAL, LOW, MEDIUM, HIGH)`,
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
    source: `${modelDocs}/gemini-3-pro-image (32,768 output tokens)`,
  },
  {
    match: 'gemini-*-tts*',
    facts: speechModel(),
    source: 'https://ai.google.dev/gemini-api/docs/speech-generation (text in, audio out; 8k in, 16k out)',
  },
  {
    match: 'gemma-*',
    facts: {
      sampling: true,
      maxTemperature: 2,
      stopSequences: true,
      penalties: false,
      thinkingControl: 'none',
      maxOutputTokens: 8192,
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
    source: 'https://ai.google.dev/gemma/docs/core (128k context; thinking of Gemma 4 is not switched by the API)',
  },
  {
    match: 'gemma-4-*',
    facts: { contextWindow: 262_144, maxOutputTokens: 32_768 },
    source:
      'https://ai.google.dev/gemma/docs/core (Gemma 4 26B A4B and 31B: 256k context); names: Model_2 of @google/genai 3.1.0',
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
