import type { Binding } from '../dialects/binding.ts';
import { geminiGenerate } from '../dialects/gemini-generate/index.ts';
import { encodeRequest } from '../dialects/gemini-generate/encode-request.ts';

/** B1: the version is said in the body, and the model in the path. */
const version = { anthropic_version: 'vertex-2023-10-16' };

/** H3, H4: what Vertex knows of Anthropic's beta flags, without their dates; and what cannot be sent without them. */
const betas = {
  names: [
    'claude-code', 'compact', 'computer-use', 'context-1m', 'context-management', 'dangerous-tool-use', 'interleaved-thinking',
    'mid-conversation-tool-changes', 'per-turn-control', 'thinking-binding-controls', 'thinking-display-updates',
    'thinking-token-count', 'tool-search-tool', 'web-search',
  ], // prettier-ignore
  governed: {
    'mcp-client': ['mcp_servers'],
    'message-threads': ['thread'],
    'fast-mode': ['speed'],
    skills: ['container'],
  } as Readonly<Record<string, readonly string[]>>,
  /** The same thing under another name. */
  renamed: { 'advanced-tool-use-2025-11-20': 'tool-search-tool-2025-10-19' },
};

const betaHeader = {
  allows: (flag: string) => betas.names.includes(undated(flag)),
  governs: (flag: string) => betas.governed[undated(flag)] ?? [],
  renamed: betas.renamed,
};

function undated(flag: string): string {
  return flag.replace(/-\d{4}-?\d{2}-?\d{2}$/, '');
}

/**
 * Claude on Vertex AI. Sources: @anthropic-ai/vertex-sdk 1.1.3; envoyproxy/ai-gateway#1370; the flags as of
 * BerriAI/litellm's table of November 2026, and `claude-code`, which the client itself sends to Vertex.
 */
export const claudeOnVertex: Binding = {
  envelopes: {
    generate: {
      set: version,
      omit: ['model'],
      omitHeaders: ['anthropic-version'],
      headerMembers: { 'anthropic-beta': betaHeader },
    },
    'count-tokens': {
      set: version,
      omitHeaders: ['anthropic-version'],
      headerMembers: { 'anthropic-beta': betaHeader },
    },
  },
};

/** Vertex counts the prompt as it stands; the Developer API wants it wrapped (countTokensParametersToVertex of @google/genai). */
export const geminiOnVertex: Binding = {
  counting: {
    encodeRequest(conversation, context) {
      const { body, headers } = encodeRequest(conversation, context);
      const { toolConfig: _, serviceTier: __, ...prompt } = body;
      return { body: prompt, ...(headers && { headers }) };
    },
    decodeReply: (body) => geminiGenerate.counting?.decodeReply(body) ?? 0,
  },
};
