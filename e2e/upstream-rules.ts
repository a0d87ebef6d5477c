/** Everything that would make the vendor refuse a request: its types, its documented rules, its headers. */
import { upstreamWords, type DialectName } from './dialects.ts';
import { messagesRuleFaults } from './rules/anthropic-messages.ts';
import { geminiRuleFaults } from './rules/gemini-generate.ts';
import { items, type Members } from './rules/json.ts';
import { chatRuleFaults } from './rules/openai-chat.ts';
import { responsesRuleFaults } from './rules/openai-responses.ts';
import type { Recorded } from './upstream.ts';
import { schemaFaults } from './wire-schemas/validate.ts';

export type Asked = Pick<Recorded, 'body' | 'headers' | 'path' | 'method' | 'model'>;

/**
 * Short sentences; nothing when the vendor would take the request. `relayed`: the client speaks the same dialect, and
 * what it replays of the vendor's own replies goes through as it was.
 */
export function requestFaults(dialect: DialectName, asked: Asked, relayed: boolean): readonly string[] {
  const body = relayed && dialect === 'openai-chat' ? withoutReplyMembers(asked.body) : asked.body;
  return [
    ...(asked.method === 'POST' ? [] : [`method ${asked.method}`]),
    ...(upstreamWords[dialect].path.test(asked.path) ? [] : [`no such path: ${asked.path}`]),
    ...(/^application\/json\b/.test(String(asked.headers['content-type']))
      ? []
      : ['content-type is not application/json']),
    ...faultsOf[dialect](body, asked),
  ];
}

const faultsOf: Readonly<Record<DialectName, (body: Members, asked: Asked) => readonly string[]>> = {
  'openai-chat': (body) => [...schemaFaults('openai-chat', body), ...chatRuleFaults(body)],
  'openai-responses': (body) => [
    ...schemaFaults('openai-responses', withReasoningIds(body)),
    ...responsesRuleFaults(body),
  ],
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
 * The types require an id of reasoning items. The server does not, where encrypted_content says all: Codex leaves ids out
 * whenever they are not OpenAI's own (real-clients.md, "replay").
 */
function withReasoningIds(body: Members): Members {
  if (!Array.isArray(body['input'])) return body;
  const input = items(body['input']).map((item) =>
    item['type'] === 'reasoning' && item['encrypted_content'] ? { id: 'rs_', ...item } : item,
  );
  return { ...body, input };
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
