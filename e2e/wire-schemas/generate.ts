/**
 * Compiles the vendors' own request types (types.ts) to JSON Schema, one file a dialect. Run it after an SDK was updated:
 * `pnpm schemas`. The test of the schemas fails while a file was made from another version than the installed one.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createGenerator } from 'ts-json-schema-generator';

export const wireSchemas = {
  'openai-chat': { type: 'OpenaiChatRequest', sdk: 'openai' },
  'openai-responses': { type: 'OpenaiResponsesRequest', sdk: 'openai' },
  'anthropic-messages': { type: 'AnthropicMessagesRequest', sdk: '@anthropic-ai/sdk' },
  'anthropic-messages-beta': { type: 'AnthropicBetaMessagesRequest', sdk: '@anthropic-ai/sdk' },
  'gemini-generate': { type: 'GeminiGenerateRequest', sdk: '@google/genai' },
  'openai-chat-reply': { type: 'OpenaiChatReply', sdk: 'openai' },
  'openai-chat-event': { type: 'OpenaiChatEvent', sdk: 'openai' },
  'openai-responses-reply': { type: 'OpenaiResponsesReply', sdk: 'openai' },
  'openai-responses-event': { type: 'OpenaiResponsesEvent', sdk: 'openai' },
  'anthropic-messages-reply': { type: 'AnthropicMessagesReply', sdk: '@anthropic-ai/sdk' },
  'anthropic-messages-event': { type: 'AnthropicMessagesEvent', sdk: '@anthropic-ai/sdk' },
  'gemini-generate-reply': { type: 'GeminiGenerateReply', sdk: '@google/genai' },
  'bedrock-converse': { type: 'BedrockConverseRequest', sdk: '@aws-sdk/client-bedrock-runtime' },
  'bedrock-converse-reply': { type: 'BedrockConverseReply', sdk: '@aws-sdk/client-bedrock-runtime' },
  'bedrock-count-tokens': { type: 'BedrockCountTokensRequest', sdk: '@aws-sdk/client-bedrock-runtime' },
} as const;

export type WireSchemaName = keyof typeof wireSchemas;

export function installedVersion(sdk: string): string {
  const manifest = new URL(`../node_modules/${sdk}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version; // every manifest has one
}

export function schemaFile(name: WireSchemaName): URL {
  return new URL(`${name}.json`, import.meta.url);
}

/** The text of the schema file, as it is to be committed. */
export function generateSchema(name: WireSchemaName): string {
  const { type, sdk } = wireSchemas[name];
  const generator = createGenerator({
    path: new URL('types.ts', import.meta.url).pathname,
    tsconfig: new URL('../tsconfig.json', import.meta.url).pathname,
    type,
    // This generator brings a TypeScript of its own, which need not agree with the workspace's newer one.
    skipTypeCheck: true,
    additionalProperties: false,
    jsDoc: 'none',
    topRef: true,
  });
  const schema = generator.createSchema(type);
  withoutComputed(schema.definitions);
  asWritten(schema.definitions);
  const $comment = `Made from ${sdk} ${installedVersion(sdk)}, type ${type}, by generate.ts. Do not edit.`;
  return `${JSON.stringify({ $comment, ...schema }, null, 1)}\n`;
}

/** The SDK computes a response's output_text itself; no server sends it. */
function withoutComputed(definitions: object | undefined): void {
  for (const definition of Object.values(definitions ?? {}) as { required?: string[] }[])
    // every definition is an object
    if (definition.required) definition.required = definition.required.filter((name) => name !== 'output_text');
}

const base64 = '^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$';

/** AWS's types speak of bytes, which are base64 on the wire, and of unions' members that a newer SDK may know. */
function asWritten(definitions: object | undefined): void {
  const all = (definitions ?? {}) as Record<string, { properties?: Record<string, object> }>; // every definition is an object
  for (const [name, definition] of Object.entries(all)) {
    if (name.endsWith('.$UnknownMember')) all[name] = { not: {} } as object;
    for (const [member, value] of Object.entries(definition.properties ?? {}))
      if ('properties' in value && 'BYTES_PER_ELEMENT' in (value.properties as object))
        Object.assign(definition.properties ?? {}, { [member]: { type: 'string', pattern: base64 } });
  }
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  for (const name of Object.keys(wireSchemas) as WireSchemaName[])
    writeFileSync(schemaFile(name), generateSchema(name)); // its own keys
}
