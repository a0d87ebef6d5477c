import { describe, expect, test } from 'vitest';
import { anthropicMessages, geminiGenerate, openaiChat, openaiResponses } from '../dialects/registry.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { anthropic } from './anthropic.ts';
import { gemini } from './gemini.ts';
import { openai } from './openai.ts';
import type { Provider } from './provider.ts';

function endpoint(provider: Provider, dialect: Dialect, baseUrl: string): string {
  return provider.endpoint({ dialect, operation: 'generate', model: 'm', streaming: false, baseUrl, settings: {} });
}

describe('D19 base URLs, as the predecessors show them', () => {
  test.each([
    // The eight of claude-proxy's and its fork's examples.
    [openai, openaiChat, 'https://api.openai.com/v1', 'https://api.openai.com/v1/chat/completions'],
    [openai, openaiChat, 'https://api.openai.com', 'https://api.openai.com/v1/chat/completions'],
    [openai, openaiChat, 'https://your-api.com', 'https://your-api.com/v1/chat/completions'],
    [openai, openaiChat, 'https://your-api.com/v1', 'https://your-api.com/v1/chat/completions'],
    [anthropic, anthropicMessages, 'https://api.anthropic.com/v1', 'https://api.anthropic.com/v1/messages'],
    [anthropic, anthropicMessages, 'https://api.anthropic.com', 'https://api.anthropic.com/v1/messages'],
    [gemini, geminiGenerate, 'https://generativelanguage.googleapis.com/v1beta', 'https://generativelanguage.googleapis.com/v1beta/models/m:generateContent'],
    [gemini, geminiGenerate, 'https://generativelanguage.googleapis.com', 'https://generativelanguage.googleapis.com/v1beta/models/m:generateContent'],
    // Other versions, and places with none.
    [gemini, geminiGenerate, 'https://generativelanguage.googleapis.com/v1', 'https://generativelanguage.googleapis.com/v1/models/m:generateContent'],
    [openai, openaiChat, 'https://open.bigmodel.cn/api/paas/v4', 'https://open.bigmodel.cn/api/paas/v4/chat/completions'],
    [openai, openaiChat, 'https://generativelanguage.googleapis.com/v1beta/openai/', 'https://generativelanguage.googleapis.com/v1beta/openai/chat/completions'],
    [openai, openaiChat, 'https://h/no-version#', 'https://h/no-version/chat/completions'],
    [anthropic, anthropicMessages, 'https://h/no-version/#', 'https://h/no-version/messages'],
    // What people paste.
    [openai, openaiChat, 'https://h/v1///', 'https://h/v1/chat/completions'],
    [openai, openaiChat, 'https://h/v1/chat/completions', 'https://h/v1/chat/completions'],
    [openai, openaiResponses, 'https://h/v1/chat/completions/', 'https://h/v1/responses'],
    [anthropic, anthropicMessages, 'https://h/v1/messages', 'https://h/v1/messages'],
    [openai, openaiChat, 'https://h/v1?tenant=a', 'https://h/v1/chat/completions?tenant=a'],
  ] as const)('%o', (provider, dialect, baseUrl, url) => {
    expect(endpoint(provider, dialect, baseUrl)).toBe(url);
  }); // prettier-ignore
});

describe('D38 long paths, as One-Balance has them', () => {
  test.each([
    [gemini, geminiGenerate, 'https://host/api/google-ai-studio/v1beta', 'https://host/api/google-ai-studio/v1beta/models/m:generateContent'],
    [gemini, geminiGenerate, 'https://host/api/google-ai-studio', 'https://host/api/google-ai-studio/v1beta/models/m:generateContent'],
    [openai, openaiChat, 'https://host/api/compat/v1/', 'https://host/api/compat/v1/chat/completions'],
    [anthropic, anthropicMessages, 'https://host/v1/account/gateway/anthropic', 'https://host/v1/account/gateway/anthropic/v1/messages'],
    [openai, openaiChat, 'https://host/v1/account/gateway/openai#', 'https://host/v1/account/gateway/openai/chat/completions'],
  ] as const)('%o', (provider, dialect, baseUrl, url) => {
    expect(endpoint(provider, dialect, baseUrl)).toBe(url);
  }); // prettier-ignore
});

test('a caller’s query goes behind the base’s own, its key left out', () => {
  const query = new URLSearchParams('beta=true&key=secret');
  const call = { operation: 'generate', model: 'm', streaming: false, settings: {}, query } as const;
  const at = (baseUrl: string) => anthropic.endpoint({ ...call, dialect: anthropicMessages, baseUrl });
  expect(at('https://h')).toBe('https://h/v1/messages?beta=true');
  expect(at('https://h?a=b')).toBe('https://h/v1/messages?a=b&beta=true');
});
