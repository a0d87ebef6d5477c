/** Everything that would make the vendor refuse a request: its types, its documented rules, its headers. */
import type { DialectName } from './dialects.ts';
import { messagesRuleFaults } from './rules/anthropic-messages.ts';
import { geminiRuleFaults } from './rules/gemini-generate.ts';
import { items, members, type Members } from './rules/json.ts';
import { chatRuleFaults } from './rules/openai-chat.ts';
import { responsesRuleFaults } from './rules/openai-responses.ts';
import type { Recorded, Upstream } from './upstream.ts';
import { schemaFaults } from './wire-schemas/validate.ts';

export type Asked = Pick<Recorded, 'body' | 'headers' | 'path' | 'method' | 'model'>;

/**
 * Short sentences; nothing when the vendor would take the request. `relayed`: the client speaks the same dialect, and
 * what it replays of the vendor's own replies goes through as it was.
 */
export function requestFaults(
  { dialect, words, place }: Pick<Upstream, 'dialect' | 'words' | 'place'>,
  wrapped: Asked,
  relayed: boolean,
): readonly string[] {
  const asked = place?.unwrapped(wrapped) ?? wrapped;
  const body = relayed && dialect === 'openai-chat' ? withoutReplyMembers(asked.body) : asked.body;
  return [
    ...(asked.method === 'POST' ? [] : [`method ${asked.method}`]),
    ...(words.path.test(wrapped.path) ? [] : [`no such path: ${wrapped.path}`]),
    ...(place?.faults(wrapped) ?? []),
    ...(/^application\/json\b/.test(String(asked.headers['content-type']))
      ? []
      : ['content-type is not application/json']),
    ...faultsOf[dialect](body, asked),
  ];
}

const faultsOf: Readonly<Record<DialectName, (body: Members, asked: Asked) => readonly string[]>> = {
  'openai-chat': (body) => [...schemaFaults('openai-chat', body), ...chatRuleFaults(body)],
  'openai-responses': (body) => [...schemaFaults('openai-responses', asTyped(body)), ...responsesRuleFaults(body)],
  'anthropic-messages': (body, asked) => [...messagesSchemaFaults(body, asked), ...messagesRuleFaults(body)],
  'gemini-generate': (body, asked) => [
    ...schemaFaults('gemini-generate', body),
    ...geminiRuleFaults(body, String(asked.model)),
  ],
};

/**
 * OpenAI's guides push the reply's message back as it was, and its server takes that, though its types lack what only
 * replies have; so do vendors with reasoning_content.
 */
function withoutReplyMembers(body: Members): Members {
  const messages = items(body['messages']).map((message) => {
    const { annotations: _, reasoning_content: __, reasoning_details: ___, ...rest } = message;
    return message['role'] === 'assistant' ? rest : message;
  });
  return { ...body, messages };
}

/**
 * What OpenAI's server takes although its types are narrower; each with where that was seen. It is put into the typed
 * form before the schema judges the rest.
 */
function asTyped(body: Members): Members {
  const choice = members(body['tool_choice'])['type'];
  return {
    ...body,
    ...(Array.isArray(body['input']) && { input: items(body['input']).map(itemAsTyped) }),
    // C6, maximhq/bifrost#3596: the choice of web_search itself, of which the types know the preview alone.
    ...(choice === 'web_search' && { tool_choice: { type: 'web_search_preview' } }),
  };
}

function itemAsTyped(item: Members): Members {
  // Codex leaves ids out of what it replays unless they are OpenAI's own (real-clients.md, "replay").
  if (item['type'] === 'reasoning' && item['encrypted_content']) return { id: 'rs_', ...item };
  if (item['type'] !== 'message' || !Array.isArray(item['content'])) return item;
  if (item['role'] === 'assistant') return { id: 'msg_', status: 'completed', ...item };
  // ResponseInputAudio is a type of the SDK's, only not yet in the union of a message's parts.
  const content = items(item['content']).filter((part) => part['type'] !== 'input_audio');
  return { ...item, content };
}

/** Body members that are legal only beside their flag (H4). Flags as the SDK's AnthropicBeta lists them. */
const betaMembers: Readonly<Record<string, string>> = {
  context_management: 'context-management-',
  mcp_servers: 'mcp-client-',
  thread: 'message-threads-',
};

function messagesSchemaFaults(body: Members, asked: Asked): readonly string[] {
  const version = asked.headers['anthropic-version'];
  if (version !== '2023-06-01' && version !== '2026-10-21')
    return [`anthropic-version: ${String(version)} is not a version`];
  const flags = String(asked.headers['anthropic-beta'] ?? '');
  const versioned = version === '2023-06-01' ? withoutSampling(body) : body;
  const unflagged = Object.entries(betaMembers)
    .filter(([member, flag]) => member in body && !flags.includes(flag))
    .map(([member, flag]) => `${member} without the beta ${flag}…`);
  const ga = schemaFaults('anthropic-messages', versioned);
  if (ga.length === 0 || flags === '') return [...unflagged, ...ga];
  return [...unflagged, ...schemaFaults('anthropic-messages-beta', versioned)];
}

/** Until 2023-06-01's successor these three were part of the body; today's types have lost them. */
function withoutSampling(body: Members): Members {
  const { temperature, top_p: topP, top_k: topK, ...rest } = body;
  const wrong = [temperature, topP, topK].some((value) => value !== undefined && typeof value !== 'number');
  return wrong ? body : rest;
}

/** Every string a request holds, body and headers and path: where a secret must not be. */
export function holds(asked: Recorded, secret: string): boolean {
  return asked.raw.includes(secret) || asked.path.includes(secret) || JSON.stringify(asked.headers).includes(secret);
}
