import type { Conversation } from '../../conversation/conversation.ts';
import type { Message } from '../../conversation/message.ts';
import type { EncodeRequestContext } from '../dialect.ts';
import { isStrictSchema } from './encode-tools.ts';
import type { ChatRequest } from './wire.ts';

interface EncodedOutput {
  readonly members: Pick<ChatRequest, 'response_format'>;
  /** What must be said in words, because no member can. */
  readonly instruction?: string;
}

/** O1, O4: native where the model has it, else JSON mode with the schema in the instructions. */
export function encodeOutput(conversation: Conversation, { facts, report }: EncodeRequestContext): EncodedOutput {
  const { output } = conversation;
  if (!output) return { members: {} };
  if (output.type === 'text') return { members: { response_format: { type: 'text' } } };
  const json = facts.jsonObjectOutput === false ? anyObject : jsonMode;
  if (output.type === 'json') {
    // OpenAI and others refuse JSON mode unless the word stands somewhere in the conversation.
    return mentionsJson(conversation.messages)
      ? { members: json }
      : { members: json, instruction: 'Answer with a JSON object.' };
  }
  if (facts.jsonSchemaOutput !== true && facts.structuredOutput !== true) {
    report({
      type: 'approximated',
      field: 'output',
      detail:
        'The target is not known to enforce a JSON Schema; it is asked for JSON, with the schema in the instructions.',
    });
    const schema = JSON.stringify(output.schema);
    return { members: json, instruction: `Answer with a JSON object that is valid under this JSON Schema:\n${schema}` };
  }
  const strict = output.strict === true && !isStrictSchema(output.schema) ? undefined : output.strict;
  if (strict !== output.strict)
    report({
      type: 'approximated',
      field: 'output.strict',
      detail: 'The schema leaves properties optional or open, which strict mode refuses; it is sent without strict.',
    });
  return {
    members: {
      response_format: {
        type: 'json_schema',
        json_schema: {
          name: schemaName(output.name),
          ...(output.description !== undefined && { description: output.description }),
          schema: output.schema,
          ...(strict !== undefined && { strict }),
        },
      },
    },
  };
}

const jsonMode = { response_format: { type: 'json_object' } } as const;
const anyObject = {
  response_format: { type: 'json_schema', json_schema: { name: 'response', schema: { type: 'object' } } },
} as const;

/** O1: only the OpenAI dialects name their schemas. */
function schemaName(name = 'response'): string {
  return name.replace(/[^a-zA-Z0-9_-]/g, '_').slice(0, 64) || 'response';
}

function mentionsJson(messages: readonly Message[]): boolean {
  return messages.some(
    (message) =>
      message.role !== 'tool' && message.parts.some((part) => part.type === 'text' && /json/i.test(part.text)),
  );
}
